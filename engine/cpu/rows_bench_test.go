package cpu

import (
	"fmt"
	"testing"

	"mien/asm"
)

// BenchmarkRows times, on all threads, the work of a ViT-B step of two clips that is no matrix product.
func BenchmarkRows(b *testing.B) {
	c := NewCPU()
	tensor := func(shape ...int) *Tensor {
		x := Zeros(c, Float32, shape...)
		for i, v := range host[float32](x) {
			host[float32](x)[i] = v + float32(i%13)/6 - 1
		}
		return x
	}
	pixels, patches := tensor(2, 3, 8, 2, 10, 16, 10, 16), tensor(2, 8, 10, 10, 3, 2, 16, 16)
	wide, narrow, bias := tensor(1600, 3072), tensor(1600, 768), tensor(3072)
	var list AdamWArgs
	for range 12 { // a block's parameters, without moments that differ
		for _, n := range []int{768, 768, 3 * 768 * 768, 768 * 768, 768, 768, 3072} {
			list.Params, list.Grads = append(list.Params, tensor(n)), append(list.Grads, tensor(n))
			list.M, list.V = append(list.M, Zeros(c, Float32, n)), append(list.V, Zeros(c, Float32, n))
			list.LR, list.Decay, list.Step = append(list.LR, 1e-4), append(list.Decay, 0.05), append(list.Step, 1)
		}
	}
	list.Beta1, list.Beta2, list.Eps = 0.9, 0.999, 1e-8
	scale, norm := tensor(1), tensor(1)
	mean, rstd, gamma, beta := tensor(1600), tensor(1600), tensor(768), tensor(768)
	ops := []struct {
		name string
		run  func()
	}{
		{"patchify", func() { c.Permute(patches, pixels, []int{0, 2, 4, 6, 1, 3, 5, 7}) }},
		{"gelu", func() { c.Unary(GELU, wide, wide) }},
		{"layernorm", func() { c.LayerNorm(narrow, mean, rstd, narrow, gamma, beta, 1e-6) }},
		{"bias-gradient", func() { c.SumTo(bias, wide, true) }},
		{"clip", func() { c.ClipScale(scale, norm, list.Grads, 1) }},
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
