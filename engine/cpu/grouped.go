package cpu

import (
	"mien/asm"
	"mien/asm/gemm"
	"mien/asm/quantized"
	"mien/engine"
)

func (c *Backend) GroupedGemm(a engine.GroupedArgs) {
	checkGrouped(&a)
	dy := a.Y
	if a.Precision == engine.BF16 {
		defer c.roundGrouped(&a)()
	}
	sameDType("GroupedGemm", a.X, a.Y, a.Pre)
	sameDType("GroupedGemm", a.X, a.W...)
	sameDType("GroupedGemm", a.X, a.B...)
	pick(a.X, groupedGemm[float32], groupedGemm[float64])(a)
	if a.Mode == engine.GroupedWeightGrad {
		c.groupedBiasGrad(a.B, dy, host[int32](a.Offsets)) // no product, so nothing is rounded
	}
}

// checkGrouped panics where kernels lack what is asked for, here, as a panic on a worker would end the program.
func checkGrouped(a *engine.GroupedArgs) {
	if a.Mode > engine.GroupedWeightGrad {
		panic(unsupported("GroupedGemm", a.Mode))
	}
	for _, w := range a.Packed {
		if isQuantized(w) && (a.Pre != nil || a.Mode != engine.GroupedForward || a.X.DType() != engine.Float32) {
			panic(&engine.ShapeError{Op: "GroupedGemm", Got: w.Precision, Want: "the forward product of float32 without Pre at low precision"})
		}
	}
	if a.Precision > engine.BF16 || a.Precision == engine.BF16 && (a.Packed != nil || a.X.DType() != engine.Float32) {
		panic(&engine.ShapeError{Op: "GroupedGemm", Got: a.Precision, Want: "f32, or bf16 for float32 operands that are not packed"})
	}
}

// groupedGemm divides the work over threads once for all groups, since one group's may not repay it. Where rows are computed,
// each thread gets as many, wherever they fall; a gradient of weights sums over rows, so each thread gets a share of every
// group's matrix.
func groupedGemm[F asm.Float](a engine.GroupedArgs) {
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
			case a.Mode == engine.GroupedWeightGrad:
				g := groupItem[F](&a, e, from, to)
				d := divide(kernels, g, parts)
				d.shares = parts
				multiplyShare(kernels, g, d, part)
			case max(from, lo) < min(to, hi):
				multiplyGroup(kernels, &a, e, max(from, lo), min(to, hi))
			}
		}
	})
}

// groupedBiasGrad adds the rows of each group.
func (c *Backend) groupedBiasGrad(db []*engine.Tensor, dy *engine.Tensor, offsets []int32) {
	for e := range db {
		if from, to := int(offsets[e]), int(offsets[e+1]); from < to {
			rows := dy.Range(from, to)
			c.SumTo(db[e], rows, true)
			rows.Free()
		}
	}
}

// multiplyGroup multiplies rows from to to with group e's weight, at the weight's precision.
func multiplyGroup[F asm.Float](k *asm.Kernels[F], a *engine.GroupedArgs, e, from, to int) {
	if a.Packed == nil || !isQuantized(a.Packed[e]) {
		k.Gemm(groupItem[F](a, e, from, to))
		return
	}
	in, out := a.X.Dim(-1), a.Y.Dim(-1)
	quantizedKernels(a.Packed[e].Precision).Gemm(quantized.Product{M: to - from, N: out, A: host[float32](a.X)[from*in : to*in], LDA: in,
		B: a.Packed[e].Form.(*quantized.Panels), C: host[float32](a.Y)[from*out : to*out], LDC: out,
		Bias: host[float32](a.B[e]), GELU: a.GELU})
}

// groupItem describes the product of rows from to to with group e's weight.
func groupItem[F asm.Float](a *engine.GroupedArgs, e, from, to int) gemm.Product[F] {
	m, n, k := to-from, a.Y.Dim(-1), a.X.Dim(-1)
	x, y := host[F](a.X)[from*k:to*k], host[F](a.Y)[from*n:to*n]
	switch a.Mode {
	case engine.GroupedForward:
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
	case engine.GroupedInputGrad:
		return gemm.Product[F]{M: m, N: k, K: n, A: y, LDA: n, B: host[F](a.W[e]), LDB: k, C: x, LDC: k}
	}
	return gemm.Product[F]{M: n, N: k, K: m, A: y, LDA: n, TransA: true, B: x, LDB: k,
		C: host[F](a.W[e]), LDC: k, Accumulate: true}
}
