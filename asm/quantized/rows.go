package quantized

import "mien/asm/internal/kernel"

// Rows are activations [M, K] as words, which several products or threads can share. The zero value is ready for Reset, and its memory is
// used again by the next one.
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

// Bytes returns how much memory r holds.
func (r *Rows) Bytes() int { return 4 * (len(r.words) + len(r.scales)) }

// InPlace returns m lines of kk terms that are read where they are, or nil if they have to be converted. Lines of bfloat16 that follow
// each other are words in memory if each begins with a word.
func (k *Kernels) InPlace(x Operand, m, kk int) *Rows {
	if x.BF16 == nil || x.Across || kk == 0 || kk%2 != 0 || x.LD%2 != 0 {
		return nil
	}
	words := wordsInPlace(x.BF16)
	if words == nil {
		return nil
	}
	return &Rows{format: bf16Format, M: m, K: kk, ld: x.LD / 2, words: words}
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
