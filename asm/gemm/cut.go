package asm

// Parts of a product, for threads: each computes the bits that the whole would.

// Columns restricts a product to columns lo ≤ j < hi of C. With Packed, lo must be a multiple of NR, and so must hi unless it
// is N.
func (g Gemm[F]) Columns(lo, hi int) Gemm[F] {
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
	if g.Bias != nil {
		g.Bias = g.Bias[lo:hi]
	}
	if g.Pre != nil {
		g.Pre = g.Pre[lo:]
	}
	if g.Residual != nil {
		g.Residual = g.Residual[lo:]
	}
	return g
}

// Rows restricts a product to rows lo ≤ i < hi of C.
func (g Gemm[F]) Rows(lo, hi int) Gemm[F] {
	g.M = hi - lo
	g.C = g.C[lo*g.LDC:]
	if g.TransA {
		g.A = g.A[lo:]
	} else {
		g.A = g.A[lo*g.LDA:]
	}
	if g.Pre != nil {
		g.Pre = g.Pre[lo*g.LDPre:]
	}
	if g.Residual != nil {
		g.Residual = g.Residual[lo*g.LDResidual:]
	}
	return g
}
