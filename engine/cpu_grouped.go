package engine

import (
	"mien/asm"
	"mien/asm/gemm"
	"mien/asm/quantized"
)

func (c *CPU) GroupedGemm(a GroupedArgs) {
	a.checkLow()
	pick(a.X, groupedGemm[float32], groupedGemm[float64])(c, a)
}

// checkLow panics where kernels of low precision lack what is asked for, here, as a panic on a thread of the product would end
// the program.
func (a *GroupedArgs) checkLow() {
	for _, w := range a.Packed {
		if w.low() && (a.Pre != nil || a.Mode != GroupedForward) {
			panic(&ShapeError{Op: "GroupedGemm", Got: w.Precision, Want: "the forward product without Pre at low precision"})
		}
	}
}

// groupedGemm divides the work over threads once for all groups, since one group's may not repay it. Where rows are computed,
// each thread gets as many, wherever they fall; a gradient of weights sums over rows, so each thread gets a share of every
// group's matrix.
func groupedGemm[F asm.Float](c *CPU, a GroupedArgs) {
	offsets := host[int32](a.Offsets)
	groups := len(offsets) - 1
	rows := int(offsets[groups])
	k, kernels := a.X.Dim(-1), kernels[F]()
	parts := gemmParts(rows * k * a.Y.Dim(-1))
	do(parts, func(part int) {
		lo, hi := rows*part/parts, rows*(part+1)/parts
		for e := range groups {
			from, to := int(offsets[e]), int(offsets[e+1])
			switch {
			case from == to:
			case a.Mode == GroupedWeightGrad:
				g := groupItem[F](&a, e, from, to)
				d := divide(kernels, g, parts)
				d.shares = parts
				multiplyShare(kernels, g, d, part)
			case max(from, lo) < min(to, hi):
				multiplyGroup(kernels, &a, e, max(from, lo), min(to, hi))
			}
		}
	})
	if a.Mode == GroupedWeightGrad {
		for e := range a.B {
			if from, to := int(offsets[e]), int(offsets[e+1]); from < to {
				c.SumTo(a.B[e], subRows(a.Y, from, to), true)
			}
		}
	}
}

// multiplyGroup multiplies rows from to to with group e's weight, at the weight's precision.
func multiplyGroup[F asm.Float](k *asm.Kernels[F], a *GroupedArgs, e, from, to int) {
	if a.Packed == nil || !a.Packed[e].low() {
		k.Gemm(groupItem[F](a, e, from, to))
		return
	}
	in, out := a.X.Dim(-1), a.Y.Dim(-1)
	lowKernels(a.Packed[e].Precision).Gemm(quantized.Product{M: to - from, N: out, A: host[float32](a.X)[from*in : to*in], LDA: in,
		B: a.Packed[e].Form.(*quantized.Panels), C: host[float32](a.Y)[from*out : to*out], LDC: out,
		Bias: host[float32](a.B[e]), GELU: a.GELU})
}

// groupItem describes the product of rows from to to with group e's weight.
func groupItem[F asm.Float](a *GroupedArgs, e, from, to int) gemm.Product[F] {
	m, n, k := to-from, a.Y.Dim(-1), a.X.Dim(-1)
	x, y := host[F](a.X)[from*k:to*k], host[F](a.Y)[from*n:to*n]
	switch a.Mode {
	case GroupedForward:
		g := gemm.Product[F]{M: m, N: n, K: k, A: x, LDA: k, C: y, LDC: n, Bias: host[F](a.B[e]), GELU: a.GELU}
		if a.Packed != nil {
			g.Packed = a.Packed[e].Form.(*gemm.Panels[F])
		} else {
			g.B, g.LDB, g.TransB = host[F](a.W[e]), k, true
		}
		if a.Pre != nil {
			g.Pre, g.LDPre = host[F](a.Pre)[from*n:to*n], n
		}
		return g
	case GroupedInputGrad:
		return gemm.Product[F]{M: m, N: k, K: n, A: y, LDA: n, B: host[F](a.W[e]), LDB: k, C: x, LDC: k}
	}
	return gemm.Product[F]{M: n, N: k, K: m, A: y, LDA: n, TransA: true, B: x, LDB: k,
		C: host[F](a.W[e]), LDC: k, Accumulate: true}
}

// subRows is a view that borrows t's reference.
func subRows(t *Tensor, from, to int) *Tensor {
	n := t.Dim(-1)
	return &Tensor{shape: []int{to - from, n}, dtype: t.dtype, offset: t.offset + from*n, store: t.store}
}
