package face

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A cell speaks from its upper left corner, in strides.
func TestDecode(t *testing.T) {
	cells := make([]float32, 6*perCell) // two rows of three
	for i := range 6 {
		cells[i*perCell+class] = -20
	}
	cell := cells[5*perCell:]
	copy(cell, []float32{1, 0.5, -0.25, float32(math.Log(3)), float32(math.Log(2)), 2, 0, 0, 1, 0, 0.5, 0.5, 0, 1, -1, 2})
	score := math.Sqrt(1 / (1 + math.Exp(-1)) / (1 + math.Exp(-2)))
	for _, threshold := range []float64{0.1, score - 1e-6} {
		faces := decode([]Face{{Score: 7}}, cells, 3, 16, threshold)
		require.Len(t, faces, 2, "appended")
		f := faces[1]
		require.InDelta(t, score, f.Score, 1e-7)
		for i, want := range []float64{40 - 24, 12 - 16, 48, 32} {
			require.InDelta(t, want, []float64{f.X, f.Y, f.Width, f.Height}[i], 1e-4)
		}
		require.Equal(t, [5]Point{{32, 16}, {48, 16}, {40, 24}, {32, 32}, {16, 48}}, f.Points)
	}
	require.Empty(t, decode(nil, cells, 3, 16, score+1e-6))
	cell[box+2], cell[object] = 200, float32(math.Inf(1))
	require.InDelta(t, 16*math.Exp(logScale), decode(nil, cells, 3, 16, 0.5)[0].Width, 1)
	cell[class] = float32(math.NaN())
	require.Empty(t, decode(nil, cells, 3, 16, 0.5))
}

func TestOverlap(t *testing.T) {
	a := Box{0, 0, 4, 2}
	for other, want := range map[Box]float64{
		a: 1, {2, 0, 4, 2}: 4. / 12, {2, 1, 4, 2}: 2. / 14, {1, 0.5, 1, 1}: 1. / 8, {4, 0, 1, 1}: 0, {5, 5, 1, 1}: 0, {0, -3, 4, 2}: 0,
	} {
		require.InDelta(t, want, a.Overlap(other), 1e-12, "%v", other)
		require.InDelta(t, want, other.Overlap(a), 1e-12, "%v", other)
	}
}

// The best of overlapping faces stays; one that only overlaps with what was dropped stays, too.
func TestSuppress(t *testing.T) {
	at := func(x, score float64) Face { return Face{Box: Box{x, 0, 10, 10}, Score: score} }
	a, b, c, far := at(0, 0.7), at(4, 0.9), at(8, 0.8), at(50, 0.6)
	require.Equal(t, []Face{b, far}, suppress([]Face{a, b, c, far}, 0.4, 9)) // 4 apart: 60 of 140
	require.Equal(t, []Face{b, c, a, far}, suppress([]Face{a, b, c, far}, 0.43, 9))
	b.Score = 0.65 // below both of its neighbours
	require.Equal(t, []Face{c, a, far}, suppress([]Face{a, b, c, far}, 0.4, 9))
	require.Equal(t, []Face{c}, suppress([]Face{a, b, c, far}, 0.4, 1))
	first, second := at(0, 0.5), at(0, 0.5)
	second.Points[0].X = 1
	require.Equal(t, []Face{first}, suppress([]Face{first, second}, 0.4, 9), "the first among equals")
	require.Empty(t, suppress(nil, 0.4, 9))
}
