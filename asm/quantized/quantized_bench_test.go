package quantized

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkLow reports GOP/s of one thread for the shapes of ViT-B with weights packed before and the conversion of activations
// timed, beside the register-only peak of the same implementation (shape=peak).
func BenchmarkLow(b *testing.B) {
	shapes := []struct{ m, n, k int }{{1024, 1024, 1024},
		{800, 2304, 768}, {800, 768, 768}, {800, 3072, 768}, {800, 768, 3072}, {100, 3072, 768}, {10, 3072, 768}}
	for _, p := range []Precision{BF16, Int8} {
		for _, k := range lowImplementations(p) {
			b.Run(fmt.Sprintf("%v/shape=peak/impl=%s", p, k.Name), func(b *testing.B) {
				ops := 0.0
				for b.Loop() {
					ops += k.Peak(1_000_000)
				}
				b.ReportMetric(ops/b.Elapsed().Seconds()/1e9, "GOP/s")
			})
			for _, s := range shapes {
				b.Run(fmt.Sprintf("%v/shape=%dx%dx%d/impl=%s", p, s.m, s.n, s.k, k.Name), func(b *testing.B) {
					g := lowExample(p, s.m, s.n, s.k)
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

func lowExample(p Precision, m, n, k int) LowGemm {
	rng := rand.New(rand.NewPCG(1, 2))
	panels, _ := packLow(p, normals(rng, n*k), n, k)
	return LowGemm{M: m, N: n, A: normals(rng, m*k), LDA: k, B: panels, C: make([]float32, m*n), LDC: n, Bias: normals(rng, n)}
}
