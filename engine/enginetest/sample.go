package enginetest

import (
	"fmt"
	"math"

	"mien/engine"
)

// sampled is a set of points between the positions of activations.
type sampled struct {
	moved
	points         int // of a sample
	fromTaps       bool
	factored       bool
	at, factor, up []float64
	x              []float64
}

// samplings draws points over the windows of moves, and some without a window.
func (s *suite) samplings(fn func(p *sampled)) {
	for i, m := range moves {
		for _, fromTaps := range []bool{false, true} {
			p := &sampled{moved: m, points: 5 + 3*i, fromTaps: fromTaps, factored: i%2 == 0 != fromTaps}
			if fromTaps {
				p.points = m.sites() / m.batch * m.Taps()
			}
			n := m.batch * p.points
			p.x, p.up = s.values(m.positions()*m.channels), s.values(n*m.channels)
			p.at, p.factor = s.places(p), repeat(1., n)
			if p.factored {
				p.factor = s.values(n)
			}
			fn(p)
		}
	}
}

// places draws points inside, at the borders, far outside, and on positions.
func (s *suite) places(p *sampled) []float64 {
	at := s.values(p.batch * p.points * 3)
	for i := range at {
		n := float64(p.in[i%3])
		if p.fromTaps {
			n = 1
		}
		switch s.rng.IntN(8) {
		case 0:
			at[i] = math.Round(at[i])
		case 1:
			at[i] = []float64{-1, n - 1, n, -1.25, n - 0.25, n + 40, -1e20, math.Inf(1)}[s.rng.IntN(8)]
		default:
			at[i] = s.round(n/2 + at[i]*(n+1)/3)
		}
	}
	return at
}

// origin is where point i counts from.
func (p *sampled) origin(i int) [3]int {
	if !p.fromTaps {
		return [3]int{}
	}
	sites := p.Sites(p.in)
	site := i / p.Taps()
	return p.tap([3]int{site / (sites[1] * sites[2]), site / sites[2] % sites[1], site % sites[2]}, i%p.Taps())
}

// eachCorner calls fn for the positions around every point, with their weights and, along each axis, slopes: on the right of a whole
// number.
func (p *sampled) eachCorner(fn func(point, position int, weight float64, slopes [3]float64)) {
	for i := range p.batch * p.points {
		origin := p.origin(i % p.points)
		for number := range 8 {
			var corner [3]int
			var w, slope [3]float64
			for axis := range corner {
				v := p.at[3*i+axis]
				side := number >> axis & 1
				if math.Abs(v) > 1e6 {
					v = -1e6
				}
				low := math.Floor(v)
				corner[axis] = origin[axis] + int(low) + side
				w[axis], slope[axis] = 1-math.Abs(v-low-float64(side)), float64(2*side-1)
			}
			if position := p.position(i/p.points, corner); position >= 0 {
				fn(i, position, w[0]*w[1]*w[2], [3]float64{slope[0] * w[1] * w[2], slope[1] * w[0] * w[2], slope[2] * w[0] * w[1]})
			}
		}
	}
}

func (s *suite) sampleArgs(p *sampled) engine.SampleArgs {
	a := engine.SampleArgs{X: s.tensor(p.x, p.shape()...), At: s.tensor(p.at, p.batch, p.points, 3)}
	if p.factored {
		a.Factor = s.tensor(p.factor, p.batch, p.points)
	}
	if p.fromTaps {
		a.Window = p.Window
	}
	return a
}

func (p *sampled) String() string {
	return fmt.Sprintf("%+v, %d points, from taps %v, with factors %v", p.moved, p.points, p.fromTaps, p.factored)
}

func testSample(s *suite) {
	s.samplings(func(p *sampled) {
		want := sums(len(p.up))
		p.eachCorner(func(point, position int, weight float64, _ [3]float64) {
			for c := range p.channels {
				want.addSized(point*p.channels+c, p.factor[point]*weight*p.x[position*p.channels+c], math.Abs(p.factor[point]*p.x[position*p.channels+c]))
			}
		})
		a := s.sampleArgs(p)
		a.Out = s.blank(p.batch, p.points, p.channels)
		s.b.Sample(a)
		s.check(a.Out, want, "%v", p)
	})
	x, v := s.random(1, 2, 3, 4, 5)
	out := s.blank(1, 2, 5)
	s.b.Sample(engine.SampleArgs{X: x, At: s.tensor([]float64{1, math.NaN(), 2, 1, 2, 3}, 1, 2, 3), Out: out})
	s.check(out, exactly(append(repeat(math.NaN(), 5), v[len(v)-5:]...)), "a point that is not a number, and the last position")
}

func testSampleBackward(s *suite) {
	s.samplings(func(p *sampled) {
		dx, at, factor := sums(len(p.x)), sums(len(p.at)), sums(len(p.factor))
		begun := s.values(len(p.x))
		for i, v := range begun {
			dx.add(i, v)
		}
		p.eachCorner(func(point, position int, weight float64, slopes [3]float64) {
			for c := range p.channels {
				up, x := p.up[point*p.channels+c], p.x[position*p.channels+c]
				dx.addSized(position*p.channels+c, p.factor[point]*weight*up, math.Abs(p.factor[point]*up))
				factor.addSized(point, weight*up*x, math.Abs(up*x))
				for axis, slope := range slopes {
					at.addSized(3*point+axis, p.factor[point]*slope*up*x, math.Abs(p.factor[point]*up*x))
				}
			}
		})
		a, dout := s.sampleArgs(p), s.tensor(p.up, p.batch, p.points, p.channels)
		g := engine.SampleGrads{DOut: dout, DX: s.tensor(begun, p.shape()...), DAt: s.blank(p.batch, p.points, 3), DFactor: s.blank(p.batch, p.points)}
		s.b.SampleBackward(a, g)
		s.check(g.DX, dx, "%v", p)
		s.check(g.DAt, at, "%v", p)
		s.check(g.DFactor, factor, "%v", p)
		alone := engine.SampleGrads{DOut: dout, DFactor: s.blank(p.batch, p.points)}
		s.b.SampleBackward(a, alone)
		s.check(alone.DFactor, factor, "%v, alone", p)
		alone = engine.SampleGrads{DOut: dout, DAt: s.blank(p.batch, p.points, 3)}
		s.b.SampleBackward(a, alone)
		s.check(alone.DAt, at, "%v, alone", p)
	})
}
