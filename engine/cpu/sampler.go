package cpu

import (
	"iter"
	"math"
	"math/bits"

	"mien/asm"
	"mien/engine"
)

// sampler finds the surroundings of points: trilinear interpolation between positions.
type sampler[F asm.Float] struct {
	x, at, factor []F
	in            [3]int
	width, count  int // channels, and points of all samples
	points        int // of a sample
	taps          [][3]int
	window        engine.Window
	sites         [3]int
	corners       [8]int // how many positions after the first of a cell each corner is
}

func newSampler[F asm.Float](a *engine.SampleArgs) *sampler[F] {
	s := &sampler[F]{x: host[F](a.X), at: host[F](a.At), factor: hostFrom[F](a.Factor, 0), in: [3]int(a.X.Extents()[1:4]),
		width: a.X.Dim(-1), count: a.At.Rows(), points: a.At.Dim(1), taps: make([][3]int, 1), window: a.Window}
	for corner := range s.corners {
		s.corners[corner] = (corner>>2*s.in[1]+corner>>1&1)*s.in[2] + corner&1
	}
	if a.Window != (engine.Window{}) {
		s.sites, s.taps = a.Window.Sites(s.in), make([][3]int, a.Window.Taps())
		for tap := range s.taps {
			s.taps[tap] = digits(tap, a.Window.Kernel)
		}
	}
	return s
}

// digits counts in three axes.
func digits(n int, extents [3]int) [3]int {
	row := n / extents[2]
	return [3]int{row / extents[1], row % extents[1], n % extents[2]}
}

// row returns row i of a matrix whose columns are the channels.
func (s *sampler[F]) row(matrix []F, i int) []F { return matrix[i*s.width : (i+1)*s.width] }

// scale is the factor of point i.
func (s *sampler[F]) scale(i int) F {
	if s.factor == nil {
		return 1
	}
	return s.factor[i]
}

// eachPoint calls fn for all points, counted through the batch, with what lies around them, on many threads.
func (s *sampler[F]) eachPoint(fn func(i int, c *cell[F])) {
	taps := len(s.taps)
	parallel(s.count/max(taps, 1), rowGrain(8*s.width*taps), func(lo, hi int) {
		var c cell[F]
		for site := lo; site < hi; site++ {
			from := s.origin(site)
			for tap, t := range s.taps {
				i := site*taps + tap
				c = s.cell(i, [3]int{from[0] + t[0], from[1] + t[1], from[2] + t[2]})
				fn(i, &c)
			}
		}
	})
}

// origin is where the first tap of a site is, counted through the batch; without a window points count from 0, and each is a site.
func (s *sampler[F]) origin(site int) (at [3]int) {
	if s.sites == [3]int{} {
		return at
	}
	at = digits(site%(s.points/len(s.taps)), s.sites)
	for axis := range at {
		at[axis] = at[axis]*s.window.Stride[axis] - s.window.Pad[axis]
	}
	return at
}

// cell is what lies around a point: eight corners. The bits of their numbers, from the highest on, tell whether they lie below or above
// the point along time, rows and columns.
type cell[F asm.Float] struct {
	first    int       // position of corner 0, counted through the batch
	corners  *[8]int   // and how many further each is
	weights  [3][2]F   // of corners below and above, along each axis
	weighted cornerSet // those in x that have a weight
	sloping  cornerSet // those in x whose weight has a slope; beside these, all that are weighted
}

// cornerSet has bit i for corner i.
type cornerSet uint8

// sides are the corners below a point and above it, along each axis.
var sides = [3][2]cornerSet{{0b00001111, 0b11110000}, {0b00110011, 0b11001100}, {0b01010101, 0b10101010}}

// cell finds the surroundings of point i, which counts from an origin.
func (s *sampler[F]) cell(i int, origin [3]int) cell[F] {
	c := cell[F]{first: i / s.points, corners: &s.corners}
	inside, weighted := ^cornerSet(0), [3]cornerSet{}
	for axis, v := range s.at[3*i : 3*i+3] {
		low, part := beside(v, origin[axis])
		c.first = c.first*s.in[axis] + low
		c.weights[axis] = [2]F{1 - part, part}
		var within cornerSet
		for side, corners := range sides[axis] {
			if uint(low+side) < uint(s.in[axis]) {
				within |= corners
			}
			if c.weights[axis][side] != 0 {
				weighted[axis] |= corners
			}
		}
		inside &= within
	}
	t, y, x := weighted[0], weighted[1], weighted[2]
	c.weighted, c.sloping = inside&t&y&x, inside&(t&y|t&x|y&x)
	return c
}

// beside returns the position below a coordinate, and how far it is beyond. What is not a number stays so, at 0.
func beside[F asm.Float](v F, origin int) (low int, part F) {
	floor := math.Floor(float64(v))
	part = F(float64(v) - floor)
	switch {
	case v != v:
		return 0, part
	case math.Abs(floor) > 1<<30: // outside, also where an int ends
		return -2, part
	}
	return origin + int(floor), part
}

// all lists the corners in order.
func (set cornerSet) all() iter.Seq[int] {
	return func(yield func(corner int) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(bits.TrailingZeros8(uint8(set))) {
				return
			}
		}
	}
}

// shares lists the positions that have a share in the point, in the order of corners, with the factor times their weights.
func (c *cell[F]) shares(factor F) iter.Seq2[int, F] {
	return func(yield func(position int, share F) bool) {
		for corner := range c.weighted.all() {
			if w := factor * c.weight(corner); w != 0 && !yield(c.position(corner), w) {
				return
			}
		}
	}
}

// position is where a corner lies, counted through the batch.
func (c *cell[F]) position(corner int) int { return c.first + c.corners[corner] }

func (c *cell[F]) weight(corner int) F {
	return c.weights[0][corner>>2] * c.weights[1][corner>>1&1] * c.weights[2][corner&1]
}

// slope is the derivative of the weight along an axis.
func (c *cell[F]) slope(corner, axis int) F {
	bits := [3]int{corner >> 2, corner >> 1 & 1, corner & 1}
	next, last := (axis+1)%3, (axis+2)%3
	return F(2*bits[axis]-1) * c.weights[next][bits[next]] * c.weights[last][bits[last]]
}
