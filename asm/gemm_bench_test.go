package asm

import (
	"fmt"
	"testing"
)

// BenchmarkGemm reports GFLOP/s of one thread for the shapes of ViT-B, everything timed, beside the register-only peak of the
// same implementation (shape=peak).
func BenchmarkGemm(b *testing.B) {
	shapes := []struct {
		m, n, k        int
		transA, transB bool
	}{
		{1024, 1024, 1024, false, false}, {1024, 1024, 1024, false, true}, {1024, 1024, 1024, true, false},
		{800, 2304, 768, false, true}, {800, 768, 3072, false, true}, {100, 768, 768, false, true},
		{128, 800, 64, false, true}, {128, 64, 800, false, false},
	}
	for _, k := range Implementations() {
		b.Run("shape=peak/impl="+k.Name, func(b *testing.B) {
			flops := 0.0
			for b.Loop() {
				flops += k.FMALoop(1_000_000)
			}
			b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
		for _, s := range shapes {
			name := fmt.Sprintf("shape=%dx%dx%d/trans=%v,%v/impl=%s", s.m, s.n, s.k, s.transA, s.transB, k.Name)
			b.Run(name, func(b *testing.B) {
				g := Gemm[float32]{M: s.m, N: s.n, K: s.k, TransA: s.transA, TransB: s.transB,
					A: make([]float32, s.m*s.k), B: make([]float32, s.k*s.n), C: make([]float32, s.m*s.n),
					LDA: s.k, LDB: s.n, LDC: s.n}
				for i := range g.A { // untouched pages would all be one page of zeros
					g.A[i] = float32(i%7) - 3
				}
				for i := range g.B {
					g.B[i] = float32(i%5) - 2
				}
				if s.transA {
					g.LDA = s.m
				}
				if s.transB {
					g.LDB = s.k
				}
				for b.Loop() {
					k.Gemm(g)
				}
				flops := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
