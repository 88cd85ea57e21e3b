package attention

import (
	"math"
	"math/rand/v2"
	"testing"

	"mien/asm/internal/kerneltest"
)

// The inner loops of attention, each against plain float64.

func TestAttentionProduct(t *testing.T) {
	for _, k := range implementations() {
		form := 0
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 48} {
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 128, 131} {
				for _, kk := range []int{1, 2, 5, 64, 67} {
					form++
					checkProduct(t, k, m, n, kk, form%2 == 0, form%3 == 0)
				}
			}
		}
	}
}

func checkProduct(t *testing.T, k *Kernels[float32], m, n, kk int, transA, accumulate bool) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(m*1000+n), uint64(kk)))
	ar, w := &kerneltest.Arena{T: t}, k.width
	p := panelProduct[float32]{m: m, n: n, k: kk, rs: kk + 3, ps: 1, panel: (kk + 1) * w, ldc: n + 2, accumulate: accumulate}
	if transA {
		p.rs, p.ps = 1, m+5
	}
	p.a = ar.Slice(spaced(rng, 1, (m-1)*p.rs+(kk-1)*p.ps+1, 0, 1), 1)
	p.b = ar.Slice(spaced(rng, 1, (n+w-1)/w*p.panel, 0, 1), 0)
	p.c = ar.Slice(spaced(rng, m, n, p.ldc, 1), 3)
	p.ahead = linesOf(Elements[float32]{Float: p.c}, p.ldc, min(n%19, m)) // which changes nothing
	before := append([]float32(nil), p.c...)
	k.product(p)
	ar.Check()
	for i, v := range p.c {
		r, j := i/p.ldc, i%p.ldc
		if j >= n {
			if v != before[i] {
				t.Fatalf("%s: beyond column %d was written", k.gemm.Name, n)
			}
			continue
		}
		want, size := 0.0, 0.0
		if accumulate {
			want = float64(before[i])
		}
		for s := range kk {
			term := float64(p.a[r*p.rs+s*p.ps]) * float64(p.b[j/w*p.panel+s*w+j%w])
			want, size = want+term, size+math.Abs(term)
		}
		if !kerneltest.Near(v, want, 1e-7, 4e-7*(size+1)) {
			t.Fatalf("%s %d×%d×%d, transposed %v, accumulate %v: C[%d,%d] is %g, want %g", k.gemm.Name, m, n, kk, transA, accumulate, r, j, v, want)
		}
	}
}

func TestAttentionTranspose(t *testing.T) {
	for _, k := range implementations() {
		w := k.width
		for rows := 1; rows <= w; rows++ {
			for _, columns := range []int{1, 3, 15, 16, 17, 32, 47, 48, 64, 65, 80} {
				rng, ar := rand.New(rand.NewPCG(1, 2)), kerneltest.Arena{T: t}
				src := ar.Slice(spaced(rng, rows, columns, columns+3, 1), 1)
				dst := ar.Slice(make([]float64, columns*w), 2)
				k.packTransposed(dst, src, columns+3, rows, columns)
				ar.Check()
				for r := range rows {
					for c := range columns {
						if got, want := dst[c*w+r], src[r*(columns+3)+c]; got != want {
							t.Fatalf("%s: %d×%d: element %d, %d is %g, want %g", k.gemm.Name, rows, columns, r, c, got, want)
						}
					}
				}
			}
		}
	}
}
