package cpu

import (
	"math"

	"mien/asm"
	"mien/asm/gemm"
)

// How a product is divided among threads. No cut changes a bit.

// division cuts C into chunks of some rows and some columns.
type division struct{ rows, columns cut }

// cut says how rows or columns are cut: into so many chunks, each but the last a multiple of grain long.
type cut struct{ chunks, grain int }

// whole cuts nothing.
var whole = cut{1, 1}

// divide chooses the cheapest cuts.
func divide[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], parts int) division {
	d := divideOnce(k, g, parts)
	if parts < 4 {
		return d
	}
	// What is copied for several threads costs all of them, so it has to save more than little.
	if twice, time := divideTwice(k, g, parts); time < divisionTime(k, &g, d, parts)/16*15 {
		return twice
	}
	return d
}

// divideOnce cuts rows or columns. More chunks than threads would copy operands more often, except for columns with A
// read in place, where each chunk packs its own part of B, and rows with B packed before. Columns are cut between the blocks of
// the kernel where there are enough, so that each strip of A in the cache is used for as many panels as possible. Long chunks of
// rows are cut between strips, so that none has fewer rows than the kernel takes at once.
func divideOnce[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], parts int) division {
	if parts == 1 {
		return division{whole, whole}
	}
	panels, grain, chunks := ceilDiv(g.N, k.NR), k.Lanes, parts
	if g.Packed != nil || panels >= 2*parts {
		grain = k.NR
		block := k.BlockColumns(g.M, g.K)
		if blocks := ceilDiv(g.N, block); blocks >= 2*parts {
			grain, panels = block, blocks
		}
		if !g.TransA {
			chunks = manyChunks(parts, panels)
		}
	}
	rows, columns := ceilDiv(g.M, parts), min(g.N, ceilDiv(ceilDiv(g.N, grain), parts)*grain)
	byRows, byColumns := chunkCost(k, &g, rows, g.N), chunkCost(k, &g, g.M, columns)
	if byColumns < byRows || g.Packed != nil && g.M >= manyRows*k.MR && chunks >= 2*parts {
		return division{whole, cut{chunks, grain}}
	}
	chunks, grain = parts, 1
	if g.Packed != nil {
		chunks = manyChunks(parts, g.M/(4*k.MR))
	}
	if g.M >= 4*k.MR*chunks {
		grain = k.MR
	}
	return division{cut{chunks, grain}, whole}
}

// manyRows are strips of A. With as many, B that was packed before is best cut by columns: each of many chunks of rows would read all of it
// from L3, which costs ViT-B 1.5 to 2 % at 800 tokens. At 100 tokens, with four chunks of rows, these are as much faster.
const manyRows = 64

// divideTwice finds the cheapest chunks of some columns and some rows, and their time: for many threads, as each would otherwise copy or
// read all of one operand for a few rows or columns of C. A thread takes up to four of them, which can leave less to wait for than one.
func divideTwice[F asm.Float](k *asm.Kernels[F], g gemm.Product[F], parts int) (best division, time int) {
	time = math.MaxInt
	panels, strips := ceilDiv(g.N, k.NR), ceilDiv(g.M, k.MR)
	for bands := 2; bands <= min(parts, strips); bands++ {
		for rounds := 1; rounds <= 4; rounds++ {
			d := division{cut{bands, k.MR}, cut{max(1, min(rounds*parts/bands, panels)), k.NR}}
			if t := divisionTime(k, &g, d, parts); t < time {
				best, time = d, t
			}
		}
	}
	return best, time
}

// divisionTime estimates what a product takes.
func divisionTime[F asm.Float](k *asm.Kernels[F], g *gemm.Product[F], d division, parts int) int {
	return inRounds(d.chunks(), parts, chunkCost(k, g, d.rows.longest(g.M), d.columns.longest(g.N)))
}

// inRounds estimates eight times what chunks take that cost so much each: those that a thread computes one after the other, and an eighth
// of one, for which it waits at the end, as threads neither start together nor are equally fast.
func inRounds(chunks, parts, cost int) int { return (8*ceilDiv(chunks, parts) + 1) * cost }

// chunk returns where chunk i of n rows or columns begins and ends.
func (c cut) chunk(n, i int) (lo, hi int) {
	units := ceilDiv(n, c.grain)
	return units * i / c.chunks * c.grain, min(n, units*(i+1)/c.chunks*c.grain)
}

// longest returns how many of n rows or columns a chunk has at most.
func (c cut) longest(n int) int { return min(n, ceilDiv(ceilDiv(n, c.grain), c.chunks)*c.grain) }

// chunks is how many there are.
func (d division) chunks() int { return d.rows.chunks * d.columns.chunks }

// place returns the rows and columns of chunk i of C [m, n]. Those of the same columns follow one another.
func (d division) place(m, n, i int) (top, bottom, left, right int) {
	top, bottom = d.rows.chunk(m, i%d.rows.chunks)
	left, right = d.columns.chunk(n, i/d.rows.chunks)
	return top, bottom, left, right
}

// chunkCost estimates the time of m rows and n columns of a product in multiply-adds per step of K. Fetching a panel for a row costs as
// much as four of them, and so does reading an element of A or of B the first time; one that is copied costs eight.
func chunkCost[F asm.Float](k *asm.Kernels[F], g *gemm.Product[F], m, n int) int {
	readA, readB := 4, 8
	if g.TransA {
		readA = 8
	}
	if g.Packed != nil {
		readB = 4
	}
	return m*(n+4*ceilDiv(n, k.NR)) + readA*m + readB*n
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
