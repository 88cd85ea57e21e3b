package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) GroupedGemm(a engine.GroupedArgs) {
	defer c.timedLists("GroupedGemm", 2*float64(a.X.Rows()*a.X.Dim(-1)*a.Y.Dim(-1)), []*engine.Tensor{a.X, a.Y, a.Pre}, a.W)()
	checkGrouped(&a)
	dy := a.Y
	fast := a.Precision == engine.BF16 && asm.F32().BF16.Fast
	if a.Precision == engine.BF16 && !fast {
		defer c.roundGrouped(&a)()
	}
	sameDType("GroupedGemm", a.X, a.Y, a.Pre)
	sameDType("GroupedGemm", a.X, a.W...)
	sameDType("GroupedGemm", a.X, a.B...)
	if fast {
		c.groupedBF16(a)
	} else {
		pick(a.X, groupedGemm[float32], groupedGemm[float64])(a)
	}
	if a.Mode == engine.GroupedWeightGrad {
		c.groupedBiasGrad(a.B, dy, host[int32](a.Offsets)) // not a product, so nothing is rounded
	}
}

// checkGrouped panics if no kernel supports the arguments. It runs on the caller, as a panic on a worker would end the program.
func checkGrouped(a *engine.GroupedArgs) {
	known("GroupedGemm", a.Mode, engine.GroupedWeightGrad)
	for _, w := range a.Packed {
		if isQuantized(w) && (a.Pre != nil || a.Mode != engine.GroupedForward || a.X.DType() != engine.Float32) {
			panic(&engine.ShapeError{Op: "GroupedGemm", Got: w.Precision, Want: "the forward product of float32 without Pre at low precision"})
		}
	}
	if a.Precision > engine.BF16 || a.Precision == engine.BF16 && (a.Packed != nil || a.X.DType() != engine.Float32) {
		panic(&engine.ShapeError{Op: "GroupedGemm", Got: a.Precision, Want: "f32, or bf16 for float32 operands that are not packed"})
	}
}

// groupedGemm splits the work of all groups at once, since one group's alone may be too small. When rows are computed, each
// thread gets the same number of them, across groups; a weight gradient sums over rows, so each thread gets a share of every
// group's matrix.
func groupedGemm[F asm.Float](a engine.GroupedArgs) {
	offsets := host[int32](a.Offsets)
	groups := len(offsets) - 1
	rows := int(offsets[groups])
	k, kernels := a.X.Dim(-1), kernels[F]()
	parts := threadsFor(rows*k*a.Y.Dim(-1), gemmGrain)
	do(parts, func(part int) {
		lo, hi := rows*part/parts, rows*(part+1)/parts
		for e := range groups {
			from, to := int(offsets[e]), int(offsets[e+1])
			switch {
			case from == to:
			case a.Mode == engine.GroupedWeightGrad:
				product := groupProduct(&a, e, to-from)
				g := gemmItem[F](&product, from)
				d := divide(kernels, g, parts)
				for i := d.chunks() * part / parts; i < d.chunks()*(part+1)/parts; i++ {
					multiplyChunk(kernels, g, d, i)
				}
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
	if g := groupProduct(a, e, to-from); isQuantized(g.Packed) {
		quantizedKernels(g.Packed.Precision).Gemm(quantizedItem(&g, from))
	} else {
		k.Gemm(gemmItem[F](&g, from))
	}
}

// groupProduct describes the product of so many rows with group e's weight. Items of its batch start one row apart: item i is the
// product of the rows from i on.
func groupProduct(a *engine.GroupedArgs, e, rows int) engine.GemmArgs {
	n, k := a.Y.Dim(-1), a.X.Dim(-1)
	switch a.Mode {
	case engine.GroupedForward:
		g := engine.GemmArgs{C: a.Y, A: a.X, M: rows, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, AStride: k, CStride: n,
			Bias: a.B[e], Pre: a.Pre, GELU: a.GELU}
		if a.Packed != nil {
			g.Packed = a.Packed[e]
		} else {
			g.B = a.W[e]
		}
		return g
	case engine.GroupedInputGrad:
		return engine.GemmArgs{C: a.X, A: a.Y, B: a.W[e], M: rows, N: k, K: n, LDA: n, LDB: k, LDC: k, AStride: n, CStride: k}
	}
	return engine.GemmArgs{C: a.W[e], A: a.Y, B: a.X, M: n, N: k, K: rows, TransA: true, LDA: n, LDB: k, LDC: k,
		AStride: n, BStride: k, Accumulate: true}
}
