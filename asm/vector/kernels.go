// Package vector holds the kernels on slices: elementwise functions, conversions, reductions, and functions of a row such as softmax and layer
// norm.
//
// The files of a kernel share a prefix, and the ending of the name says what is in a file: reference is plain Go, for any float type;
// simd holds the wrappers that AVX2 and NEON share, whose assembly has the same functions; avx2, avx512 and neon are for one
// instruction set.
package vector

import "mien/asm/internal/kernel"

// Kernels is one implementation of every kernel on slices. Slices of one call have equal lengths unless said otherwise. dst may be
// the same slice as any input of the same length, but may not partly overlap one.
type Kernels[F kernel.Float] struct {
	Add     func(dst, a, b []F)       // dst = a + b
	Sub     func(dst, a, b []F)       // dst = a − b
	Mul     func(dst, a, b []F)       // dst = a·b
	Maximum func(dst, a, b []F)       // dst = max(a, b), NaN if either is; zeros of either sign are alike
	MulAdd  func(dst, a, b []F)       // dst += a·b
	Scale   func(dst, x []F, s F)     // dst = s·x
	Axpy    func(dst []F, s F, x []F) // dst += s·x

	Dot             func(a, b []F) F // Σ a·b
	Sum             func(x []F) F    // Σ x
	SquaredDistance func(a, b []F) F // Σ (a − b)²

	// Exp computes dst = exp(x − shift).
	Exp func(dst, x []F, shift F)

	// Softmax normalises one row, dst = exp(x − max)/Σ exp(x − max), and returns its
	// log-sum-exp, max + log Σ exp(x − max), which attention's backward pass needs.
	Softmax func(dst, x []F) (lse F)

	// SoftmaxBackward computes dx = y·(dy − Σ y·dy) for one row y of softmax.
	SoftmaxBackward func(dx, y, dy []F)

	// SoftmaxGrad is the second half of it, dx = y·(dy − delta), for a delta computed before.
	SoftmaxGrad func(dx, y, dy []F, delta F)

	// OnlineSoftmax is a step of softmax on rows that come in pieces, here n logits of each row, lds apart. The logits of row r so
	// far have the maximum top[r] and the sum sum[r] of exp(s − top); before the first piece these are the lowest float32 (not −∞, as −∞ less
	// −∞ is NaN) and 0. With m the maximum of top[r] and the row:
	//
	//	alpha[r] = exp(top[r] − m);  s = exp(s − m);  sum[r] = alpha[r]·sum[r] + Σ s;  top[r] = m
	//
	// The three slices have room for a multiple of sixteen rows.
	OnlineSoftmax func(s []F, lds, rows, n int, top, sum, alpha []F)

	// LogSumExp ends the online softmax of logits scale·s: lse[r] = scale·top[r] + log(sum[r]), and inverse[r] = 1/sum[r] is what rows of
	// weighted values are multiplied with. The slices have equal lengths.
	LogSumExp func(lse, inverse, top, sum []F, scale F)

	// ScaleRows computes rows of n elements, dst = factors[r]·src, or factors[0] for all when it is the only one; dst may be src.
	ScaleRows func(dst []F, ldd int, src []F, lds, rows, n int, factors []F)

	// LogitGrad turns logits and gradients of probabilities into probabilities and gradients of logits, row r of n columns:
	//
	//	s = exp(s − lse[r]);  dp = s·(dp − delta[r])
	LogitGrad func(s, dp []F, ld, rows, n int, lse, delta []F)

	// GELU computes the exact form, dst = x·Φ(x) = x/2·(1 + erf(x/√2)).
	GELU func(dst, x []F)

	// GELUBackward computes dx = dy·(Φ(x) + x·φ(x)).
	GELUBackward func(dx, x, dy []F)

	// LayerNorm normalises one row, dst = (x − mean)·rstd·gamma + beta with
	// rstd = 1/√(var + eps) and the biased variance, and returns what the backward pass needs.
	LayerNorm func(dst, x, gamma, beta []F, eps F) (mean, rstd F)

	// LayerNormBackward computes, for one row with x̂ = (x − mean)·rstd and g = dy·gamma,
	//
	//	dx += rstd·(g − mean(g) − x̂·mean(g·x̂)),  dgamma += dy·x̂,  dbeta += dy
	LayerNormBackward func(dx, dgamma, dbeta, x, gamma, dy []F, mean, rstd F)

	// Round rounds to bfloat16, to nearest with ties to even, and Widen converts back, exactly. Subnormal numbers are like all others; NaN
	// becomes a quiet NaN. dst and x are different memory.
	Round func(dst []uint16, x []F)
	Widen func(dst []F, x []uint16)

	// AdamW updates parameters p and both moments m, v in place for gradient g.
	AdamW func(p, g, m, v []F, h AdamW)

	// Words is nil on a CPU without instructions for bfloat16.
	Words *Words[F]

	// Bytes is nil on a CPU without AVX512_VNNI.
	Bytes *Bytes[F]
}

// AdamW holds the numbers of one optimizer step (Loshchilov & Hutter 2019, algorithm 2):
//
//	p *= 1 − LR·Decay
//	m  = Beta1·m + (1 − Beta1)·g·GradScale
//	v  = Beta2·v + (1 − Beta2)·(g·GradScale)²
//	p −= LR/Correct1 · m / (√(v/Correct2) + Eps)
//
// with Correct1 = 1 − Beta1^t and Correct2 = 1 − Beta2^t at step t.
type AdamW struct {
	LR, Beta1, Beta2, Eps, Decay float64
	Correct1, Correct2           float64
	GradScale                    float64 // gradient clipping's factor, 1 without clipping
}

// New returns the kernels of an instruction set, which the CPU must have.
func New(set kernel.Set) *Kernels[float32] {
	if set == kernel.Generic {
		return Reference[float32]()
	}
	return assembly(set)
}

// Reference is plain Go for any float type.
func Reference[F kernel.Float]() *Kernels[F] {
	return &Kernels[F]{
		Add: addReference[F], Sub: subReference[F], Mul: mulReference[F], Maximum: maximumReference[F], MulAdd: mulAddReference[F], Scale: scaleReference[F], Axpy: axpyReference[F],
		Dot: dotReference[F], Sum: sumReference[F], SquaredDistance: squaredDistanceReference[F],
		Exp: expReference[F], Softmax: softmaxReference[F],
		SoftmaxBackward: softmaxBackwardReference[F], SoftmaxGrad: softmaxGradReference[F],
		OnlineSoftmax: onlineSoftmaxReference[F], LogSumExp: logSumExpReference[F], ScaleRows: scaleRows(scaleReference[F]),
		LogitGrad: logitGrad(expReference[F], softmaxGradReference[F]),
		GELU:      geluReference[F], GELUBackward: geluBackwardReference[F],
		LayerNorm: layerNormReference[F], LayerNormBackward: layerNormBackwardReference[F], AdamW: adamWReference[F],
		Round: roundReference[F], Widen: widenReference[F],
	}
}
