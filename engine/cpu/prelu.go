package cpu

import "mien/asm"

// preluRows computes rows of dst, x where it is positive and else x·slope, as max(x, 0) − max(−x, 0)·slope: five kernels, one after the other
// on pieces that stay in the first cache. Rows are few numbers, so that a piece has several.
func preluRows[F asm.Float](dst, x, slope []F) {
	k, n := kernels[F](), len(slope)*max(1, reluElements/len(slope))
	slopes := repeated(slope, len(slope), n/len(slope))
	parallel(ceilDiv(len(dst), n), rowGrain(n), func(lo, hi int) {
		zeros, below := make([]F, n), make([]F, n)
		for at := lo * n; at < min(hi*n, len(dst)); at += n {
			m := min(n, len(dst)-at)
			d, v, b := dst[at:at+m], x[at:at+m], below[:m]
			k.Scale(b, v, -1)
			k.Maximum(b, b, zeros[:m])
			k.Mul(b, b, slopes[:m])
			k.Maximum(d, v, zeros[:m])
			k.Sub(d, d, b)
		}
	})
}

// prelus is the same for slopes of their own.
func prelus[F asm.Float](dst, x, slope []F) {
	for i := range dst {
		dst[i] = prelu(x[i], slope[i])
	}
}

func prelu[F asm.Float](x, slope F) F {
	if x > 0 {
		return x
	}
	return x * slope
}
