package vit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// positions is a file of positions alone.
type positions struct {
	shape  []int
	values []float32
}

func (p positions) Names() []string             { return []string{"pos_embed"} }
func (p positions) Metadata() map[string]string { return nil }
func (p positions) Shape(name string) ([]int, bool) {
	if name != "pos_embed" {
		return nil, false
	}
	return p.shape, true
}

func (p positions) Read(_ string, dst []float32) error {
	copy(dst, p.values)
	return nil
}

// Positions of another grid are interpolated as torch.nn.functional.interpolate(mode="bicubic") does; the class token's stay.
func TestFitPositions(t *testing.T) {
	for _, c := range []struct {
		from, to int
		want     []float32 // PyTorch's of (3·i²) mod 11
	}{
		{3, 5, []float32{-0.804864, 1.025376, 2.904, 1.512384, -0.024512, 1.485344, 2.25328, 3.388, 4.12744, 4.488384, 5.096, 4.252, 4, 6.988, 9.48,
			8.166656, 6.1384, 4.072, 5.67328, 7.421376, 9.900864, 7.250656, 4, 3.989344, 4.675136}},
		{5, 3, []float32{4.054527, 2, 3.764403, 1.888889, 3, 3.62963, 3.190329, 3.166667, 2.661523}},
	} {
		file := positions{[]int{1, 1 + c.from*c.from, 4}, []float32{7, 8, 9, 10}}
		for i := range c.from * c.from {
			v := float32(3 * i * i % 11)
			file.values = append(file.values, v, -2*v, 0, 5)
		}
		load := &nn.Load{File: file, Missing: []string{"*"}, Init: nn.Random{Seed: 1}}
		model := Config{ImageSize: 6 * c.to, Frames: 3, PatchSize: 6, Tubelet: 1, Dim: 4, Depth: 1, Heads: 2, MLPRatio: 2}
		FitPositions(load, model)
		scope := nn.NewScope(cpu.New(), engine.Float32, load)
		e := NewFrameEncoder(scope, model, nn.Zeros)
		require.NoError(t, scope.Err())
		report, err := load.Finish()
		require.NoError(t, err)
		require.Equal(t, []string{"pos_embed"}, report.Loaded)
		require.Len(t, report.Lines(), 3)
		require.Contains(t, report.Lines()[2], map[int]string{3: "the positions of 3×3 patches to 5×5", 5: "the positions of 5×5 patches to 3×3"}[c.from])
		want := []float32{7, 8, 9, 10}
		for _, v := range c.want {
			want = append(want, v, -2*v, 0, 5)
		}
		got, err := engine.Read[float32](e.Position.Data())
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got, 3e-5)
	}
}

// What is no table of positions of a square grid, or fits as it is, is left alone: strict loading says what is wrong.
func TestFitPositionsLeavesOthers(t *testing.T) {
	model := Config{ImageSize: 12, PatchSize: 4, Dim: 4}
	for _, shape := range [][]int{{1, 10, 4}, {1, 8, 4}, {1, 5, 6}, {1, 0, 4}, {1, 1, 4}, {5, 4}, nil} {
		load := &nn.Load{File: positions{shape: shape}}
		FitPositions(load, model)
		require.Equal(t, &nn.Load{File: positions{shape: shape}}, load)
	}
}
