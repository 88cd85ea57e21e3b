package quantized

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mien/asm/internal/kerneltest"
)

// BenchmarkQuantized reports GOP/s of one thread for the shapes of ViT-B with weights packed before and the conversion of activations
// timed, and the register-only peak of the same implementation (shape=peak).
func BenchmarkQuantized(b *testing.B) {
	shapes := []struct{ m, n, k int }{{1024, 1024, 1024},
		{800, 2304, 768}, {800, 768, 768}, {800, 3072, 768}, {800, 768, 3072}, {100, 3072, 768}, {10, 3072, 768}}
	for _, f := range formats {
		for _, k := range implementations(f) {
			b.Run(fmt.Sprintf("%s/shape=peak/impl=%s", f.name, k.Name), func(b *testing.B) {
				ops := 0.0
				for b.Loop() {
					ops += k.Peak(1_000_000)
				}
				b.ReportMetric(ops/b.Elapsed().Seconds()/1e9, "GOP/s")
			})
			for _, s := range shapes {
				b.Run(fmt.Sprintf("%s/shape=%dx%dx%d/impl=%s", f.name, s.m, s.n, s.k, k.Name), func(b *testing.B) {
					g := example(f, s.m, s.n, s.k)
					for b.Loop() {
						k.Gemm(g)
					}
					ops := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
					b.ReportMetric(ops/b.Elapsed().Seconds()/1e9, "GOP/s")
				})
			}
		}
	}
}

func example(f format, m, n, k int) Product {
	rng := rand.New(rand.NewPCG(1, 2))
	panels, _ := pack(f, kerneltest.Normals(rng, n*k), n, k)
	return Product{M: m, N: n, A: kerneltest.Normals(rng, m*k), LDA: k, B: panels, C: make([]float32, m*n), LDC: n, Bias: kerneltest.Normals(rng, n)}
}
