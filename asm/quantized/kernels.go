// Package quantized multiplies at low precision, with sums in float32. For inference, weights are packed once as bfloat16 or int8, and
// activations are converted on the fly; W [N, K] is stored out × in, like a layer's weight. For training at bfloat16, both operands are
// converted, however they are stored (operand.go). Results are float32, or at bfloat16 may be bfloat16 themselves (epilogue.go).
//
// Both formats read 32-bit words, of two bf16 or of four bytes, that follow one another along K; one instruction multiplies words
// and adds to 32-bit sums. Panels have one layout for all implementations, so packed weights work with any of them.
//
// Each format has its reference and its assembly under one prefix, bf16 and int8; file name endings are those of package vector.
package quantized

import (
	"mien/asm/internal/kernel"
	"mien/asm/vector"
)

const (
	// NR is the width of a panel: columns of C are cut between threads at multiples of it.
	NR = 32
	// MaxK is the longest sum: one of int8 then fits 32 bits, and the largest tile takes some 0.1 ms.
	MaxK = 1 << 16
	// sweepColumns are the columns after which the epilogue is applied to C, while it is still in the cache: those of eight panels.
	sweepColumns = 8 * NR
)

// format is the form of a product's operands.
type format struct {
	name  string
	group int // elements along K that share a word
}

var (
	bf16Format = format{"bf16", 2} // sums in float32; relative error about 2e-3 on Gaussian data
	int8Format = format{"int8", 4} // sums are exact; a scale for each row of A and of W; about 1e-2
)

// words returns how many words a row of k elements fills. An empty row is one word of zeros, so that empty sums are no special case.
func (f format) words(k int) int { return max(1, kernel.CeilDiv(k, f.group)) }

// Kernels is one implementation of products of one format.
type Kernels struct {
	Name   string // of the set of kernels, or of the one whose kernels stand in where an instruction is lacking
	format format

	// MR is the rows of the largest tile. Rows may be cut anywhere, but tiles with all rows make the best use of the panels.
	MR int

	// Peak runs n rounds of the product's instruction on registers alone and returns the number of operations (a multiplication
	// and an addition are two).
	Peak func(n int) (ops float64)

	// Fast tells whether products of operands that are not packed before ([Product.Of]) take less time than at float32.
	Fast bool

	sweep   func(t *sweep)
	convert func(dst []uint32, x []float32) (scale float32) // one row of A
	words   *wordKernels                                    // for operands that are not packed before; bf16 only
	vector  *vector.Kernels[float32]                        // for the epilogue
	scratch kernel.FreeList[scratch]
}

// Words returns how many words so many terms of a sum fill in a row or column.
func (k *Kernels) Words(terms int) int { return k.format.words(terms) }

// sweep is the product of rows ≤ MR rows of A and some panels, a tile for each, all of at least one row, panel and step:
//
//	for q < panels, i < rows, j < NR:
//		sum = Σ over s < steps of a[i*lda+s] · b[(q*steps+s)*NR+j]
//		c[i*ldc+q*NR+j] = sum, which starts with bias[i*ldBias+q*NR+j] (bf16)
//		c[i*ldc+q*NR+j] = sum·columnScales[q*NR+j]·rowScales[i] + bias[q*NR+j], sum starting with start[q*NR+j] (int8)
type sweep struct {
	rows, steps, panels int

	a    []uint32
	lda  int
	b    []uint32
	c    []float32
	ldc  int
	bias []float32

	ldBias int // 0 where all rows start with the same

	ahead  ahead
	narrow [2]narrow // what the epilogue writes and reads in place of c, and may be prefetched, too

	rowScales, columnScales []float32
	start                   []int32
}

// narrow is a matrix of bfloat16s.
type narrow struct {
	rows []uint16
	ld   int
}

// tile returns the part of one panel.
func (t *sweep) tile(q int) (b []uint32, c, bias []float32) {
	return t.b[q*NR*t.steps:][:NR*t.steps], t.c[q*NR:], t.bias[q*NR:]
}

// bounds panics if a sweep would exceed its slices, which assembly does not check.
func (t *sweep) bounds() {
	columns := t.panels * NR
	_, _ = t.a[(t.rows-1)*t.lda+t.steps-1], t.b[columns*t.steps-1]
	_, _ = t.c[(t.rows-1)*t.ldc+columns-1], t.bias[(t.rows-1)*t.ldBias+columns-1]
	if t.columnScales != nil {
		_, _, _ = t.rowScales[t.rows-1], t.columnScales[columns-1], t.start[columns-1]
	}
}

// NewBF16 returns the kernels for bfloat16 of an instruction set, which the CPU must have; v are its kernels on slices.
func NewBF16(set kernel.Set, v *vector.Kernels[float32]) *Kernels {
	k := bf16Reference()
	if set != kernel.Generic {
		k = bf16Assembly(set)
	}
	k.vector = v
	return k
}

// NewInt8 does the same for int8.
func NewInt8(set kernel.Set, v *vector.Kernels[float32]) *Kernels {
	k := int8Reference()
	if set != kernel.Generic {
		k = int8Assembly(set)
	}
	k.vector = v
	return k
}

// peakReference multiplies in the cache: plain Go cannot keep an array in registers.
func peakReference(f format, multiply func(t *sweep)) func(n int) float64 {
	const steps = 32
	return func(n int) float64 {
		var c [NR]float32
		t := &sweep{rows: 1, steps: steps, panels: 1, a: make([]uint32, steps), b: make([]uint32, steps*NR), c: c[:],
			bias: zeros[:], rowScales: zeros[:], columnScales: zeros[:], start: make([]int32, NR)}
		for range n {
			multiply(t)
		}
		return float64(n * steps * NR * f.group * 2)
	}
}
