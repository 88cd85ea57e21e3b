package cpu

import (
	"fmt"
	"testing"

	"mien/asm"
	"mien/engine"
)

// BenchmarkRows times, on all threads, the work of a ViT-B step of two videos that is no matrix product.
func BenchmarkRows(b *testing.B) {
	c := New()
	tensor := func(shape ...int) *engine.Tensor {
		x := engine.Zeros(c, engine.Float32, shape...)
		for i, v := range host[float32](x) {
			host[float32](x)[i] = v + float32(i%13)/6 - 1
		}
		return x
	}
	pixels, patches := tensor(2, 3, 8, 2, 10, 16, 10, 16), tensor(2, 8, 10, 10, 3, 2, 16, 16)
	cut := engine.PatchifyArgs{Dst: tensor(1600, 1536), Tubelet: 2, Patch: 16,
		Pixels: engine.FromSlice(c, engine.Uint8, make([]uint8, 2*16*160*160*3), 2, 16, 160, 160, 3), Std: [3]float32{1, 1, 1}}
	wide, narrow, bias := tensor(1600, 3072), tensor(1600, 768), tensor(3072)
	list := engine.AdamWArgs{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	for range 12 { // a block's parameters, without moments that differ
		for _, n := range []int{768, 768, 3 * 768 * 768, 768 * 768, 768, 768, 3072} {
			list.Params, list.Grads = append(list.Params, tensor(n)), append(list.Grads, tensor(n))
			list.M, list.V = append(list.M, engine.Zeros(c, engine.Float32, n)), append(list.V, engine.Zeros(c, engine.Float32, n))
			list.LR, list.Decay = append(list.LR, 1e-4), append(list.Decay, 0.05)
			list.Index = append(list.Index, len(list.Index))
		}
	}
	list.Steps, list.Figures = engine.Zeros(c, engine.Int32, len(list.Params)), tensor(engine.FigureCount)
	figures := engine.FiguresArgs{Figures: list.Figures, Loss: tensor(1), Grads: list.Grads, MaxNorm: 1}
	c.StepFigures(figures) // AdamW does nothing where they are not finite
	mean, rstd, gamma, beta := tensor(1600), tensor(1600), tensor(768), tensor(768)
	ops := []struct {
		name string
		run  func()
	}{
		{"patchify", func() { c.Patchify(cut) }},
		{"permute", func() { c.Permute(patches, pixels, []int{0, 2, 4, 6, 1, 3, 5, 7}) }},
		{"gelu", func() { c.Unary(engine.GELU, wide, wide) }},
		{"layernorm", func() { c.LayerNorm(narrow, mean, rstd, narrow, gamma, beta, 1e-6) }},
		{"bias-gradient", func() { c.SumTo(bias, wide, true) }},
		{"figures", func() { c.StepFigures(figures) }},
		{"adamw", func() { c.AdamW(list) }},
	}
	for _, op := range ops {
		for _, k := range asm.Implementations() {
			b.Run(fmt.Sprintf("op=%s/impl=%s", op.name, k.Name), func(b *testing.B) {
				restore, err := asm.Use(k.Name)
				if err != nil {
					b.Fatal(err)
				}
				defer restore()
				for b.Loop() {
					op.run()
				}
			})
		}
	}
}
