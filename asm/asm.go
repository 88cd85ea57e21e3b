// Package asm holds mien's numeric kernels: functions on slices, each in plain Go and, where it pays, in
// hand-written assembly. It knows no tensors, threads or gradients.
//
// One implementation of every kernel is a [Kernels] value. The plain-Go one, "generic", is written once for
// float32 and float64: at float32 it is the twin against which assembly is tested, at float64 it is what
// gradient checks run on. Assembly exists for float32 only, and for the words of bfloat16 and int8 of products at low
// precision.
//
// Three things are built on the kernels, each in plain Go around an inner loop that is a kernel: products of matrices
// ([Kernels.Gemm]), attention ([Kernels.Attention], [Kernels.AttentionGrad]) and products at low precision
// ([LowKernels.Gemm]). All of them can be cut into parts for threads, and no bit depends on where.
//
// The best implementation that the CPU has is chosen when the program starts. The environment variable
// MIEN_KERNELS (generic, avx2, avx512, neon) forces one; tests switch with [Use]. The build tag purego leaves
// assembly out.
package asm

// Float is the element type of a kernel.
type Float interface{ float32 | float64 }

// Kernels is one implementation of every kernel. Slices of one call have equal lengths unless said otherwise.
// dst may be the same slice as any input of the same length, but may not partly overlap one.
type Kernels[F Float] struct {
	Name string // generic, avx2, avx512, neon

	// MR and NR are the rows and columns of the largest tile, whose sums are in registers. A packed panel has NR columns, or for
	// the last columns of a matrix the next multiple of Lanes.
	MR, NR, Lanes int

	GemmStrip gemmStrip[F]

	// Transpose writes the matrix src [rows, columns] as dst [columns, rows]; ld is the distance between rows.
	Transpose func(dst []F, ldd int, src []F, lds, rows, columns int)
	// CopyRows copies a matrix [rows, columns]. It may set up to Lanes − 1 elements after each row of dst to zero.
	CopyRows func(dst []F, ldd int, src []F, lds, rows, columns int)

	Add   func(dst, a, b []F)       // dst = a + b
	Sub   func(dst, a, b []F)       // dst = a − b
	Mul   func(dst, a, b []F)       // dst = a·b
	Scale func(dst, x []F, s F)     // dst = s·x
	Axpy  func(dst []F, s F, x []F) // dst += s·x
	Dot   func(a, b []F) F          // Σ a·b
	Sum   func(x []F) F             // Σ x

	// SquaredDistance returns Σ (a − b)².
	SquaredDistance func(a, b []F) F

	// Exp computes dst = exp(x − shift).
	Exp func(dst, x []F, shift F)

	// Softmax normalises one row, dst = exp(x − max)/Σ exp(x − max), and returns its
	// log-sum-exp, max + log Σ exp(x − max), which attention's backward pass needs.
	Softmax func(dst, x []F) (lse F)

	// SoftmaxBackward computes dx = y·(dy − Σ y·dy) for one row y of softmax.
	SoftmaxBackward func(dx, y, dy []F)

	// SoftmaxGrad is the second half of it, dx = y·(dy − delta), for those who know delta.
	SoftmaxGrad func(dx, y, dy []F, delta F)

	// GELU computes the exact form, dst = x·Φ(x) = x/2·(1 + erf(x/√2)).
	GELU func(dst, x []F)

	// GELUBackward computes dx = dy·(Φ(x) + x·φ(x)).
	GELUBackward func(dx, x, dy []F)

	// LayerNorm normalises one row, dst = (x − mean)·rstd·gamma + beta with
	// rstd = 1/√(var + eps) and the biased variance, and returns what the backward pass needs.
	LayerNorm func(dst, x, gamma, beta []F, eps F) (mean, rstd F)

	// LayerNormBackward computes, for one row with x̂ = (x − mean)·rstd and g = dy·gamma,
	//
	//	dx = rstd·(g − mean(g) − x̂·mean(g·x̂)),  dgamma += dy·x̂,  dbeta += dy
	LayerNormBackward func(dx, dgamma, dbeta, x, gamma, dy []F, mean, rstd F)

	// AdamW updates parameters p and both moments m, v in place for gradient g.
	AdamW func(p, g, m, v []F, h AdamW)

	// FMALoop runs n rounds of independent multiply-adds on registers alone and returns how many floating-point
	// operations that were: the peak against which GEMM is measured.
	FMALoop func(n int) (flops float64)

	attention attentionKernels[F]

	// BF16 and Int8 multiply at low precision; there are none at float64.
	BF16, Int8 *LowKernels

	blocking blocking
	scratch  freeList[gemmScratch[F]]
}

// gemmStrip computes a strip of C = A·B + addends, tile after tile, for 1 ≤ rows ≤ MR:
//
//	for i < rows, j < columns:
//		s := 0
//		for p < k: s += a[i*lda+p] * op(B)[p][j]
//		for each addend: s += x[(row+i)*ld+column+j]
//		c[i*ldc+j] = s
//
// A is read in place, row-major; b holds panels of op(B), one after the other. add.Column is undefined afterwards.
type gemmStrip[F Float] func(rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F])

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
