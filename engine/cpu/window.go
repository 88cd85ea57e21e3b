package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

// What a window relates: its sites and the positions that they see. Convolution and pooling visit, for each site, the positions under its
// taps; their gradients, for each position, the sites that see it. Both walk the same links, in the order of taps, and each row of a
// result is computed by one thread.

// relation lists what each place on one side of a window is linked to on the other.
type relation struct {
	extents [3]int      // of the side whose places are visited
	others  int         // places of a sample on the other side
	links   [3][][]link // by axis and place along it
	runs    []int       // by column: how many places from it on are linked alike, each to what follows
}

// link is a tap along one axis and the place that it leads to, each times the extents inside of the axis: three links add up to a tap
// and a place.
type link struct{ tap, place int }

// sitesOf links the sites of a window over activations x [B, T, H, W, C] to positions of x.
func sitesOf(x *engine.Tensor, w engine.Window) *relation { return relate(x, w, false) }

// positionsOf links the positions of x to sites.
func positionsOf(x *engine.Tensor, w engine.Window) *relation { return relate(x, w, true) }

func relate(x *engine.Tensor, w engine.Window, fromPositions bool) *relation {
	in := [3]int(x.Extents()[1:4])
	sites := w.Sites(in)
	r := &relation{extents: sites, others: 1}
	others := in
	if fromPositions {
		r.extents, others = in, sites
	}
	taps := 1
	for axis := 2; axis >= 0; axis-- {
		r.links[axis] = make([][]link, r.extents[axis])
		for tap := range w.Kernel[axis] {
			for site := range sites[axis] {
				position := site*w.Stride[axis] - w.Pad[axis] + tap
				if position < 0 || position >= in[axis] {
					continue
				}
				here, there := site, position
				if fromPositions {
					here, there = position, site
				}
				r.links[axis][here] = append(r.links[axis][here], link{tap * taps, there * r.others})
			}
		}
		taps *= w.Kernel[axis]
		r.others *= others[axis]
	}
	r.runs = runsOf(r.links[2])
	return r
}

// runsOf counts, for each column, how many columns from it on have the same taps, and places that follow each other.
func runsOf(columns [][]link) []int {
	runs := make([]int, len(columns))
	for c, links := range slices.Backward(columns) {
		runs[c] = 1
		if c+1 < len(columns) && slices.EqualFunc(links, columns[c+1], func(a, b link) bool { return b == link{a.tap, a.place + 1} }) {
			runs[c] += runs[c+1]
		}
	}
	return runs
}

// run returns how many places from one on, in its row, have the links of this one, moved along.
func (r *relation) run(place int) int { return r.runs[place%r.extents[2]] }

// each calls fn for the links of a place, counted through the batch, in the order of taps.
func (r *relation) each(place int, fn func(tap, other int)) {
	columns := r.links[2][place%r.extents[2]]
	r.eachRow(place, func(tap, other int) {
		for _, x := range columns {
			fn(tap+x.tap, other+x.place)
		}
	})
}

// eachRow calls fn for the links of the row that a place is in, along time and rows.
func (r *relation) eachRow(place int, fn func(tap, other int)) {
	row := place / r.extents[2]
	time := row / r.extents[1]
	first := time / r.extents[0] * r.others
	for _, t := range r.links[0][time%r.extents[0]] {
		for _, y := range r.links[1][row%r.extents[1]] {
			fn(t.tap+y.tap, first+t.place+y.place)
		}
	}
}

func (c *Backend) Unfold(columns, x *engine.Tensor, w engine.Window) {
	defer c.timed("Unfold", 0, columns, x)()
	pick(x, unfold[float32], unfold[float64])(columns, x, w)
}

func unfold[F asm.Float](columns, x *engine.Tensor, w engine.Window) {
	dst, src, n, width, r := host[F](columns), host[F](x), x.Dim(-1), columns.Dim(-1), sitesOf(x, w)
	parallel(columns.Rows(), rowGrain(width), func(lo, hi int) {
		for lo < hi {
			along := r.links[2][lo%r.extents[2]:]
			along = along[:min(len(along), hi-lo)]
			rows, seen := dst[lo*width:(lo+len(along))*width], 0
			r.eachRow(lo, func(int, int) { seen++ })
			if slices.ContainsFunc(along, func(links []link) bool { return seen*len(links)*n < width }) { // some see beyond the edge
				clear(rows)
			}
			r.eachRow(lo, func(tap, position int) {
				for i, links := range along {
					if len(links) > 0 { // taps and positions follow each other from the first
						to, from := i*width+(tap+links[0].tap)*n, (position+links[0].place)*n
						copy(rows[to:to+len(links)*n], src[from:])
					}
				}
			})
			lo += len(along)
		}
	})
}

func (c *Backend) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	defer c.timed("Fold", 0, x, columns)()
	pick(x, fold[float32], fold[float64])(x, columns, w, accumulate)
}

func fold[F asm.Float](x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	dst, src, n, width, r := host[F](x), host[F](columns), x.Dim(-1), columns.Dim(-1), positionsOf(x, w)
	k := kernels[F]()
	parallelRows(x.Rows(), rowGrain(width), func(position int) {
		row := dst[position*n : (position+1)*n]
		if !accumulate {
			clear(row)
		}
		r.each(position, func(tap, site int) { k.Add(row, row, src[site*width+tap*n:][:n]) })
	})
}
