package gemm

import (
	"fmt"
	"testing"
)

// BenchmarkGemm reports GFLOP/s of one thread and the FMA peak of the same implementation (shape=peak). The form
// tells how A and B are stored, n as they are read and t transposed; packed is B packed before, and everything else is timed.
func BenchmarkGemm(b *testing.B) {
	shapes := []struct {
		m, n, k int
		forms   []string
	}{
		{1024, 1024, 1024, []string{"nn", "nt", "tn", "packed"}},
		{800, 2304, 768, []string{"nt", "packed"}}, // ViT-B: qkv, and so on
		{800, 768, 768, []string{"nt", "packed"}},
		{800, 3072, 768, []string{"nt", "packed"}},
		{800, 768, 3072, []string{"nt", "packed"}},
		{3072, 768, 800, []string{"tn"}},            // a weight's gradient
		{3072, 768, 3152, []string{"tn"}},           // the same for 16 frames
		{3152, 3072, 768, []string{"nt", "packed"}}, // a layer
		{3152, 768, 3072, []string{"nn"}},           // its input's gradient
		{100, 3072, 768, []string{"nt", "packed"}},
		{10, 768, 768, []string{"nt", "packed"}},
		{800, 192, 768, []string{"nt", "packed"}}, // experts
		{400, 32, 128, []string{"nt"}},
		{800, 7, 768, []string{"nt"}}, // a head
		{128, 800, 64, []string{"nt"}},
		{128, 64, 800, []string{"nn"}},
	}
	for _, k := range implementations() {
		b.Run("shape=peak/impl="+k.Name, func(b *testing.B) {
			flops := 0.0
			for b.Loop() {
				flops += k.FMALoop(1_000_000)
			}
			b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
		for _, s := range shapes {
			for _, form := range s.forms {
				name := fmt.Sprintf("shape=%dx%dx%d/form=%s/impl=%s", s.m, s.n, s.k, form, k.Name)
				b.Run(name, func(b *testing.B) {
					g := benchProduct(k, s.m, s.n, s.k, form)
					for b.Loop() {
						k.Gemm(g)
					}
					flops := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N)
					b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// benchProduct makes matrices of small whole numbers: pages never written would all be one page of zeros.
func benchProduct(k *Kernels[float32], m, n, kk int, form string) Product[float32] {
	g := Product[float32]{M: m, N: n, K: kk, TransA: form == "tn", TransB: form == "nt",
		A: make([]float32, m*kk), B: make([]float32, kk*n), C: make([]float32, m*n), LDA: kk, LDB: n, LDC: n}
	for i := range g.A {
		g.A[i] = float32(i%7) - 3
	}
	for i := range g.B {
		g.B[i] = float32(i%5) - 2
	}
	if g.TransA {
		g.LDA = m
	}
	if g.TransB {
		g.LDB = kk
	}
	if form == "packed" {
		g.Packed = k.Pack(nil, g.B, n, false, kk, n)
	}
	return g
}

// BenchmarkGemmEpilogue compares a layer of ViT-B's MLP with and without what follows the product.
func BenchmarkGemmEpilogue(b *testing.B) {
	const m, n, kk = 800, 3072, 768
	for _, k := range implementations() {
		for _, op := range []string{"none", "bias", "bias+gelu", "bias+residual"} {
			b.Run(fmt.Sprintf("op=%s/shape=%dx%dx%d/impl=%s", op, m, n, kk, k.Name), func(b *testing.B) {
				g := benchProduct(k, m, n, kk, "packed")
				if op != "none" {
					g.Bias = make([]float32, n)
				}
				g.GELU = op == "bias+gelu"
				if op == "bias+residual" {
					g.Residual, g.LDResidual = make([]float32, m*n), n
				}
				for b.Loop() {
					k.Gemm(g)
				}
			})
		}
	}
}

// BenchmarkPack packs a weight [768, 768] as panels.
func BenchmarkPack(b *testing.B) {
	const n = 768
	for _, k := range implementations() {
		for _, trans := range []bool{false, true} {
			b.Run(fmt.Sprintf("op=pack/trans=%v/shape=%dx%d/impl=%s", trans, n, n, k.Name), func(b *testing.B) {
				src, dst := make([]float32, n*n), make([]float32, k.PanelsLen(n, n))
				for b.Loop() {
					k.Pack(dst, src, n, trans, n, n)
				}
				b.SetBytes(4 * n * n)
			})
		}
	}
}
