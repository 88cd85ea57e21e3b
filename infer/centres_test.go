package infer

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Of two samples with two views and with one, each counts once.
func TestTowards(t *testing.T) {
	mean := towards(nil, []float64{1, 2, 3, 6}, 2, 1)
	require.Equal(t, []float64{2, 4}, mean)
	require.Equal(t, []float64{5, 3}, towards(mean, []float64{8, 2}, 1, 2))
}

func TestCosines(t *testing.T) {
	got := Cosines([][]float64{{3, 4}, nil, {0, -2}}, [][]float64{{4, 3}, {-5, 0}})
	require.Len(t, got, 3)
	require.InDelta(t, 24.0/25, got[0][0], 1e-12)
	require.InDelta(t, -3.0/5, got[0][1], 1e-12)
	require.True(t, math.IsNaN(got[1][0]) && math.IsNaN(got[1][1]))
	require.InDelta(t, -3.0/5, got[2][0], 1e-12)
	require.InDelta(t, 0, got[2][1], 1e-12)
}

// A centre is the mean of the features of a class, of its first samples alone where there are more, and none for a class without any.
func TestCentres(t *testing.T) {
	m := openModel(t, published)
	d := images(t, 9) // labels 0 3 6 2 5 1 4 0 3
	all, err := m.Centres(t.Context(), d, 5)
	require.NoError(t, err)
	require.Len(t, all, 7)
	first, err := m.Centres(t.Context(), d, 1)
	require.NoError(t, err)
	require.NotEqual(t, all[0], first[0])
	require.Equal(t, all[6], first[6])
	last, err := m.Centres(t.Context(), &data.Dataset{Modality: data.Image, Items: d.Items[7:8]}, 5)
	require.NoError(t, err)
	require.Nil(t, last[3])
	for i := range all[0] {
		require.InDelta(t, (first[0][i]+last[0][i])/2, all[0][i], 1e-6)
	}
	require.Len(t, all[0], m.Recipe.Model.Dim)

	d.Items = []data.Item{d.Items[0], d.Items[7], d.Items[1], d.Items[0], d.Items[8], d.Items[2]} // labels 0 0 3 0 3 6
	mixed, err := m.Centres(t.Context(), d, 1)
	require.NoError(t, err)
	require.Equal(t, [][]float64{first[0], nil, nil, first[3], nil, nil, first[6]}, mixed, "a class that is full leaves others their samples")
}
