package vector

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mien/asm/internal/kernel"
)

// BenchmarkKernels times the kernels on slices, one thread, each on 800 elements (in the first cache), and on a million
// (in memory), in ns an element.
func BenchmarkKernels(b *testing.B) {
	ops := []struct {
		name string
		run  func(k *Kernels[float32], s *[7][]float32)
	}{
		{"add", func(k *Kernels[float32], s *[7][]float32) { k.Add(s[0], s[1], s[2]) }},
		{"maximum", func(k *Kernels[float32], s *[7][]float32) { k.Maximum(s[0], s[1], s[2]) }},
		{"mul-add", func(k *Kernels[float32], s *[7][]float32) { k.MulAdd(s[0], s[1], s[2]) }},
		{"axpy", func(k *Kernels[float32], s *[7][]float32) { k.Axpy(s[0], 1e-9, s[1]) }},
		{"dot", func(k *Kernels[float32], s *[7][]float32) { k.Dot(s[1], s[2]) }},
		{"sum", func(k *Kernels[float32], s *[7][]float32) { k.Sum(s[1]) }},
		{"squared-distance", func(k *Kernels[float32], s *[7][]float32) { k.SquaredDistance(s[1], s[2]) }},
		{"exp", func(k *Kernels[float32], s *[7][]float32) { k.Exp(s[0], s[1], 0) }},
		{"softmax", func(k *Kernels[float32], s *[7][]float32) { k.Softmax(s[0], s[1]) }},
		{"softmax-backward", func(k *Kernels[float32], s *[7][]float32) { k.SoftmaxBackward(s[0], s[1], s[2]) }},
		{"gelu", func(k *Kernels[float32], s *[7][]float32) { k.GELU(s[0], s[1]) }},
		{"gelu-backward", func(k *Kernels[float32], s *[7][]float32) { k.GELUBackward(s[0], s[1], s[2]) }},
		{"layernorm", func(k *Kernels[float32], s *[7][]float32) { k.LayerNorm(s[0], s[1], s[2], s[3], 1e-6) }},
		{"layernorm-backward", func(k *Kernels[float32], s *[7][]float32) {
			k.LayerNormBackward(s[0], s[5], s[6], s[1], s[2], s[3], 0, 1e-3)
		}},
		{"adamw", func(k *Kernels[float32], s *[7][]float32) { k.AdamW(s[0], s[1], s[5], s[6], adamWNumbers) }},
	}
	for _, op := range ops {
		for _, n := range []int{800, 1 << 20} {
			for _, set := range kernel.Supported() {
				k := New(set)
				b.Run(fmt.Sprintf("op=%s/n=%d/impl=%s", op.name, n, set), func(b *testing.B) {
					rng := rand.New(rand.NewPCG(1, 2))
					var s [7][]float32
					for i := range s {
						s[i] = make([]float32, n)
						for j := range s[i] {
							s[i][j] = float32(rng.NormFloat64())
						}
					}
					square(s[6], s[6]) // second moments are not negative
					for b.Loop() {
						op.run(k, &s)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
				})
			}
		}
	}
}
