package asm

// Products at low precision, for inference: weights are packed once as bf16 or int8, activations are converted in passing,
// and results are float32. W [N, K] is stored out × in, like a layer's weight.
//
// Both precisions read 32-bit words, of two bf16 or of four bytes, that follow one another along K; one instruction multiplies
// words and adds to 32-bit sums. Panels have one layout for all implementations, so what is packed serves whichever is active.

// Precision is the form of a product's operands.
type Precision uint8

const (
	BF16 Precision = iota // sums in float32; relative error about 2e-3 on Gaussian data
	Int8                  // sums are exact; a scale for each row of A and of W; about 1e-2
)

func (p Precision) String() string { return [...]string{"bf16", "int8"}[p] }

// group is how many elements along K share a word.
func (p Precision) group() int { return 2 << p }

const (
	// LowNR is the width of a panel: columns of C are cut between threads at multiples of it.
	LowNR = 32
	// MaxLowK is the longest sum: one of int8 then fits 32 bits, and the largest tile takes some 0.1 ms.
	MaxLowK = 1 << 16
	// sweep is after how many panels C gets what follows the product, while it is still in the cache.
	sweep = 8
)

// LowKernels is one implementation of products at one precision.
type LowKernels struct {
	Name      string // as in Kernels, or of the set whose kernels stand in where an instruction is lacking
	Precision Precision

	// MR is the rows of the largest tile. Rows may be cut anywhere, but tiles with all rows make the best use of the panels.
	MR int

	// Peak runs n rounds of the product's instruction on registers alone and returns how many operations (a multiplication
	// and an addition are two) that were.
	Peak func(n int) (ops float64)

	sweep   func(t *lowSweep)
	convert func(dst []uint32, x []float32) (scale float32) // one row of A
	scratch freeList[lowScratch]
}

// lowSweep is the product of rows ≤ MR rows of A and some panels, a tile for each:
//
//	for q < panels, i < rows, j < LowNR:
//		sum = Σ over s < steps of a[i*lda+s] · b[(q*steps+s)*LowNR+j]
//		c[i*ldc+q*LowNR+j] = sum, which starts with bias[q*LowNR+j] (bf16)
//		c[i*ldc+q*LowNR+j] = sum·columnScales[q*LowNR+j]·rowScales[i] + bias[q*LowNR+j], sum starting with start[q*LowNR+j] (int8)
type lowSweep struct {
	rows, steps, panels int

	a    []uint32
	lda  int
	b    []uint32
	c    []float32
	ldc  int
	bias []float32

	ahead []float32 // activations that are converted next: they may be fetched towards the cache meanwhile

	rowScales, columnScales []float32
	start                   []int32
}

// tile returns the part of one panel.
func (t *lowSweep) tile(q int) (b []uint32, c, bias []float32) {
	return t.b[q*LowNR*t.steps:][:LowNR*t.steps], t.c[q*LowNR:], t.bias[q*LowNR:][:LowNR]
}

// scales returns what int8 has beside it.
func (t *lowSweep) scales(q int) (columnScales []float32, start []int32) {
	return t.columnScales[q*LowNR:][:LowNR], t.start[q*LowNR:][:LowNR]
}

// LowPanels are weights [N, K], packed: panels of LowNR rows of W, in each the first word of every row, then the second …
// Made by PackBF16 and PackInt8.
type LowPanels struct {
	Precision Precision
	N, K      int
	words     []uint32
	scales    []float32 // int8: of each row of W
	start     []int32   // int8: what takes the zero point of A out of a sum
}

// packWords lays out W [n, k], reading its rows a panel at a time. What fills up the last word and the last panel is zero.
func packWords[T uint16 | int8](p Precision, w []T, n, k int) []uint32 {
	if k > MaxLowK {
		panic("asm: a sum at low precision has at most 65536 terms")
	}
	group, steps := p.group(), wordsOf(p, k)
	bits := 32 / group
	mask := uint32(1)<<bits - 1
	words := make([]uint32, roundUp(n, LowNR)*steps)
	for from := 0; from < n; from += LowNR {
		for s := range steps {
			to := words[from*steps+s*LowNR:][:LowNR]
			for j := range min(LowNR, n-from) {
				row := w[(from+j)*k:][:k]
				for i, v := range row[s*group : min((s+1)*group, k)] {
					to[j] |= uint32(v) & mask << (i * bits)
				}
			}
		}
	}
	return words
}

// LowRows are converted activations [M, K], which several products or threads can share. The zero value is ready for Reset, and
// its memory is used again by the next one.
type LowRows struct {
	Precision Precision
	M, K      int
	ld        int // words from row to row
	words     []uint32
	scales    []float32
}

// Reset makes room for activations [m, k] at a precision; Convert fills it.
func (r *LowRows) Reset(p Precision, m, k int) {
	const line = 16
	r.Precision, r.M, r.K = p, m, k
	r.ld = roundUp(wordsOf(p, k), line)
	if r.ld/line%2 == 0 {
		r.ld += line // an odd number of cache lines: the rows of a strip spread over the whole cache
	}
	if n := m * r.ld; cap(r.words) < n {
		r.words = make([]uint32, n)
	}
	if cap(r.scales) < m {
		r.scales = make([]float32, m)
	}
	r.words, r.scales = r.words[:m*r.ld], r.scales[:m]
}

func wordsOf(p Precision, k int) int { return ceilDiv(k, p.group()) }

// Convert fills rows lo ≤ i < hi of r from the float32 activations a, whose rows are lda apart. Threads may convert
// different rows of one r.
func (k *LowKernels) Convert(r *LowRows, a []float32, lda, lo, hi int) {
	mustBe(r.Precision, k.Precision, "activations")
	steps := wordsOf(k.Precision, r.K)
	for i := lo; i < hi; i++ {
		r.scales[i] = k.convert(r.words[i*r.ld:][:steps], a[i*lda:][:r.K])
	}
}
