package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
	"mien/asm/vector"
)

// A packed matrix gives bit for bit the result of the unpacked one, whole and in columns cut at panels.
func TestPackedGemmHasTheBitsOfUnpacked(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, k := range implementations() {
		for _, size := range [][3]int{{1, 1, 1}, {7, 7, 128}, {5, 32, 33}, {13, 3*k.NR + 5, 50}, {9, 2 * k.NR, 2*maxKC + 7},
			{3, k.blocking.columns(3, 200) + k.NR + 1, 200}, {4, 5, 0}, {0, 4, 3}} {
			for form := range 4 {
				m, n, kk, transB := size[0], size[1], size[2], form&1 > 0
				name := fmt.Sprintf("%s %v form %d", k.Name, size, form)
				start := kerneltest.Normals(rng, m*n)
				g := Product[float32]{M: m, N: n, K: kk, A: kerneltest.Normals(rng, m*kk), LDA: kk, B: kerneltest.Normals(rng, kk*n), LDB: n, TransB: transB,
					C: append([]float32(nil), start...), LDC: n, Bias: kerneltest.Normals(rng, n), Accumulate: form&2 > 0}
				if transB {
					g.LDB = kk
				}
				k.Gemm(g)
				want := g.C

				g.Packed = k.Pack(nil, g.B, g.LDB, transB, kk, n)
				g.B, g.C = nil, append([]float32(nil), start...)
				k.Gemm(g)
				require.Equal(t, want, g.C, name)

				g.C = append([]float32(nil), start...)
				for lo := 0; lo < n; lo += 2 * k.NR {
					k.Gemm(g.Columns(lo, min(lo+2*k.NR, n)))
				}
				require.Equal(t, want, g.C, "%s in columns", name)
			}
		}
	}
}

// Panels filled a few columns at a time, the last ones first, are those of the whole matrix.
func TestPanelsAreFilledInParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	for _, k := range implementations() {
		n, kk := 3*k.NR+5, 2*maxKC+7
		b := kerneltest.Normals(rng, n*kk)
		for _, trans := range []bool{false, true} {
			ldb := n
			if trans {
				ldb = kk
			}
			want, p := k.Pack(nil, b, ldb, trans, kk, n), k.NewPanels(make([]float32, k.PanelsLen(kk, n)), kk, n)
			p.Fill(b, ldb, trans, 2*k.NR, n)
			p.Fill(b, ldb, trans, 0, 2*k.NR)
			require.Equal(t, want.data, p.data, "%s, transposed %v", k.Name, trans)
		}
	}
}

func TestPackUsesTheMemoryGiven(t *testing.T) {
	for _, k := range implementations() {
		a := &kerneltest.Arena{T: t}
		b, dst := a.Slice(make([]float64, 70*30), 1), a.Slice(make([]float64, k.PanelsLen(30, 70)), 3)
		p := k.Pack(dst, b, 30, true, 30, 70)
		a.Check()
		require.Equal(t, []int{30, 70}, []int{p.K, p.N})
		require.Same(t, &dst[0], &p.data[0])
	}
}

func TestPanelsAreBoundToTheirKernels(t *testing.T) {
	k := implementations()[0]
	other := Reference(vector.Reference[float32]())
	other.Name = "other"
	b := make([]float32, 5*300)
	g := Product[float32]{M: 2, N: 300, K: 5, A: make([]float32, 10), LDA: 5, C: make([]float32, 600), LDC: 300,
		Packed: k.Pack(nil, b, 300, false, 5, 300)}
	require.PanicsWithValue(t, "gemm: a matrix packed by the "+k.Name+" kernels met the other kernels", func() { other.Gemm(g) })
	wrong := g
	wrong.K = 4
	require.PanicsWithValue(t, "gemm: a packed matrix [5, 300] where [4, 0…300] is wanted", func() { k.Gemm(wrong) })
	require.Panics(t, func() { k.Gemm(g.Columns(1, 300)) }, "a cut inside a panel")
	require.Panics(t, func() { k.Gemm(g.Columns(0, k.NR+1)) }, "a cut inside a panel")
	require.NotPanics(t, func() { k.Gemm(g.Columns(k.NR, 300)) })
}

// applyEpilogue applies the epilogue of g to its product c.
func applyEpilogue(k *Kernels[float32], g *Product[float32], c, pre []float32) {
	for r := range g.M {
		row := c[r*g.LDC:][:g.N]
		if g.Bias != nil {
			k.vector.Add(row, row, g.Bias)
		}
		if g.Pre != nil {
			copy(pre[r*g.LDPre:], row)
		}
		if g.GELU {
			k.vector.GELU(row, row)
		}
		if g.Residual != nil {
			k.vector.Add(row, row, g.Residual[r*g.LDResidual:][:g.N])
		}
	}
}

// The epilogue is bit for bit what the row kernels compute after the product, wherever C is cut.
func TestGemmEpilogue(t *testing.T) {
	const m, n, kk, ld = 23, 150, 900, 153
	rng := rand.New(rand.NewPCG(3, 9))
	for _, k := range implementations() {
		for form := range 32 {
			name := fmt.Sprintf("%s form %d", k.Name, form)
			start := kerneltest.Normals(rng, m*ld)
			g := Product[float32]{M: m, N: n, K: kk, A: kerneltest.Normals(rng, m*kk), LDA: kk, B: kerneltest.Normals(rng, kk*n), LDB: n,
				C: append([]float32(nil), start...), LDC: ld, Accumulate: form&1 > 0}
			k.Gemm(g)
			want, wantPre := g.C, kerneltest.Normals(rng, m*(ld+1))
			pre := append([]float32(nil), wantPre...)
			if form&2 > 0 {
				g.Bias = kerneltest.Normals(rng, n)
			}
			if form&4 > 0 {
				g.Pre, g.LDPre = pre, ld+1
			}
			g.GELU = form&8 > 0
			if form&16 > 0 {
				g.Residual, g.LDResidual = kerneltest.Normals(rng, m*(ld+2)), ld+2
			}
			applyEpilogue(k, &g, want, wantPre)
			g.C = append([]float32(nil), start...)
			k.Gemm(g)
			require.Equal(t, want, g.C, name)
			require.Equal(t, wantPre, pre, name)

			g.C = append([]float32(nil), start...)
			clear(pre)
			for _, part := range []Product[float32]{g.Rows(0, 9).Columns(0, 70), g.Columns(0, 70).Rows(9, m), g.Columns(70, n)} {
				k.Gemm(part)
			}
			require.Equal(t, want, g.C, "%s in parts", name)
			if g.Pre != nil {
				for r := range m {
					require.Equal(t, wantPre[r*g.LDPre:][:n], pre[r*g.LDPre:][:n], "%s in parts", name)
				}
			}
		}
	}
}

// Transpose and CopyRows are compared with their references, between guards.
func TestTransposeAndCopyRows(t *testing.T) {
	edges := []int{1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 67}
	rng := rand.New(rand.NewPCG(4, 9))
	for _, k := range implementations() {
		for _, rows := range edges {
			for _, columns := range edges {
				a := &kerneltest.Arena{T: t}
				lds, ldd := columns+3, rows+2
				src := kerneltest.Normals(rng, rows*lds)
				dst := a.Slice(make([]float64, (columns-1)*ldd+rows), 1)
				k.Transpose(dst, ldd, src[:(rows-1)*lds+columns], lds, rows, columns)
				a.Check()
				want := make([]float32, len(dst))
				transposeReference(want, ldd, src, lds, rows, columns)
				require.Equal(t, want, dst, "%s: %d×%d transposed", k.Name, rows, columns)

				ldd = kernel.RoundUp(columns, k.Lanes) + 1
				dst = a.Slice(make([]float64, rows*ldd-1), 2)
				k.CopyRows(dst, ldd, src[:(rows-1)*lds+columns], lds, rows, columns)
				a.Check()
				want = make([]float32, len(dst))
				copyRowsReference(want, ldd, src, lds, rows, columns)
				require.Equal(t, want, dst, "%s: %d×%d copied", k.Name, rows, columns)
			}
		}
	}
}
