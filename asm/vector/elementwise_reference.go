package asm

// Elementwise kernels and reductions in plain Go. Slices are cut to one length first, which lets the compiler
// drop bounds checks.

func addGeneric[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func subGeneric[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mulGeneric[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func scaleGeneric[F Float](dst, x []F, s F) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = s * x[i]
	}
}

func axpyGeneric[F Float](dst []F, s F, x []F) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += s * x[i]
	}
}

func dotGeneric[F Float](a, b []F) F {
	b = b[:len(a)]
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return F(sum)
}

func sumGeneric[F Float](x []F) F {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return F(sum)
}

func squaredDistanceGeneric[F Float](a, b []F) F {
	b = b[:len(a)]
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return F(sum)
}

// gemmStripGeneric is the twin of the assembly, which leaves sums without terms to it.
func gemmStripGeneric[F Float](rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F]) {
	tileByTile(genericNR, gemmTileGeneric[F])(rows, columns, k, a, lda, b, c, ldc, add)
}

// gemmTileGeneric computes a tile of at most 4×8 in local accumulators.
func gemmTileGeneric[F Float](rows, columns, k int, a []F, lda int, b []F, c []F, ldc int, add *Addends[F]) {
	for i := range rows {
		var s [genericNR]F
		row := a[i*lda:]
		for p := range k {
			v := row[p]
			panel := b[p*genericNR : (p+1)*genericNR]
			for j := range s {
				s[j] += v * panel[j]
			}
		}
		add.addTo(s[:columns], i)
		copy(c[i*ldc:], s[:columns])
	}
}

// The generic tile.
const (
	genericMR = 4
	genericNR = 8
)

// generic is plain Go for any float type.
func generic[F Float]() *Kernels[F] {
	k := &Kernels[F]{
		Name: "generic", MR: genericMR, NR: genericNR, Lanes: genericNR,
		GemmStrip: gemmStripGeneric[F], Transpose: transpose[F], CopyRows: copyRowsGeneric[F],
		Add: addGeneric[F], Sub: subGeneric[F], Mul: mulGeneric[F],
		Scale: scaleGeneric[F], Axpy: axpyGeneric[F], Dot: dotGeneric[F], Sum: sumGeneric[F],
		SquaredDistance: squaredDistanceGeneric[F],
		Exp:             expGeneric[F], Softmax: softmaxGeneric[F],
		SoftmaxBackward: softmaxBackwardGeneric[F], SoftmaxGrad: softmaxGradGeneric[F],
		GELU: geluGeneric[F], GELUBackward: geluBackwardGeneric[F],
		LayerNorm: layerNormGeneric[F], LayerNormBackward: layerNormBackwardGeneric[F], AdamW: adamWGeneric[F],
		FMALoop: fmaLoopGeneric[F],
	}
	return k.finish()
}

// fmaLoopGeneric keeps eight sums in registers.
func fmaLoopGeneric[F Float](n int) float64 {
	var s0, s1, s2, s3, s4, s5, s6, s7 F
	x := F(n) * 1e-30
	for range n {
		s0, s1, s2, s3 = s0*x+x, s1*x+x, s2*x+x, s3*x+x
		s4, s5, s6, s7 = s4*x+x, s5*x+x, s6*x+x, s7*x+x
	}
	if s0+s1+s2+s3+s4+s5+s6+s7 == 1 {
		return 0 // never: it only keeps the sums alive
	}
	return 16 * float64(n)
}
