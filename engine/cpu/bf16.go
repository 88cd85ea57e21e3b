package cpu

import (
	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// Products at bf16 with a weight that is not packed, as in training, where the CPU multiplies bfloat16 faster than float32: op(A) and op(B)
// are first converted, for all threads, each read once and in the order of memory; then blocks of C are divided among the threads. Such
// a block is of so few columns that its panels of op(B) stay in the L2 cache of a thread. Elsewhere: rounding.go.
//
// The bits depend on nothing of this: an element is one sum in the order of its terms, and where it is cut, the next piece begins with
// what it was (quantized.Product.Piece).

// What is converted at a time is limited, op(A) by cutting its rows and op(B) by cutting sums.
const (
	mostTerms  = 4096
	rowWords   = 2 << 20  // of op(A), 8 MiB
	panelWords = 4 << 20  // of op(B), 16 MiB
	blockWords = 96 << 10 // of op(B) in a block of C, 384 KiB
)

// lowProduct is one item of a batch or one group.
type lowProduct struct {
	quantized.Product
	a, b  quantized.Operand
	terms int
}

// piece is a band of rows of a product, and some terms of its sums.
type piece struct {
	*lowProduct
	lo, hi, from, to int
	*operands
}

// operands are working memory, used again by other products.
type operands struct {
	rows   quantized.Rows
	panels quantized.Panels
}

// share is a part of a piece for one thread: rows, of which 0 is the first one of the band, and columns.
type share struct {
	*piece
	top, bottom, left, right int
}

// isLow tells whether a product with the result c is computed here.
func isLow(p engine.Precision, c *engine.Tensor, operands ...*engine.Tensor) bool {
	narrow := 0
	for _, t := range operands {
		switch t.DType() {
		case engine.BFloat16:
			narrow++
		case engine.Float32:
		default:
			return false
		}
	}
	return asm.F32().BF16.Fast && c.DType() == engine.Float32 && (p == engine.BF16 || p == engine.Full && narrow == len(operands))
}

// gemmLow computes all items of a batch.
func (c *Backend) gemmLow(a engine.GemmArgs) {
	products := make([]lowProduct, a.Batch)
	for b := range products {
		products[b] = lowItem(&a, b)
	}
	c.multiplyLow(products)
}

// groupedLow computes all groups that have rows.
func (c *Backend) groupedLow(a engine.GroupedArgs) {
	var products []lowProduct
	offsets := host[int32](a.Offsets)
	for e := range len(offsets) - 1 {
		if from, to := int(offsets[e]), int(offsets[e+1]); from < to {
			g := groupProduct(&a, e, to-from)
			products = append(products, lowItem(&g, from))
		}
	}
	c.multiplyLow(products)
}

// lowItem describes one item of a batch to the kernels.
func lowItem(a *engine.GemmArgs, b int) lowProduct {
	at := b * a.CStride
	return lowProduct{
		Product: quantized.Product{M: a.M, N: a.N, C: host[float32](a.C)[at:], LDC: a.LDC, Accumulate: a.Accumulate, GELU: a.GELU,
			Bias: hostFrom[float32](a.Bias, 0), Pre: hostFrom[float32](a.Pre, at), LDPre: a.LDC,
			Residual: hostFrom[float32](a.Residual, at), LDResidual: a.LDC, Slope: hostFrom[float32](a.Slope, at), LDSlope: a.LDC},
		a:     lowOperand(a.A, b*a.AStride, a.LDA, a.TransA),
		b:     lowOperand(a.B, b*a.BStride, a.LDB, !a.TransB),
		terms: a.K,
	}
}

func lowOperand(t *engine.Tensor, offset, ld int, across bool) quantized.Operand {
	if t.DType() == engine.BFloat16 {
		return quantized.Operand{BF16: host[uint16](t)[offset:], LD: ld, Across: across}
	}
	return quantized.Operand{F32: host[float32](t)[offset:], LD: ld, Across: across}
}

// multiplyLow computes products, none of which reads what another writes.
func (c *Backend) multiplyLow(products []lowProduct) {
	k := asm.F32().BF16
	for _, round := range rounds(products) {
		work := 0
		for i := range round {
			p := &round[i]
			work += p.work()
			if i == len(c.operands) {
				c.operands = append(c.operands, new(operands))
			}
			p.operands = c.operands[i]
			p.rows.Reset(k, p.hi-p.lo, p.to-p.from)
			p.panels.Reset(k, p.N, p.to-p.from)
		}
		parts := threadsFor(work, gemmGrain)
		cuts := 1
		if parts > 1 {
			cuts = ceilDiv(4*parts, len(round))
		}
		inChunks(parts, 2*cuts*len(round), func(i int) { round[i/(2*cuts)].convert(k, i%(2*cuts), cuts) })
		shares := sharesOf(round, work, parts, k.MR)
		inChunks(parts, len(shares), func(i int) { shares[i].multiply(k) })
	}
}

// rounds cuts products into pieces, and lists those that are computed together: as many as may be converted at a time. The pieces of one
// sum are in rounds of their own, in order.
func rounds(products []lowProduct) (all [][]piece) {
	rows, panels := 0, 0 // words of the last round
	for i := range products {
		p := &products[i]
		step := p.step()
		band := max(1, rowWords*2/step)
		for lo := 0; lo < p.M && p.N > 0; lo += band {
			hi := min(lo+band, p.M)
			for from := 0; from == 0 || from < p.terms; from += step {
				r, q := (hi-lo)*step/2, p.N*step/2
				if all == nil || from > 0 || rows+r > rowWords || panels+q > panelWords {
					all, rows, panels = append(all, nil), 0, 0
				}
				rows, panels = rows+r, panels+q
				last := &all[len(all)-1]
				*last = append(*last, piece{lowProduct: p, lo: lo, hi: hi, from: from, to: min(from+step, p.terms)})
			}
		}
	}
	return all
}

// step returns how many terms a piece has: an even number, and about the same for all pieces.
func (p *lowProduct) step() int {
	most := max(2, min(mostTerms, panelWords*2/max(1, p.N)))
	cuts := max(1, ceilDiv(p.terms, most))
	return 2 * max(1, ceilDiv(ceilDiv(p.terms, cuts), 2))
}

// work returns how many multiply-adds a piece takes.
func (p *piece) work() int { return (p.hi - p.lo) * p.N * (p.to - p.from) }

// convert converts one of so many parts of op(A), and after these of op(B).
func (p *piece) convert(k *quantized.Kernels, part, parts int) {
	if part < parts {
		k.ConvertOperand(&p.rows, p.a.Lines(p.lo).Terms(p.from), part, parts)
	} else {
		k.PackOperand(&p.panels, p.b.Terms(p.from), part-parts, parts)
	}
}

// sharesOf divides the pieces of a round into eight shares a thread or more: first by columns, and where one panel is too much work, by
// rows.
func sharesOf(round []piece, work, parts, strip int) (list []share) {
	most := max(1, work)
	if parts > 1 {
		most = max(1, work/(8*parts))
	}
	for i := range round {
		p := &round[i]
		rows, terms := p.hi-p.lo, max(1, p.to-p.from)
		panel := rows * terms * quantized.NR
		width := max(1, min(most/panel, blockWords*2/(terms*quantized.NR))) * quantized.NR
		bands := max(1, min(panel/most, rows/(2*strip)))
		for left := 0; left < p.N; left += width {
			for band := range bands {
				list = append(list, share{p, rows * band / bands, rows * (band + 1) / bands, left, min(left+width, p.N)})
			}
		}
	}
	return list
}

// multiply computes a share.
func (s share) multiply(k *quantized.Kernels) {
	g := s.Product.Rows(s.lo, s.hi).Of(&s.rows, &s.panels).Piece(s.from == 0, s.to == s.terms)
	k.Gemm(g.Rows(s.top, s.bottom).Columns(s.left, s.right))
}
