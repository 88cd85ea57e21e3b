package quantized

import (
	"fmt"

	"mien/asm/internal/kernel"
)

// Product describes a product and its epilogue, applied while the result is in the cache:
//
//	S = A·B  (+ C when Accumulate)
//	X = S + Bias, kept in Pre
//	C = GELU(X) + Residual, or with Slope X·GELU′(Slope)
//
// with A [M, K], B [K, N], and C, Pre, Residual, Slope [M, N]. Accumulate, Pre, GELU, Bias [N], Residual and Slope are optional.
type Product struct {
	M, N       int
	A          []float32
	LDA        int
	Converted  *Rows // in place of A
	B          *Panels
	C          []float32
	LDC        int
	Bias       []float32
	Accumulate bool

	Pre        []float32
	LDPre      int
	GELU       bool
	Residual   []float32 // may not overlap C
	LDResidual int
	Slope      []float32 // without Pre, GELU and Residual
	LDSlope    int

	firstRow, firstColumn int  // of Converted and of B, where Rows and Columns have cut
	resumed, unfinished   bool // pieces of the sums were added before, and will be after this one
}

// Of sets the operands of all rows and columns that are left of C.
func (g Product) Of(a *Rows, b *Panels) Product {
	g.A, g.Converted, g.firstRow = nil, a, 0
	g.B, g.firstColumn = b, 0
	return g
}

// Piece makes a product one of several pieces of the same sums, of other terms each, that run in order. Wherever sums are cut between
// words, they have the same bits: a piece begins with what the one before it has left.
func (g Product) Piece(first, last bool) Product {
	g.resumed, g.unfinished = !first, !last
	return g
}

// sums is where tiles write: Pre, from which the epilogue then computes C, or C itself.
func (g *Product) sums() (x []float32, ld int) {
	if g.Pre != nil {
		return g.Pre, g.LDPre
	}
	return g.C, g.LDC
}

// Rows restricts a product to rows lo ≤ i < hi of C.
func (g Product) Rows(lo, hi int) Product {
	g.M = hi - lo
	g.C = g.C[lo*g.LDC:]
	g.firstRow += lo
	if g.Converted == nil {
		g.A = g.A[lo*g.LDA:]
	}
	g.Pre, g.Residual = kernel.Tail(g.Pre, lo*g.LDPre), kernel.Tail(g.Residual, lo*g.LDResidual)
	g.Slope = kernel.Tail(g.Slope, lo*g.LDSlope)
	return g
}

// Columns restricts a product to columns lo ≤ j < hi of C. lo must be a multiple of NR, and so must hi unless it is N.
func (g Product) Columns(lo, hi int) Product {
	g.N = hi - lo
	g.C = g.C[min(lo, len(g.C)):] // there are no rows of no rows
	g.firstColumn += lo
	g.Bias = kernel.Tail(g.Bias, lo)
	if g.Pre != nil {
		g.Pre = g.Pre[min(lo, len(g.Pre)):]
	}
	g.Residual, g.Slope = g.Residual[min(lo, len(g.Residual)):], g.Slope[min(lo, len(g.Slope)):]
	return g
}

// check panics on operands that do not match: a bug in the program.
func (g *Product) check(f format) {
	last := g.firstColumn + g.N
	if g.Converted != nil {
		mustBe(g.Converted.format, f, "activations")
	}
	if g.Accumulate || g.resumed {
		mustBe(bf16Format, f, "a product onto C")
	}
	mustBe(g.B.format, f, "weights")
	switch {
	case last > g.B.N || g.Converted != nil && (g.Converted.K != g.B.K || g.firstRow+g.M > g.Converted.M):
		panic(fmt.Sprintf("quantized: weights [%d, %d] do not serve %d rows, columns %d to %d", g.B.N, g.B.K, g.M, g.firstColumn, last))
	case g.firstColumn%NR != 0 || last%NR != 0 && last != g.B.N:
		panic(fmt.Sprintf("quantized: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, NR))
	}
}

func mustBe(got, want format, what string) {
	if got != want {
		panic(fmt.Sprintf("quantized: %s of %s met the kernels of %s", what, got.name, want.name))
	}
}
