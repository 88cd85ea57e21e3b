package gemm

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// pages lends memory that ends where a page begins that nobody may touch.
type pages struct{ mapped []byte }

const untouchable = 1 << 16 // a multiple of any page size

func newPages(t *testing.T, floats int) pages {
	size := roundUp(4*floats, untouchable)
	mapped, err := syscall.Mmap(-1, 0, size+untouchable, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	require.NoError(t, syscall.Mprotect(mapped[size:], syscall.PROT_NONE))
	t.Cleanup(func() { _ = syscall.Munmap(mapped) })
	return pages{mapped[:size]}
}

// last returns the last n floats.
func (p pages) last(n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(&p.mapped[len(p.mapped)-4*n])), n)
}

// Reading or writing one element beyond A, B, C, packed panels, bias or residual faults.
func TestGemmStaysInsideItsMatrices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	a, b, c, panels := newPages(t, 33*40), newPages(t, 100*40), newPages(t, 33*100), newPages(t, 128*40)
	bias, residual := newPages(t, 100), newPages(t, 33*100)
	for _, k := range Implementations() {
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 16, 33} {
			for _, n := range []int{1, 7, 15, 16, 17, 31, 32, 33, 48, 49, 63, 64, 65, 100} {
				for _, kk := range []int{1, 3, 4, 5, 16, 17, 40} {
					for form := range 16 {
						g := Gemm[float32]{M: m, N: n, K: kk, A: a.last(m * kk), LDA: kk, B: b.last(kk * n), LDB: n,
							C: c.last(m * n), LDC: n, TransA: form&1 > 0, TransB: form&2 > 0, Accumulate: form&4 > 0}
						if g.TransA {
							g.LDA = m
						}
						if g.TransB {
							g.LDB = kk
						}
						if form&8 > 0 {
							g.Bias, g.Residual, g.LDResidual = bias.last(n), residual.last(m*n), n
						}
						require.NotPanics(t, func() {
							k.Gemm(g)
							g.Packed = k.Pack(panels.last(k.PanelsLen(kk, n)), g.B, g.LDB, g.TransB, kk, n)
							k.Gemm(g)
						}, fmt.Sprintf("%s %d×%d×%d form %d", k.Name, m, n, kk, form))
					}
				}
			}
		}
	}
}
