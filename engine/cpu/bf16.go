package cpu

import (
	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// Products at bf16 with a weight that is not packed, as in training, where the CPU multiplies bfloat16 faster than float32. Bands of op(A)
// are converted for all threads; then blocks of C are divided among them, each of so few columns that op(B), which the thread packs for
// itself, stays in its L2 cache while all rows of a band are multiplied with it. Elsewhere: rounding.go.
//
// The bits depend on nothing of this: an element is one sum in the order of its terms, and where it is cut, the next piece begins with
// what it was (quantized.Product.Piece).

const (
	// pieceTerms is the longest sum that is not cut: a panel of 32 columns then takes a quarter of an L2 cache of 1 MiB.
	pieceTerms = 4096
	// roundWords is how much of op(A) is converted at a time: 8 MiB.
	roundWords = 2 << 20
	// panelWords is how much of op(B) a thread packs at a time: 384 KiB.
	panelWords = 96 << 10
	// convertedLines of op(A) are converted by one thread.
	convertedLines = 64
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
	rows             *quantized.Rows
}

// share is a part of a piece: rows, of which 0 is the first one of the band, and columns.
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
			work += (p.hi - p.lo) * p.N * (p.to - p.from)
			if i == len(c.converted) {
				c.converted = append(c.converted, new(quantized.Rows))
			}
			p.rows = c.converted[i]
			p.rows.Reset(k, p.hi-p.lo, p.to-p.from)
		}
		parts := threadsFor(work, gemmGrain)
		lines := conversions(round)
		inChunks(parts, len(lines), func(i int) { lines[i].convert(k) })
		shares := sharesOf(round, work, parts, k.MR)
		inChunks(parts, len(shares), func(i int) { shares[i].multiply(k) })
	}
}

// rounds cuts products into pieces, and lists those that are computed together: as many as may be converted at a time. The pieces of one
// sum are in rounds of their own, in order.
func rounds(products []lowProduct) (all [][]piece) {
	words := 0 // of the last round
	for i := range products {
		p := &products[i]
		cuts := max(1, ceilDiv(p.terms, pieceTerms))
		step := max(1, ceilDiv(ceilDiv(p.terms, cuts), 2)) * 2
		band := roundWords * 2 / step
		for lo := 0; lo < p.M && p.N > 0; lo += band {
			hi := min(lo+band, p.M)
			for from := 0; from == 0 || from < p.terms; from += step {
				n := (hi - lo) * step / 2
				if all == nil || from > 0 || words+n > roundWords {
					all, words = append(all, nil), 0
				}
				words += n
				last := &all[len(all)-1]
				*last = append(*last, piece{lowProduct: p, lo: lo, hi: hi, from: from, to: min(from+step, p.terms)})
			}
		}
	}
	return all
}

// conversions lists what one thread converts at a time.
func conversions(round []piece) (list []share) {
	for i := range round {
		p := &round[i]
		for top := 0; top < p.hi-p.lo; top += convertedLines {
			list = append(list, share{piece: p, top: top, bottom: min(top+convertedLines, p.hi-p.lo)})
		}
	}
	return list
}

// convert fills the rows of a block.
func (b share) convert(k *quantized.Kernels) {
	k.ConvertOperand(b.rows, b.a.Lines(b.lo).Terms(b.from), b.top, b.bottom)
}

// sharesOf divides the pieces of a round into eight blocks a thread or more: first by columns, and where one panel is too much work, by
// rows, for each of which it is packed again.
func sharesOf(round []piece, work, parts, strip int) (list []share) {
	most := max(1, work)
	if parts > 1 {
		most = max(1, work/(8*parts))
	}
	for i := range round {
		p := &round[i]
		rows, terms := p.hi-p.lo, max(1, p.to-p.from)
		panel := rows * terms * quantized.NR
		width := max(1, min(most/panel, panelWords*2/(terms*quantized.NR))) * quantized.NR
		bands := max(1, min(panel/most, rows/(8*strip)))
		for left := 0; left < p.N; left += width {
			for band := range bands {
				list = append(list, share{p, rows * band / bands, rows * (band + 1) / bands, left, min(left+width, p.N)})
			}
		}
	}
	return list
}

// multiply computes a block.
func (b share) multiply(k *quantized.Kernels) {
	g := b.Product.Rows(b.lo, b.hi).Of(b.rows, b.b.Terms(b.from)).Piece(b.from == 0, b.to == b.terms)
	k.Gemm(g.Rows(b.top, b.bottom).Columns(b.left, b.right))
}
