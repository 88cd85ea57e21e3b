package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
	"mien/asm/vector"
)

// implementations are those that this CPU can run, best first and the reference last.
func implementations() (all []*Kernels[float32]) {
	for _, set := range kernel.Supported() {
		all = append(all, New(set, vector.New(set)))
	}
	return all
}

// at returns the element (i, j) of op(X).
func at[F kernel.Float](x []F, ld int, trans bool, i, j int) F {
	if trans {
		i, j = j, i
	}
	return x[i*ld+j]
}

// checkGemm compares a product with the sum of products in float64, between guards, and returns C.
func checkGemm(t *testing.T, k *Kernels[float32], m, n, kk int, transA, transB, accumulate, bias bool) []float32 {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(m*1000+n), uint64(kk)))
	values := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	a := &kerneltest.Arena{T: t}
	g := Product[float32]{M: m, N: n, K: kk, TransA: transA, TransB: transB, Accumulate: accumulate,
		LDA: kk + 3, LDB: n + 1, LDC: n + 2}
	rowsA, rowsB := m, kk
	if transA {
		rowsA, g.LDA = kk, m+5
	}
	if transB {
		rowsB, g.LDB = n, kk+2
	}
	g.A, g.B, g.C = a.Slice(values(rowsA*g.LDA), 1), a.Slice(values(rowsB*g.LDB), 2), a.Slice(values(m*g.LDC), 3)
	if bias {
		g.Bias = a.Slice(values(n), 5)
	}
	if transA && n > 0 {
		g.RowSums = a.Slice(values(m), 7)
	}
	before, sumsBefore := append([]float32(nil), g.C...), append([]float32(nil), g.RowSums...)
	k.Gemm(g)
	a.Check()
	for i, s := range sumsBefore {
		want := float64(s)
		scale := math.Abs(want)
		for p := range kk {
			v := float64(at(g.A, g.LDA, transA, i, p))
			want, scale = want+v, scale+math.Abs(v)
		}
		require.InDelta(t, want, g.RowSums[i], 4e-7*scale, "%s %d×%d×%d: the sum of row %d", k.Name, m, n, kk, i)
	}
	for i := range m {
		for j := range g.LDC {
			if j >= n {
				require.Equal(t, before[i*g.LDC+j], g.C[i*g.LDC+j], "%s: beyond column %d was written", k.Name, n)
				continue
			}
			want, scale := 0.0, 0.0
			add := func(v float64) {
				want += v
				scale += max(v, -v)
			}
			for p := range kk {
				add(float64(at(g.A, g.LDA, transA, i, p)) * float64(at(g.B, g.LDB, transB, p, j)))
			}
			if bias {
				add(float64(g.Bias[j]))
			}
			if accumulate {
				add(float64(before[i*g.LDC+j]))
			}
			if !kerneltest.Near(g.C[i*g.LDC+j], want, 0, 4e-7*scale+1e-30) {
				t.Fatalf("%s %d×%d×%d, transposed %v %v, accumulate %v, bias %v: C[%d,%d] is %g, want %g",
					k.Name, m, n, kk, transA, transB, accumulate, bias, i, j, g.C[i*g.LDC+j], want)
			}
		}
	}
	return g.C
}

func TestGemm(t *testing.T) {
	edges := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 31, 33, 48, 49, 64, 67}
	if testing.Short() {
		edges = []int{0, 1, 5, 6, 7, 16, 17, 33}
	}
	for _, k := range implementations() {
		t.Run(k.Name, func(t *testing.T) {
			form := 0
			for _, m := range edges {
				for _, n := range edges {
					for _, kk := range edges {
						form++ // every form is tried with every size of one operand
						checkGemm(t, k, m, n, kk, form&1 > 0, form&2 > 0, form&4 > 0, form&8 > 0)
					}
				}
			}
			bl := k.blocking // around every edge of the blocks
			for _, kk := range []int{maxKC - 1, maxKC, maxKC + 1, 2*maxKC + 3} {
				for f := range 16 {
					checkGemm(t, k, k.MR+1, k.NR+3, kk, f&1 > 0, f&2 > 0, f&4 > 0, f&8 > 0)
				}
			}
			const long = 700
			nc := bl.columns(k.MR-1, long)
			for _, n := range []int{nc - 1, nc, nc + 1, wideBlocks*nc - 1, wideBlocks * nc, wideBlocks*nc + 1} {
				for f := range 4 {
					checkGemm(t, k, k.MR-1, n, long, f&1 > 0, f&2 > 0, f&1 > 0, f&2 > 0)
				}
			}
			for _, m := range []int{bl.mc - 1, bl.mc, bl.mc + 1} {
				for f := range 4 {
					checkGemm(t, k, m, 5, 9, f&1 > 0, f&2 > 0, false, true)
				}
			}
		})
	}
}

// The bits of an element depend on its sum alone, not on the rows and columns computed with it.
func TestGemmBitsDoNotDependOnTheCut(t *testing.T) {
	const m, n, kk = 29, 61, 700
	rng := rand.New(rand.NewPCG(7, 8))
	for _, k := range implementations() {
		for form := range 20 {
			name := fmt.Sprintf("%s form %d", k.Name, form)
			g := Product[float32]{M: m, N: n, K: kk, A: kerneltest.Normals(rng, m*kk), B: kerneltest.Normals(rng, kk*n), Bias: kerneltest.Normals(rng, n),
				LDA: kk, LDB: n, LDC: n, TransA: form&1 > 0, TransB: form&2 > 0, Accumulate: form&4 > 0}
			if g.TransA {
				g.LDA = m
			}
			if g.TransB {
				g.LDB = kk
			}
			if form&8 > 0 {
				g.Residual, g.LDResidual = kerneltest.Normals(rng, m*n), n
			}
			if form&16 > 0 {
				g.Slope, g.LDSlope = kerneltest.Normals(rng, m*(n+1)), n+1
			}
			start, sums := kerneltest.Normals(rng, m*n), kerneltest.Normals(rng, m)
			begin := func() {
				g.C = append([]float32(nil), start...)
				if g.TransA {
					g.RowSums = append([]float32(nil), sums...)
				}
			}
			begin()
			k.Gemm(g)
			whole, wholeSums := g.C, g.RowSums
			for _, cut := range []int{1, 7, 16, 20} { // columns, then rows
				begin()
				k.Gemm(g.Columns(0, cut))
				k.Gemm(g.Columns(cut, n))
				require.Equal(t, whole, g.C, "%s: columns cut at %d", name, cut)
				require.Equal(t, wholeSums, g.RowSums, "%s: columns cut at %d", name, cut)

				begin()
				k.Gemm(g.Rows(0, cut))
				k.Gemm(g.Rows(cut, m))
				require.Equal(t, whole, g.C, "%s: rows cut at %d", name, cut)
				require.Equal(t, wholeSums, g.RowSums, "%s: rows cut at %d", name, cut)
			}
		}
	}
}
