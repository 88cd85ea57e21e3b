package cpu

import (
	"math"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) Sample(a engine.SampleArgs) {
	defer c.timed("Sample", 0, a.X, a.At, a.Factor, a.Out)()
	pick(a.X, sample[float32], sample[float64])(a)
}

func sample[F asm.Float](a engine.SampleArgs) {
	s, out, k := newSampler[F](&a), host[F](a.Out), kernels[F]()
	parallelRows(a.Out.Rows(), rowGrain(8*s.width), func(i int) {
		row, factor, c := out[i*s.width:(i+1)*s.width], s.scale(i), s.cell(i)
		clear(row)
		for corner, at := range c.at {
			if w := factor * c.weight(corner); at >= 0 && w != 0 {
				k.Axpy(row, w, s.x[at:at+s.width])
			}
		}
	})
}

func (c *Backend) SampleBackward(a engine.SampleArgs, g engine.SampleGrads) {
	defer c.timed("SampleBackward", 0, a.X, a.At, a.Factor, g.DOut, g.DX, g.DAt, g.DFactor)()
	pick(a.X, sampleBackward[float32], sampleBackward[float64])(a, g)
}

func sampleBackward[F asm.Float](a engine.SampleArgs, g engine.SampleGrads) {
	s := newSampler[F](&a)
	if g.DX != nil {
		s.inputGrad(host[F](g.DX), host[F](g.DOut))
	}
	if g.DAt != nil || g.DFactor != nil {
		s.pointGrads(hostFrom[F](g.DAt, 0), hostFrom[F](g.DFactor, 0), host[F](g.DOut))
	}
}

// inputGrad adds to dx. Positions are split among threads, and each walks all points of a sample, as it must add all that a position
// gets, in the order of points.
func (s *sampler[F]) inputGrad(dx, dout []F) {
	k, positions := kernels[F](), max(s.in[0]*s.in[1]*s.in[2], 1)
	parallel(len(dx)/max(s.width, 1), rowGrain(8*s.width*s.points/positions), func(lo, hi int) {
		for i := lo / positions * s.points; i < ceilDiv(hi, positions)*s.points; i++ {
			up, factor, c := dout[i*s.width:(i+1)*s.width], s.scale(i), s.cell(i)
			for corner, at := range c.at {
				if w := factor * c.weight(corner); at >= lo*s.width && at < hi*s.width && w != 0 {
					k.Axpy(dx[at:at+s.width], w, up)
				}
			}
		}
	})
}

// pointGrads sets the gradients of positions and factors, either of which may be nil.
func (s *sampler[F]) pointGrads(dat, dfactor, dout []F) {
	k := kernels[F]()
	parallelRows(len(dout)/max(s.width, 1), rowGrain(8*s.width), func(i int) {
		var slopes [3]F
		var value F
		c := s.cell(i)
		for corner, at := range c.at {
			if at < 0 {
				continue
			}
			d := k.Dot(dout[i*s.width:(i+1)*s.width], s.x[at:at+s.width])
			value += c.weight(corner) * d
			for axis := range slopes {
				slopes[axis] += c.slope(corner, axis) * d
			}
		}
		if dfactor != nil {
			dfactor[i] = value
		}
		if dat != nil {
			for axis, d := range slopes {
				dat[3*i+axis] = s.scale(i) * d
			}
		}
	})
}

// sampler finds the surroundings of points.
type sampler[F asm.Float] struct {
	x, at, factor []F
	in            [3]int
	points, width int // of a sample, and channels
	window        engine.Window
	sites         [3]int
}

func newSampler[F asm.Float](a *engine.SampleArgs) *sampler[F] {
	s := &sampler[F]{x: host[F](a.X), at: host[F](a.At), factor: hostFrom[F](a.Factor, 0), in: [3]int(a.X.Extents()[1:4]),
		points: a.At.Dim(1), width: a.X.Dim(-1), window: a.Window}
	if a.Window != (engine.Window{}) {
		s.sites = a.Window.Sites(s.in)
	}
	return s
}

// scale is the factor of point i.
func (s *sampler[F]) scale(i int) F {
	if s.factor == nil {
		return 1
	}
	return s.factor[i]
}

// cell is what lies around a point: eight corners, whose bits from the highest on tell whether they lie below or above the point along
// time, rows and columns.
type cell[F asm.Float] struct {
	at      [8]int  // where the channels of a corner begin, −1 outside of x
	weights [3][2]F // of corners below and above, along each axis
}

func (c *cell[F]) weight(corner int) F {
	return c.weights[0][corner>>2] * c.weights[1][corner>>1&1] * c.weights[2][corner&1]
}

// slope is the derivative of the weight along an axis.
func (c *cell[F]) slope(corner, axis int) F {
	bits := [3]int{corner >> 2, corner >> 1 & 1, corner & 1}
	next, last := (axis+1)%3, (axis+2)%3
	return F(2*bits[axis]-1) * c.weights[next][bits[next]] * c.weights[last][bits[last]]
}

// cell finds the surroundings of point i, counted through the batch.
func (s *sampler[F]) cell(i int) (c cell[F]) {
	low, part := s.surroundings(i)
	for axis, p := range part {
		c.weights[axis] = [2]F{1 - p, p}
	}
	for corner := range c.at {
		t, y, x := low[0]+corner>>2, low[1]+corner>>1&1, low[2]+corner&1
		c.at[corner] = -1
		if uint(t) < uint(s.in[0]) && uint(y) < uint(s.in[1]) && uint(x) < uint(s.in[2]) {
			c.at[corner] = (((i/s.points*s.in[0]+t)*s.in[1]+y)*s.in[2] + x) * s.width
		}
	}
	return c
}

// surroundings returns the corner below point i and how far the point is beyond it.
func (s *sampler[F]) surroundings(i int) (low [3]int, part [3]F) {
	low = s.origin(i % s.points)
	for axis, v := range s.at[3*i : 3*i+3] {
		floor := math.Floor(float64(v))
		part[axis] = F(float64(v) - floor)
		switch {
		case v != v: // stays NaN
			low[axis] = 0
		case math.Abs(floor) > 1<<30: // outside, also where an int ends
			low[axis] = -2
		default:
			low[axis] += int(floor)
		}
	}
	return low, part
}

// origin is the position that a point of a sample counts from: 0, or its tap of a window.
func (s *sampler[F]) origin(point int) (at [3]int) {
	if s.sites == [3]int{} {
		return at
	}
	taps := s.window.Taps()
	site, tap := point/taps, point%taps
	for axis := 2; axis >= 0; axis-- {
		at[axis] = site%s.sites[axis]*s.window.Stride[axis] - s.window.Pad[axis] + tap%s.window.Kernel[axis]
		site, tap = site/s.sites[axis], tap/s.window.Kernel[axis]
	}
	return at
}
