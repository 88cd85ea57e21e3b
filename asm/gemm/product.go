package gemm

import "mien/asm/internal/kernel"

// Product describes a product of row-major matrices and its epilogue, applied while the result is in the cache:
//
//	S = op(A)·op(B)  (+ C when Accumulate)
//	X = S + Bias, kept in Pre
//	C = GELU(X) + Residual, or with Slope X·GELU′(Slope)
//
// with op(A) [M, K], op(B) [K, N] and C, Pre, Residual, Slope [M, N]. A transposed operand is stored the other way round, A as
// [K, M] and B as [N, K]; LD is the distance between stored rows. Everything in the last two lines is optional.
type Product[F kernel.Float] struct {
	M, N, K    int
	A          []F
	LDA        int
	TransA     bool
	B          []F
	LDB        int
	TransB     bool
	Packed     *Panels[F] // in place of B: see Pack
	C          []F
	LDC        int
	Accumulate bool

	Bias        []F // [N]
	Pre         []F // the values before GELU, which its backward pass needs
	LDPre       int
	GELU        bool
	Residual    []F // may not overlap C
	LDResidual  int
	Slope       []F // without Pre, GELU and Residual
	LDSlope     int
	RowSums     []F // [M], to which the sums of the rows of op(A) are added; with TransA only, and N > 0
	firstColumn int // of Packed, where Columns has cut
}

// Columns restricts a product to columns lo ≤ j < hi of C, as Rows does to rows: the parts, each on its own thread, are bit
// for bit what the whole would compute. With Packed, lo must be a multiple of NR, and so must hi unless it
// is N.
func (g Product[F]) Columns(lo, hi int) Product[F] {
	g.N = hi - lo
	g.C = g.C[lo:]
	switch {
	case g.Packed != nil:
		g.firstColumn += lo
	case g.TransB:
		g.B = g.B[lo*g.LDB:]
	default:
		g.B = g.B[lo:]
	}
	g.Bias, g.Pre = kernel.Tail(g.Bias, lo), kernel.Tail(g.Pre, lo)
	g.Residual, g.Slope = kernel.Tail(g.Residual, lo), kernel.Tail(g.Slope, lo)
	if lo > 0 { // the first columns have them
		g.RowSums = nil
	}
	return g
}

// Rows restricts a product to rows lo ≤ i < hi of C.
func (g Product[F]) Rows(lo, hi int) Product[F] {
	g.M = hi - lo
	g.C = g.C[lo*g.LDC:]
	if g.TransA {
		g.A = g.A[lo:]
	} else {
		g.A = g.A[lo*g.LDA:]
	}
	g.Pre, g.Residual = kernel.Tail(g.Pre, lo*g.LDPre), kernel.Tail(g.Residual, lo*g.LDResidual)
	g.Slope, g.RowSums = kernel.Tail(g.Slope, lo*g.LDSlope), kernel.Tail(g.RowSums, lo)
	return g
}

// sums is where tiles write: Pre, from which the epilogue then computes C, or C itself.
func (g *Product[F]) sums() (x []F, ld int) {
	if g.Pre != nil {
		return g.Pre, g.LDPre
	}
	return g.C, g.LDC
}
