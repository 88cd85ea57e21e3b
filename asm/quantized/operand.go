package quantized

// Operand is a factor of a product as it lies in memory: lines, which are rows of op(A) or columns of op(B), of terms that are added up.
// Lines follow each other, LD apart, or stand Across: then a row of memory holds one term of all lines. One of F32 and BF16 is nil.
type Operand struct {
	F32    []float32
	BF16   []uint16
	LD     int
	Across bool
}

// at returns the operand from a line and a term on.
func (x Operand) at(line, term int) Operand {
	i := line*x.LD + term
	if x.Across {
		i = term*x.LD + line
	}
	x.F32, x.BF16 = x.F32[min(i, len(x.F32)):], x.BF16[min(i, len(x.BF16)):]
	return x
}

// Lines returns the operand from a line on, and Terms from a term on.
func (x Operand) Lines(from int) Operand { return x.at(from, 0) }

func (x Operand) Terms(from int) Operand { return x.at(0, from) }

const (
	// Words are made a block at a time, small enough to stay in L1, where they have to be transposed after that.
	blockWords = 4096
	// blockLines of an operand that stands across are read together, eight cache lines of a row.
	blockLines = 128
	// blockPanel lines of others, half a panel, which one transposition of vectors takes.
	blockPanel = NR / 2
)

// blockOf is the working memory of conversions.
type blockOf [blockWords]uint32

// ConvertOperand fills rows lo ≤ i < hi of r with the lines of x of these numbers and as many terms as r has. Threads may convert
// different rows of one r.
func (k *Kernels) ConvertOperand(r *Rows, x Operand, lo, hi int) {
	mustBe(r.format, k.format, "activations")
	mustBe(bf16Format, k.format, "an operand of a product at bf16")
	if !x.Across {
		for i := lo; i < hi; i++ {
			k.line(r.words[i*r.ld:], x.at(i, 0), r.K)
		}
		return
	}
	s := k.scratch.Get()
	defer k.scratch.Put(s)
	const most = blockWords / blockLines
	for i := lo; i < hi; i += blockLines {
		lines := min(blockLines, hi-i)
		for at, steps := 0, k.format.words(r.K); at < steps; at += most {
			n := min(most, steps-at)
			k.pairs(s.block[:], blockLines, x.at(i, 2*at), lines, min(2*n, r.K-2*at))
			k.words.transpose(r.words[i*r.ld+at:], r.ld, s.block[:], blockLines, n, lines)
		}
	}
}

// packOperand fills panels with lines first ≤ j < first + p.N of x.
func (k *Kernels) packOperand(p *Panels, x Operand, first int, block *blockOf) {
	steps := k.format.words(p.K)
	if p.N%NR > 0 {
		clear(p.words[p.N/NR*NR*steps:])
	}
	for j := 0; j < p.N; j += NR {
		panel, lines := p.words[j*steps:][:NR*steps], min(NR, p.N-j)
		if x.Across {
			k.pairs(panel, NR, x.at(first+j, 0), lines, p.K)
			continue
		}
		for half := 0; half < lines; half += blockPanel {
			k.packLines(panel[half:], x.at(first+j+half, 0), min(blockPanel, lines-half), p.K, block)
		}
	}
}

// packLines fills some columns of a panel with lines that follow each other.
func (k *Kernels) packLines(panel []uint32, x Operand, lines, terms int, block *blockOf) {
	const most = blockWords / blockPanel
	for at, steps := 0, k.format.words(terms); at < steps; at += most {
		n := min(most, steps-at)
		for i := range lines {
			k.line(block[i*most:], x.at(i, 2*at), min(2*n, terms-2*at))
		}
		k.words.transpose(panel[at*NR:], NR, block[:], most, lines, n)
	}
}

// line makes words of one line: dst[s] = terms 2s and 2s+1.
func (k *Kernels) line(dst []uint32, x Operand, terms int) {
	dst = dst[:k.format.words(terms)]
	if x.F32 != nil {
		k.convert(dst, x.F32[:terms])
	} else {
		k.words.copy(dst, x.BF16[:terms])
	}
}

// pairs makes words of lines that stand across: dst[s*ld+i] = terms 2s and 2s+1 of line i.
func (k *Kernels) pairs(dst []uint32, ld int, x Operand, lines, terms int) {
	steps := terms / 2
	if steps > 0 && x.F32 != nil {
		k.words.pairs32(dst, ld, x.F32, x.LD, lines, steps)
	} else if steps > 0 {
		k.words.pairs16(dst, ld, x.BF16, x.LD, lines, steps)
	}
	switch last := x.at(0, 2*steps); {
	case terms == 0:
		clear(dst[:lines])
	case terms%2 == 1:
		to := dst[steps*ld:][:lines]
		for i := range to {
			if x.F32 != nil {
				to[i] = uint32(ToBF16(last.F32[i]))
			} else {
				to[i] = uint32(last.BF16[i])
			}
		}
	}
}
