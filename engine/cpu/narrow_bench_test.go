package cpu

import (
	"fmt"
	"runtime"
	"testing"

	"mien/engine"
)

// BenchmarkNarrow times passes over bfloat16 beside those over float32, in bytes of their operands a second, and a copy. Tensors are of two
// videos in ViT-B, and of sixteen.
func BenchmarkNarrow(b *testing.B) {
	c := New()
	if c.Activations(engine.BF16) != engine.BFloat16 {
		b.Skip("no activations of bfloat16 here")
	}
	for _, count := range []int{1600, 12800} {
		for _, dtype := range []engine.DType{engine.Float32, engine.BFloat16} {
			const n = 768
			tensor := func(dtype engine.DType, shape ...int) *engine.Tensor {
				values := make([]float32, engine.Elements(shape))
				for i := range values {
					values[i] = float32(i%13)/6 - 1
				}
				return engine.FromSlice(c, dtype, values, shape...)
			}
			x, y, z, w := tensor(dtype, count, n), tensor(dtype, count, n), tensor(dtype, count, n), tensor(engine.Float32, count, n)
			v, dx := tensor(engine.Float32, count, n), tensor(engine.Float32, count, n)
			mean, rstd, gamma, beta := tensor(engine.Float32, count), tensor(engine.Float32, count), tensor(engine.Float32, n), tensor(engine.Float32, n)
			sum := tensor(engine.Float32, n)
			for _, op := range []struct {
				name    string
				run     func()
				tensors []*engine.Tensor
			}{
				{"memmove", func() { copy(v.Buffer().(*block).bytes, w.Buffer().(*block).bytes) }, []*engine.Tensor{v, w}},
				{"scale", func() { c.Scale(v, w, 2) }, []*engine.Tensor{v, w}},
				{"round", func() { c.Cast(x, w) }, []*engine.Tensor{x, w}},
				{"widen", func() { c.Cast(w, x) }, []*engine.Tensor{x, w}},
				{"add", func() { c.Binary(engine.Add, z, x, y) }, []*engine.Tensor{x, y, z}},
				{"axpy", func() { c.Axpy(x, 1e-9, y) }, []*engine.Tensor{x, x, y}},
				{"gelu", func() { c.Unary(engine.GELU, y, x) }, []*engine.Tensor{x, y}},
				{"gelu-backward", func() { c.UnaryBackward(engine.GELU, z, x, y) }, []*engine.Tensor{x, y, z}},
				{"sum", func() { c.SumTo(sum, x, true) }, []*engine.Tensor{x}},
				{"layernorm", func() { c.LayerNorm(x, mean, rstd, w, gamma, beta, 1e-6) }, []*engine.Tensor{x, w}},
				{"layernorm-backward", func() { c.LayerNormBackward(dx, gamma, beta, w, gamma, x, mean, rstd, false) }, []*engine.Tensor{x, w, dx}},
			} {
				if dtype == engine.Float32 && (op.name == "round" || op.name == "widen") {
					continue
				}
				for _, threads := range []int{1, 2} {
					b.Run(fmt.Sprintf("rows=%d/op=%s/dtype=%v/threads=%d", count, op.name, dtype, threads), func(b *testing.B) {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
						bytes := 0
						for _, t := range op.tensors {
							bytes += t.Len() * t.DType().Size()
						}
						b.SetBytes(int64(bytes))
						for b.Loop() {
							op.run()
						}
					})
				}
			}
		}
	}
}
