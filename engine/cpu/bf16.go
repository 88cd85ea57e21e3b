package cpu

import (
	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// Products at bf16 with a weight that is not packed, as in training, where the CPU multiplies bfloat16 faster than float32: op(A) and op(B)
// are first converted, for all threads, each read once and in the order of memory; then blocks of C are divided among the threads. Such
// a block is of so few columns that its panels of op(B) stay in the L2 cache of a thread. Where op(A) is bfloat16 and its rows follow each
// other, it is read where it is. Where op(B) is a weight of enough columns, a thread packs those of its block just before it multiplies
// them, and meanwhile fetches those of the next one. Elsewhere: rounding.go.
//
// The bits depend on nothing of this: an element is one sum in the order of its terms, and where it is cut, the next piece begins with
// what it was (quantized.Product.Piece), in float32.

// What is converted at a time is limited, op(A) by cutting its rows and op(B) by cutting sums.
const (
	mostTerms  = 4096
	rowWords   = 2 << 20  // of op(A), 8 MiB
	panelWords = 4 << 20  // of op(B), 16 MiB
	blockWords = 96 << 10 // of op(B) in a block of C, 384 KiB
	ownPanels  = 3        // of a thread that packs them, at least
)

// bf16Product is one item of a batch or one group.
type bf16Product struct {
	quantized.Product
	a, b    quantized.Operand
	terms   int
	inPlace bool // op(A)
	fresh   bool // op(B) is packed block by block
}

// piece is a band of rows of a product, and some terms of its sums.
type piece struct {
	*bf16Product
	lo, hi, from, to int
	rows             *quantized.Rows
	panels           *quantized.Panels
}

// operands are working memory of a piece, used again by other products.
type operands struct {
	rows   quantized.Rows
	panels quantized.Panels
}

// share is a part of a piece for one thread: rows, of which 0 is the first one of the band, and columns.
type share struct {
	*piece
	top, bottom, left, right int
}

// isBF16 tells whether a product with the result c is computed here.
func isBF16(p engine.Precision, c *engine.Tensor, operands ...*engine.Tensor) bool {
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
	known := c.DType() == engine.Float32 || c.DType() == engine.BFloat16
	return asm.F32().BF16.Fast && known && (p == engine.BF16 || p == engine.Full && narrow == len(operands))
}

// gemmBF16 computes all items of a batch.
func (c *Backend) gemmBF16(a engine.GemmArgs) {
	products := make([]bf16Product, a.Batch)
	for b := range products {
		products[b] = bf16Item(&a, b)
	}
	c.multiplyBF16(products)
}

// groupedBF16 computes all groups that have rows.
func (c *Backend) groupedBF16(a engine.GroupedArgs) {
	var products []bf16Product
	offsets := host[int32](a.Offsets)
	for e := range len(offsets) - 1 {
		if from, to := int(offsets[e]), int(offsets[e+1]); from < to {
			g := groupProduct(&a, e, to-from)
			products = append(products, bf16Item(&g, from))
		}
	}
	c.multiplyBF16(products)
}

// bf16Item describes one item of a batch to the kernels.
func bf16Item(a *engine.GemmArgs, b int) bf16Product {
	p := bf16Product{
		Product: quantized.Product{M: a.M, N: a.N, Accumulate: a.Accumulate},
		a:       bf16Operand(a.A, b*a.AStride, a.LDA, a.TransA),
		b:       bf16Operand(a.B, b*a.BStride, a.LDB, !a.TransB),
		terms:   a.K,
	}
	setResult(&p.Product, a, b*a.CStride)
	p.inPlace = asm.F32().BF16.InPlace(p.a, a.M, a.K) != nil
	p.fresh = p.b.F32 != nil && !a.TransA && ceilDiv(a.N, quantized.NR) >= ownPanels*threadsFor(a.M*a.N*a.K, gemmGrain)
	return p
}

func bf16Operand(t *engine.Tensor, offset, ld int, across bool) quantized.Operand {
	if t.DType() == engine.BFloat16 {
		return quantized.Operand{BF16: host[uint16](t)[offset:], LD: ld, Across: across}
	}
	return quantized.Operand{F32: host[float32](t)[offset:], LD: ld, Across: across}
}

// multiplyBF16 computes products, none of which reads what another writes.
func (c *Backend) multiplyBF16(products []bf16Product) {
	defer c.makeSums(products)()
	k, last := asm.F32().BF16, 0
	for _, round := range rounds(products) {
		if round[0].lo > 0 { // its panels are those of the piece before, the last one of its round
			c.operands[0], c.operands[last] = c.operands[last], c.operands[0]
		}
		work := 0
		for i := range round {
			if i == len(c.operands) {
				c.operands = append(c.operands, new(operands))
			}
			round[i].prepare(k, c.operands[i])
			work += round[i].work()
		}
		last = len(round) - 1
		parts := threadsFor(work, gemmGrain)
		cuts := 1
		if parts > 1 {
			cuts = ceilDiv(4*parts, len(round))
		}
		inChunks(parts, 2*cuts*len(round), func(i int) { round[i/(2*cuts)].convert(k, i%(2*cuts), cuts) })
		shares := sharesOf(k, round, work, parts)
		inChunks(parts, len(shares), func(i int) { shares[i].multiply(k) })
	}
}

// makeSums makes room for the sums that are cut of results in bfloat16, which cannot hold them.
func (c *Backend) makeSums(products []bf16Product) (free func()) {
	var made []*engine.Tensor
	for i := range products {
		if p := &products[i]; p.C16 != nil && p.step() < p.terms {
			sums := engine.New(c, engine.Float32, p.M, p.N)
			p.Sums, p.LDSums = host[float32](sums), p.N
			made = append(made, sums)
		}
	}
	return func() {
		for _, t := range made {
			t.Free()
		}
	}
}

// rounds cuts products into pieces, and lists those that are computed together: as many as may be converted at a time. The pieces of one
// sum are in rounds of their own, in order. The bands of a product follow each other, so that they can share the terms of op(B).
func rounds(products []bf16Product) (all [][]piece) {
	rows, panels := 0, 0 // words of the last round
	for i := range products {
		p := &products[i]
		step, band := p.step(), p.band()
		for from := 0; p.N > 0 && (from == 0 || from < p.terms); from += step {
			for lo := 0; lo < p.M; lo += band {
				hi := min(lo+band, p.M)
				r, q := (hi-lo)*step/2, p.N*step/2
				if p.inPlace {
					r = 0
				}
				if all == nil || from > 0 || lo > 0 || rows+r > rowWords || panels+q > panelWords {
					all, rows, panels = append(all, nil), 0, 0
				}
				rows, panels = rows+r, panels+q
				last := &all[len(all)-1]
				*last = append(*last, piece{bf16Product: p, lo: lo, hi: hi, from: from, to: min(from+step, p.terms)})
			}
		}
	}
	return all
}

// band returns how many rows a piece has.
func (p *bf16Product) band() int {
	if p.inPlace {
		return p.M
	}
	return max(1, rowWords*2/p.step())
}

// step returns how many terms a piece has: an even number, and about the same for all pieces.
func (p *bf16Product) step() int {
	most := max(2, min(mostTerms, panelWords*2/max(1, p.N)))
	cuts := max(1, ceilDiv(p.terms, most))
	return 2 * max(1, ceilDiv(ceilDiv(p.terms, cuts), 2))
}

// work returns how many multiply-adds a piece takes.
func (p *piece) work() int { return (p.hi - p.lo) * p.N * (p.to - p.from) }

// prepare makes room for what is converted. Bands after the first one find op(B) packed.
func (p *piece) prepare(k *quantized.Kernels, o *operands) {
	m, terms := p.hi-p.lo, p.to-p.from
	p.rows, p.panels = &o.rows, &o.panels
	if p.inPlace {
		p.rows = k.InPlace(p.a.Lines(p.lo).Terms(p.from), m, terms)
	} else {
		p.rows.Reset(k, m, terms)
	}
	if p.packsFirst() {
		p.panels.Reset(k, p.N, terms)
	}
}

// packsFirst tells whether op(B) is packed before the piece is multiplied.
func (p *piece) packsFirst() bool { return p.lo == 0 && !p.fresh }

// convert converts one of so many parts of op(A), and after these of op(B).
func (p *piece) convert(k *quantized.Kernels, part, parts int) {
	switch {
	case part < parts && !p.inPlace:
		k.ConvertOperand(p.rows, p.a.Lines(p.lo).Terms(p.from), part, parts)
	case part >= parts && p.packsFirst():
		k.PackOperand(p.panels, p.b.Terms(p.from), part-parts, parts)
	}
}

// sharesOf divides the pieces of a round into eight shares a thread or more, unless these would be too small: by columns, as many as panels
// stay in L2, and by rows. Fewer columns would read op(A) more often. Where there are few rows, there are shares of fewer columns. Shares
// that pack their panels have all rows, and may be as few as threads (divideQuantized).
func sharesOf(k *quantized.Kernels, round []piece, work, parts int) (list []share) {
	most := max(1, work)
	if parts > 1 {
		most = max(quantizedGrain, work/(8*parts))
	}
	for i := range round {
		p := &round[i]
		rows, panels, stay := p.hi-p.lo, ceilDiv(p.N, quantized.NR), mostPanels(k, p.to-p.from)
		width, bands := min(panels, stay), 1
		if p.fresh {
			width = ceilDiv(panels, divideQuantized(rows, p.N, rows, stay, parts).columns.chunks)
		} else {
			shares := max(1, ceilDiv(p.work(), most))
			bands = min(ceilDiv(shares, ceilDiv(panels, width)), max(1, rows/(2*k.MR)))
			width = max(1, min(width, panels*bands/shares))
		}
		width *= quantized.NR
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
	g := s.Product.Rows(s.lo, s.hi).Of(s.rows, s.panels).Piece(s.from == 0, s.to == s.terms)
	g = g.Rows(s.top, s.bottom).Columns(s.left, s.right)
	if s.fresh {
		g = g.Packing(s.b.Terms(s.from).Lines(s.left), s.following(), s.to-s.from)
	}
	k.Gemm(g)
}

// following returns op(B) of the share after one of the same piece.
func (s share) following() (x quantized.Operand) {
	if s.right < s.N {
		x = s.b.Terms(s.from).Lines(s.right)
	}
	return x
}
