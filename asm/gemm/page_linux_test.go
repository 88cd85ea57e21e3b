package gemm

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kerneltest"
)

// Reading or writing one element beyond A, B, C, packed panels, bias or residual faults.
func TestGemmStaysInsideItsMatrices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	a, b, c, panels := kerneltest.NewPages(t, 33*40), kerneltest.NewPages(t, 100*40), kerneltest.NewPages(t, 33*100), kerneltest.NewPages(t, 128*40)
	bias, residual := kerneltest.NewPages(t, 100), kerneltest.NewPages(t, 33*100)
	for _, k := range implementations() {
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 16, 33} {
			for _, n := range []int{1, 7, 15, 16, 17, 31, 32, 33, 48, 49, 63, 64, 65, 100} {
				for _, kk := range []int{1, 3, 4, 5, 16, 17, 40} {
					for form := range 16 {
						g := Product[float32]{M: m, N: n, K: kk, A: a.Last(m * kk), LDA: kk, B: b.Last(kk * n), LDB: n,
							C: c.Last(m * n), LDC: n, TransA: form&1 > 0, TransB: form&2 > 0, Accumulate: form&4 > 0}
						if g.TransA {
							g.LDA = m
						}
						if g.TransB {
							g.LDB = kk
						}
						if form&8 > 0 {
							g.Bias, g.Residual, g.LDResidual = bias.Last(n), residual.Last(m*n), n
						}
						require.NotPanics(t, func() {
							k.Gemm(g)
							g.Packed = k.Pack(panels.Last(k.PanelsLen(kk, n)), g.B, g.LDB, g.TransB, kk, n)
							k.Gemm(g)
						}, fmt.Sprintf("%s %d×%d×%d form %d", k.Name, m, n, kk, form))
					}
				}
			}
		}
	}
}
