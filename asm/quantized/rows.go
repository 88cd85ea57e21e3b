package quantized

import "mien/asm/internal/kernel"

// Rows are converted activations [M, K], which several products or threads can share. The zero value is ready for Reset, and
// its memory is used again by the next one.
type Rows struct {
	format format
	M, K   int
	ld     int      // words from row to row
	words  []uint32 // both only grow
	scales []float32
}

// Reset makes room for activations [m, k] in the format of some kernels, whose Convert fills it.
func (r *Rows) Reset(k *Kernels, m, kk int) {
	const line = 16
	r.format, r.M, r.K = k.format, m, kk
	r.ld = kernel.RoundUp(r.format.words(kk), line)
	if r.ld/line%2 == 0 {
		r.ld += line // an odd number of cache lines: the rows of a strip spread over the whole cache
	}
	kernel.Room(&r.words, m*r.ld)
	kernel.Room(&r.scales, m)
}

// Convert fills rows lo ≤ i < hi of r from the float32 activations a, whose rows are lda apart. Threads may convert
// different rows of one r.
func (k *Kernels) Convert(r *Rows, a []float32, lda, lo, hi int) {
	mustBe(r.format, k.format, "activations")
	steps := k.format.words(r.K)
	for i := lo; i < hi; i++ {
		r.scales[i] = k.convert(r.words[i*r.ld:][:steps], a[i*lda:][:r.K])
	}
}
