//go:build vulkan

package vulkan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/vulkan"
)

// TestCorrectionsOfAdamW takes a step at counts at which the corrections of the moments lie between almost 0 and 1.
func TestCorrectionsOfAdamW(t *testing.T) {
	counts := []int32{0, 1, 9, 348, 349, 1_000, 16_000, 1_000_000}
	for _, betas := range [][2]float64{{0.9, 0.999}, {0.95, 0.99999}, {0, 0.5}} {
		agree(t, func(in *inputs) []*engine.Tensor {
			a := engine.AdamWArgs{Beta1: betas[0], Beta2: betas[1], Eps: 1e-8,
				Steps:   engine.FromSlice(in.Backend, engine.Int32, counts, len(counts)),
				Figures: engine.FromSlice(in.Backend, in.dtype, []float32{1, 1, 1, 1}, engine.FigureCount)}
			for i := range counts {
				a.Params, a.Grads = append(a.Params, in.zeros(9)), append(a.Grads, in.normal(9))
				a.M, a.V = append(a.M, in.zeros(9)), append(a.V, in.zeros(9))
				a.LR, a.Decay, a.Index = append(a.LR, 1), append(a.Decay, 0), append(a.Index, i)
			}
			in.AdamW(a)
			return append(a.Params, a.Steps)
		})
	}
}

// TestManyPartsOfATensor has tensors that no number of workgroups covers with one element a thread.
func TestManyPartsOfATensor(t *testing.T) {
	const n = 64*256*16 + 77
	agree(t, func(in *inputs) []*engine.Tensor {
		grads := []*engine.Tensor{in.normal(3), in.normal(n), in.normal(0), in.normal(1_000)}
		figures, loss := in.zeros(engine.FigureCount), in.normal()
		in.StepFigures(engine.FiguresArgs{Figures: figures, Loss: loss, Grads: grads, MaxNorm: 1})
		return []*engine.Tensor{figures.Range(engine.FigureLoss, engine.FigureNorm), figures.Range(engine.FigureNorm, engine.FigureScale),
			figures.Range(engine.FigureScale, engine.FigureCount)}
	})
}

// TestFiguresAreReadEarly reads figures behind which work waits that is not handed over yet, and must not be.
func TestFiguresAreReadEarly(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, b.Close()) }()
	both, loss := engine.Zeros(b, engine.Float32, 2*engine.FigureCount), engine.FromSlice(b, engine.Float32, []float32{3})
	grads := []*engine.Tensor{engine.FromSlice(b, engine.Float32, []float32{3, 4}, 2)}
	for _, figures := range []*engine.Tensor{both.Range(0, engine.FigureCount), both.Range(engine.FigureCount, 2*engine.FigureCount)} {
		b.StepFigures(engine.FiguresArgs{Figures: figures, Loss: loss, Grads: grads})
		require.NoError(t, b.Sync())
		b.Scale(loss, loss, 2)
		before := b.Counts().Submissions
		got, err := engine.Read[float32](figures)
		require.NoError(t, err)
		require.Equal(t, before, b.Counts().Submissions, "reading the figures waits for what came after them")
		require.Equal(t, []float32{got[0], 5, 1, 1}, got)
		b.Fill(figures, 7)
		got, err = engine.Read[float32](figures)
		require.NoError(t, err)
		require.Equal(t, []float32{7, 7, 7, 7}, got, "an early copy of figures that have changed")
	}
	far := engine.Zeros(b, engine.Float32, 1_000).Range(500, 500+engine.FigureCount)
	b.StepFigures(engine.FiguresArgs{Figures: far, Loss: loss, Grads: grads})
	got, err := engine.Read[float32](far)
	require.NoError(t, err)
	require.Equal(t, []float32{12, 5, 1, 1}, got, "figures that lie far from the start of their buffer")
}
