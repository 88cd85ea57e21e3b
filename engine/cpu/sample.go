package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Sample(a engine.SampleArgs) {
	defer c.timed("Sample", 0, a.X, a.At, a.Factor, a.Out)()
	pick(a.X, sample[float32], sample[float64])(a)
}

func sample[F asm.Float](a engine.SampleArgs) {
	s, out, k := newSampler[F](&a), host[F](a.Out), kernels[F]()
	s.eachPoint(func(i int, c *cell[F]) {
		row, begun := s.row(out, i), false
		for position, w := range c.shares(s.scale(i)) {
			if begun {
				k.Axpy(row, w, s.row(s.x, position))
			} else {
				k.Scale(row, s.row(s.x, position), w)
			}
			begun = true
		}
		if !begun {
			clear(row)
		}
	})
}

func (c *Backend) SampleBackward(a engine.SampleArgs, g engine.SampleGrads) {
	defer c.timed("SampleBackward", 0, a.X, a.At, a.Factor, g.DOut, g.DX, g.DAt, g.DFactor)()
	pick(a.X, sampleBackward[float32], sampleBackward[float64])(c, a, g)
}

func sampleBackward[F asm.Float](c *Backend, a engine.SampleArgs, g engine.SampleGrads) {
	s, dout := newSampler[F](&a), host[F](g.DOut)
	list := newShareList[F](c, g.DX, g.DOut.Rows())
	defer list.free()
	grads := pointGrads[F]{s, dout, hostFrom[F](g.DAt, 0), hostFrom[F](g.DFactor, 0)}
	s.eachPoint(func(i int, c *cell[F]) {
		list.put(i, c, s.scale(i))
		grads.put(i, c)
	})
	if list != nil {
		s.inputGrad(host[F](g.DX), dout, list)
	}
}

// pointGrads are those of positions and factors, either of which may be nil.
type pointGrads[F asm.Float] struct {
	*sampler[F]
	dout, dat, dfactor []F
}

// put sets the gradients of point i.
func (g *pointGrads[F]) put(i int, c *cell[F]) {
	if g.dat == nil && g.dfactor == nil {
		return
	}
	var slopes [3]F
	var value F
	for corner := range c.sloping.all() {
		d := kernels[F]().Dot(g.row(g.dout, i), g.row(g.x, c.position(corner)))
		value += c.weight(corner) * d
		for axis := range slopes {
			slopes[axis] += c.slope(corner, axis) * d
		}
	}
	if g.dfactor != nil {
		g.dfactor[i] = value
	}
	if g.dat != nil {
		for axis, d := range slopes {
			g.dat[3*i+axis] = g.scale(i) * d
		}
	}
}

// shareList has for each point the positions around it and their shares, eight or fewer, with −1 after the last.
type shareList[F asm.Float] struct {
	positions, shares *engine.Tensor
	at                []int32
	w                 []F
}

// newShareList makes room for so many points; without a dx nothing is to be listed.
func newShareList[F asm.Float](c *Backend, dx *engine.Tensor, points int) *shareList[F] {
	if dx == nil {
		return nil
	}
	positions, shares := engine.New(c, engine.Int32, points, 8), engine.New(c, dx.DType(), points, 8)
	return &shareList[F]{positions, shares, host[int32](positions), host[F](shares)}
}

func (l *shareList[F]) free() {
	if l != nil {
		l.positions.Free()
		l.shares.Free()
	}
}

// put lists what is around point i.
func (l *shareList[F]) put(i int, c *cell[F], factor F) {
	if l == nil {
		return
	}
	n := 8 * i
	for position, w := range c.shares(factor) {
		l.at[n], l.w[n] = int32(position), w
		n++
	}
	if n < 8*(i+1) {
		l.at[n] = -1
	}
}

// inputGrad adds to dx. Positions are split among threads; each thread looks through the list for its own, and adds what they get in the
// order of points.
func (s *sampler[F]) inputGrad(dx, dout []F, l *shareList[F]) {
	k, positions := kernels[F](), max(s.in[0]*s.in[1]*s.in[2], 1)
	parallel(len(dx)/max(s.width, 1), rowGrain(8*s.width*s.points/positions), func(lo, hi int) {
		for i := lo / positions * s.points; i < ceilDiv(hi, positions)*s.points; i++ {
			for n := 8 * i; n < 8*(i+1) && l.at[n] >= 0; n++ {
				if at := int(l.at[n]); at >= lo && at < hi {
					k.Axpy(s.row(dx, at), l.w[n], s.row(dout, i))
				}
			}
		}
	})
}
