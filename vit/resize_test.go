package vit

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// table is a file of one table of positions, with a name.
type table struct {
	name   string
	shape  []int
	values []float32
	err    error
}

func (f table) Names() []string             { return []string{f.name} }
func (f table) Metadata() map[string]string { return nil }

func (f table) Shape(name string) ([]int, bool) {
	if name == f.name {
		return f.shape, true
	}
	return nil, false
}

func (f table) Read(_ string, dst []float32) error {
	copy(dst, f.values)
	return f.err
}

// Positions are interpolated as PyTorch does (bicubic, align_corners=False), to fewer and to more, and the class token's stays.
func TestResizedPositions(t *testing.T) {
	grid := []float32{0, 3, 5, 1, 4, 1, 2, 5, 2, 3, 1, 3, 4, 2, 4, 0, 3, 5} // 3×3 places of two numbers
	for _, name := range []string{"pos_embed", "module.pos_embed"} {
		f := table{name: name, shape: []int{1, 10, 2}, values: append([]float32{8, 9}, grid...)}
		for side, want := range map[int][]float32{
			2: {8, 9, 1.29412842, 3.11164856, 3.61251831, 1.35232544, 3.61251831, 2.16091919, 2.66178894, 3.67071533},
			5: {8, 9, -0.71808, 3, 2.00624, 2.032, 5.288, 0.808, 5.07056, 0.664, 4.192, 0.808, 0.33824, 4.184, 1.89128, 3.24192, 3.692, 1.992,
				3.30032, 1.62768, 2.596, 1.59744, 2, 5.192, 2.072, 4.224, 2, 3, 1.388, 2.856, 0.904, 3, 3.40256, 3.5, 3.30032, 2.31168, 3.008, 1.308,
				2.37008, 3.03672, 1.912, 4.66176, 4.192, 1.904, 4.264, 0.54144, 4.192, -0.288, 3.58, 2.92176, 3.096, 5.71808},
		} {
			r := ResizedPositions(f, Config{ImageSize: 4 * side, PatchSize: 4, Dim: 2})
			shape, ok := r.Shape(name)
			require.True(t, ok)
			require.Equal(t, []int{1, 1 + side*side, 2}, shape)
			values := make([]float32, len(want))
			require.NoError(t, r.Read(name, values))
			require.InDeltaSlice(t, want, values, 1e-5)
		}
		same := ResizedPositions(f, Config{ImageSize: 12, PatchSize: 4, Dim: 2})
		require.Equal(t, f, same, "of the same size")
		f.err = errors.New("cut off")
		require.Equal(t, f.err, ResizedPositions(f, Config{ImageSize: 8, PatchSize: 4, Dim: 2}).Read(name, make([]float32, 10)))
	}
}

// What is no table of positions of a grid, or of another width, is left for the strict load to refuse.
func TestPositionsThatStay(t *testing.T) {
	for _, shape := range [][]int{{1, 9, 2}, {1, 10, 3}, {2, 10, 2}, {10, 2}, {1, 1, 2}, {1, 0, 2}} {
		f := table{name: "pos_embed", shape: shape}
		have, _ := ResizedPositions(f, Config{ImageSize: 8, PatchSize: 4, Dim: 2}).Shape("pos_embed")
		require.Equal(t, shape, have)
	}
	other := table{name: "other", shape: []int{1, 10, 2}, values: slices.Repeat([]float32{1}, 20)}
	require.Equal(t, other, ResizedPositions(other, Config{ImageSize: 8, PatchSize: 4, Dim: 2}))
}
