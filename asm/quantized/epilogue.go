package quantized

import "mien/asm/internal/kernel"

// sumsLD is the distance of rows of sums in working memory.
const sumsLD = sweepColumns + kernel.Skew

// region is the part of C that one sweep computes: some rows and columns, and where their sums are.
type region struct {
	lo, hi, from, to int
	sums             []float32
	ld               int
}

// region chooses where tiles write sums: in C, in Pre, from which the epilogue then computes C, or, where these are bfloat16, in memory
// that stays in L1. Sums that come in pieces wait for the next one in Sums.
func (k *Kernels) region(g *Product, s *scratch, lo, hi, from, to int) region {
	r := region{lo: lo, hi: hi, from: from, to: to}
	switch {
	case g.C16 != nil && (g.resumed || g.unfinished):
		r.sums, r.ld = g.Sums[lo*g.LDSums+from:], g.LDSums
	case g.C16 != nil:
		r.sums, r.ld = kernel.Room(&s.sums, k.MR*sumsLD), sumsLD
	case g.Pre != nil:
		r.sums, r.ld = g.Pre[lo*g.LDPre+from:], g.LDPre
	default:
		r.sums, r.ld = g.C[lo*g.LDC+from:], g.LDC
	}
	return r
}

// row returns the sums of row i.
func (r *region) row(i int) []float32 { return r.sums[(i-r.lo)*r.ld:][:r.to-r.from] }

// narrow returns the bfloat16s of a region that the epilogue writes and reads.
func (g *Product) narrow(r *region) (list [2]narrow) {
	part := func(x []uint16, ld int) narrow { return narrow{kernel.Tail(x, min(r.lo*ld+r.from, len(x))), ld} }
	switch list[0] = part(g.C16, g.LDC); {
	case g.unfinished:
		list[0] = narrow{}
	case g.Pre16 != nil:
		list[1] = part(g.Pre16, g.LDPre)
	case g.Slope16 != nil:
		list[1] = part(g.Slope16, g.LDSlope)
	}
	return list
}

// start returns what the sums of a region start with: a bias, the same for all rows, or what is there.
func (k *Kernels) start(g *Product, r *region) (x []float32, ld int) {
	switch {
	case g.resumed:
		return r.sums, r.ld
	case !g.Accumulate && g.Bias != nil:
		return g.Bias[r.from:r.to], 0
	case !g.Accumulate:
		return zeros[:], 0
	}
	x, ld = r.sums, r.ld
	if g.C16 == nil {
		x, ld = g.C[r.lo*g.LDC+r.from:], g.LDC
	}
	for i := r.lo; i < r.hi; i++ {
		row := x[(i-r.lo)*ld:][:r.to-r.from]
		if g.C16 != nil {
			k.vector.Widen(row, g.C16[i*g.LDC:][r.from:r.to])
		}
		if g.Bias != nil {
			k.vector.Add(row, row, g.Bias[r.from:r.to])
		}
	}
	return x, ld
}

// epilogue applies what follows product and bias to a region of C.
func (k *Kernels) epilogue(g *Product, r *region, s *scratch) {
	switch {
	case g.unfinished:
	case g.C16 != nil:
		k.epilogue16(g, r, s)
	case g.GELU || g.Residual != nil || g.Pre != nil || g.Slope != nil:
		k.epilogue32(g, r)
	}
}

func (k *Kernels) epilogue32(g *Product, r *region) {
	for i := r.lo; i < r.hi; i++ {
		row, x := g.C[i*g.LDC:][r.from:r.to], r.row(i)
		switch {
		case g.GELU:
			k.vector.GELU(row, x)
		case g.Slope != nil:
			k.vector.GELUBackward(row, g.Slope[i*g.LDSlope:][r.from:r.to], x)
		case g.Pre != nil:
			copy(row, x)
		}
		if g.Residual != nil {
			k.vector.Add(row, row, g.Residual[i*g.LDResidual:][r.from:r.to])
		}
	}
}

// epilogue16 computes in float32 and rounds last. GELU has X as its backward pass will read it: rounded.
func (k *Kernels) epilogue16(g *Product, r *region, s *scratch) {
	for i := r.lo; i < r.hi; i++ {
		row, x := g.C16[i*g.LDC:][r.from:r.to], r.row(i)
		pre := row
		if g.Pre16 != nil {
			pre = g.Pre16[i*g.LDPre:][r.from:r.to]
		}
		if g.GELU || g.Pre16 != nil {
			k.vector.Round(pre, x)
		}
		switch {
		case g.GELU:
			k.vector.Widen(x, pre)
			k.vector.GELU(x, x)
		case g.Slope16 != nil:
			slope := s.slope[:len(x)]
			k.vector.Widen(slope, g.Slope16[i*g.LDSlope:][r.from:r.to])
			k.vector.GELUBackward(x, slope, x)
		}
		k.vector.Round(row, x)
	}
}
