//go:build vulkan

package vulkan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestCountable gives methods an operand of more elements than shaders count: each refuses it and records nothing.
func TestCountable(t *testing.T) {
	b := open(t, Config{Slab: granule})
	f := func(shape ...int) *engine.Tensor { return engine.Filled(b, engine.Float32, 1, shape...) }
	at := b.scratch(1) // nothing touches what is beyond
	huge := func(shape ...int) *engine.Tensor { return engine.Borrow(b, at, 0, engine.Float32, shape...) }
	const beyond = 1 << 31
	index, one := engine.Zeros(b, engine.Int32, 1, 1), f(1, 1)
	attention := engine.AttentionArgs{QKV: huge(1, beyond/3+1, 3, 1, 1), Out: f(1, 1, 1, 1), LSE: f(1, 1, 1), Batch: 1, Tokens: 1, Heads: 1, HeadDim: 1}
	figures := f(engine.FigureCount)
	b.RandomNormal(one, engine.Key{}) // its table is uploaded
	kernels := b.Counts().Kernels
	for name, method := range map[string]func(){
		"Axpy":              func() { b.Axpy(huge(beyond), 1, huge(beyond)) },
		"Fill":              func() { b.Fill(huge(beyond), 1) },
		"Gather":            func() { b.Gather(one, huge(beyond, 1), index, false) },
		"Copy":              func() { b.Copy(engine.CopyArgs{Dst: one, Src: huge(beyond), Block: 1, Count: 1}) },
		"copies":            func() { b.Copy(engine.CopyArgs{Dst: one, Src: one, Block: beyond / 2, Count: 2}) },
		"Attention":         func() { b.Attention(attention) },
		"AttentionBackward": func() { b.AttentionBackward(attention, engine.AttentionGrads{DOut: one, DQKV: attention.QKV}) },
		"RandomNormal":      func() { b.RandomNormal(huge(beyond), engine.Key{}) },
		"Gemm": func() {
			b.Gemm(engine.GemmArgs{C: one, A: one, B: huge(beyond), M: 1, N: 1, K: 1, LDA: 1, LDB: 1, LDC: 1, Batch: 1})
		},
		"StepFigures": func() {
			b.StepFigures(engine.FiguresArgs{Figures: figures, Loss: one, Grads: []*engine.Tensor{huge(beyond)}})
		},
	} {
		func() {
			defer func() { require.IsType(t, &engine.ShapeError{}, recover(), name) }()
			method()
		}()
	}
	require.Equal(t, kernels, b.Counts().Kernels)
}
