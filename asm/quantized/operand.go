package quantized

import "mien/asm/internal/kernel"

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

// Words that have to be transposed are made a block at a time, small enough to stay in L2.
const (
	blockWords = 16 << 10
	blockSteps = 16     // of lines that stand across: a cache line of each row of words
	blockLines = NR / 2 // of others: half a panel
	blockLD    = blockWords / blockSteps
)

// block is the working memory of conversions.
type block [blockWords]uint32

// ConvertOperand fills one of so many parts of r from the lines of x, as many as r has, and their terms. Threads may convert different
// parts at once.
func (k *Kernels) ConvertOperand(r *Rows, x Operand, part, parts int) {
	mustBe(r.format, k.format, "activations")
	mustBe(bf16Format, k.format, "an operand of a product at bf16")
	if !x.Across {
		for i := r.M * part / parts; i < r.M*(part+1)/parts; i++ {
			k.line(r.words[i*r.ld:], x.at(i, 0), r.K)
		}
		return
	}
	s := k.scratch.Get()
	defer k.scratch.Put(s)
	from, to := partOf(k.format.words(r.K), blockSteps, part, parts)
	for at := from; at < to; at += blockSteps {
		steps := min(blockSteps, to-at)
		for i := 0; i < r.M; i += blockLD {
			lines := min(blockLD, r.M-i)
			k.pairs(s.block[:], blockLD, NR, x.at(i, 2*at), lines, min(2*steps, r.K-2*at))
			k.words.transpose(r.words[i*r.ld+at:], r.ld, s.block[:], blockLD, steps, lines)
		}
	}
}

// PackOperand fills one of so many parts of p in the same way.
func (k *Kernels) PackOperand(p *Panels, x Operand, part, parts int) {
	mustBe(p.format, k.format, "weights")
	mustBe(bf16Format, k.format, "an operand of a product at bf16")
	steps := k.format.words(p.K)
	whole := p.N / NR * NR
	if x.Across {
		from, to := partOf(steps, 1, part, parts)
		if whole < p.N {
			clear(p.words[whole*steps+from*NR : whole*steps+to*NR])
		}
		if from < to {
			k.pairs(p.words[from*NR:], NR, NR*steps, x.at(0, 2*from), p.N, min(2*to, p.K)-2*from)
		}
		return
	}
	s := k.scratch.Get()
	defer k.scratch.Put(s)
	from, to := partOf(p.N, NR, part, parts)
	if to > whole {
		clear(p.words[whole*steps:])
	}
	for j := from; j < to; j += blockLines {
		panel := p.words[j/NR*NR*steps+j%NR:]
		k.packLines(panel, x.at(j, 0), min(blockLines, to-j), p.K, &s.block)
	}
}

// partOf cuts n in whole grains.
func partOf(n, grain, part, parts int) (from, to int) {
	grains := kernel.CeilDiv(n, grain)
	return grains * part / parts * grain, min(n, grains*(part+1)/parts*grain)
}

// packLines fills some columns of a panel with lines that follow each other.
func (k *Kernels) packLines(panel []uint32, x Operand, lines, terms int, block *block) {
	for at, steps := 0, k.format.words(terms); at < steps; at += blockLD {
		n := min(blockLD, steps-at)
		for i := range lines {
			k.line(block[i*blockLD:], x.at(i, 2*at), min(2*n, terms-2*at))
		}
		k.words.transpose(panel[at*NR:], NR, block[:], blockLD, lines, n)
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

// pairs makes words of lines that stand across: terms 2s and 2s+1 of line i are word i%NR in row s of panel i/NR, whose rows are ld words
// apart and which begin so many words apart.
func (k *Kernels) pairs(dst []uint32, ld, panel int, x Operand, lines, terms int) {
	steps := terms / 2
	if steps > 0 && x.F32 != nil {
		k.words.pairs32(dst, ld, panel, x.F32, x.LD, lines, steps)
	} else if steps > 0 {
		k.words.pairs16(dst, ld, panel, x.BF16, x.LD, lines, steps)
	}
	if terms%2 == 0 && terms > 0 {
		return
	}
	last := x.at(0, 2*steps)
	for i := range lines {
		w := &dst[i/NR*panel+steps*ld+i%NR]
		switch {
		case terms == 0:
			*w = 0
		case x.F32 != nil:
			*w = uint32(ToBF16(last.F32[i]))
		default:
			*w = uint32(last.BF16[i])
		}
	}
}
