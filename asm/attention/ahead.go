package attention

import (
	"unsafe"

	"mien/asm/internal/kernel"
)

// Ahead is what the next head reads and writes, which the tiles of AVX-512 fetch into L2 meanwhile. Its rows are so far apart that the
// processor does not foresee them: heads of 197 tokens would wait for them a tenth of their time. Each product fetches rows of one matrix, so
// of a head of few tokens, which has few products, the last matrices stay where they are. The zero value is nothing.
type Ahead struct {
	matrices [8]lines
	at       int // of which matrix rows are fetched next
}

// lines are the first four cache lines of each row of a matrix: all of a row of 64 floats, and with narrower rows some of other heads.
// Rows begin step bytes apart.
type lines struct {
	x          unsafe.Pointer
	step, rows int
}

// aheadSteps is how many steps of its sum a product lets pass between two rows that it fetches, as AHEAD of the assembly does. All at once
// would be more than a core can wait for, and its panel would wait behind them.
const aheadSteps = 4

// AheadOf returns what the forward pass of a head reads. What belongs to a head of more than one block would leave L2 before that.
func (k *Kernels[F]) AheadOf(h *Head[F]) (a Ahead) {
	if h.Tokens <= k.keys {
		a.matrices = [8]lines{linesOf(h.K, h.Stride, h.Tokens), linesOf(h.V, h.Stride, h.Tokens), linesOf(h.Q, h.Stride, h.Tokens)}
	}
	return a
}

// AheadOfGrad returns what the backward pass of a head reads and writes.
func (k *Kernels[F]) AheadOfGrad(h *Head[F], g *Grads[F]) Ahead {
	a := k.AheadOf(h)
	if h.Tokens <= k.keys {
		a.matrices[3], a.matrices[4] = linesOf(g.DOut, h.OutStride, h.Tokens), linesOf(h.Out, h.OutStride, h.Tokens)
		a.matrices[5], a.matrices[6] = linesOf(g.DQ, h.Stride, h.Tokens), linesOf(g.DK, h.Stride, h.Tokens)
		a.matrices[7] = linesOf(g.DV, h.Stride, h.Tokens)
	}
	return a
}

func linesOf[F kernel.Float](e Elements[F], stride, rows int) lines {
	if e.BF16 != nil {
		return lines{unsafe.Pointer(unsafe.SliceData(e.BF16)), 2 * stride, rows}
	}
	return lines{unsafe.Pointer(unsafe.SliceData(e.Float)), int(unsafe.Sizeof(F(0))) * stride, rows}
}

// during returns p, which also fetches rows, all of one matrix.
func (k *Kernels[F]) during(a *Ahead, p panelProduct[F]) panelProduct[F] {
	for a.at < len(a.matrices)-1 && a.matrices[a.at].rows == 0 {
		a.at++
	}
	p.ahead = a.matrices[a.at].split(p.aheadRows(k.gemm.MR) * kernel.CeilDiv(p.n, k.width))
	return p
}

// aheadRows is the number of rows that a product fetches with each of its panels, in strips of up to mr rows.
func (p *panelProduct[F]) aheadRows(mr int) int { return p.k / aheadSteps * kernel.CeilDiv(p.m, mr) }

// split removes the first n rows, or all where there are fewer, and returns them.
func (l *lines) split(n int) lines {
	first := lines{l.x, l.step, min(n, l.rows)}
	if l.rows -= first.rows; l.rows > 0 {
		l.x = unsafe.Add(l.x, first.rows*l.step)
	}
	return first
}
