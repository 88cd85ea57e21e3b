package enginetest

import (
	"math"

	"mien/engine"
)

// moved is a window over activations. All numbers of a case differ where they can, so that swapped axes show.
type moved struct {
	batch, channels int
	in              [3]int
	engine.Window
}

var pointwise = engine.Window{Kernel: [3]int{1, 1, 1}, Stride: [3]int{1, 1, 1}}

var moves = []moved{
	{1, 1, [3]int{1, 1, 1}, pointwise},
	{2, 3, [3]int{4, 5, 6}, pointwise},
	{2, 4, [3]int{5, 3, 6}, engine.Window{Kernel: [3]int{3, 1, 2}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 1}}},
	{3, 2, [3]int{1, 9, 8}, engine.Window{Kernel: [3]int{1, 3, 5}, Stride: [3]int{1, 2, 3}, Pad: [3]int{0, 1, 2}}}, // images
	{2, 5, [3]int{7, 6, 4}, engine.Window{Kernel: [3]int{2, 3, 1}, Stride: [3]int{4, 1, 2}, Pad: [3]int{0, 2, 0}}}, // gaps between sites
	{1, 8, [3]int{2, 3, 4}, engine.Window{Kernel: [3]int{2, 3, 4}, Stride: [3]int{3, 2, 1}}},                       // a single site
	{3, 7, [3]int{1, 2, 1}, engine.Window{Kernel: [3]int{3, 3, 2}, Stride: [3]int{1, 1, 1}, Pad: [3]int{2, 1, 1}}}, // wider than its input
	{2, 67, [3]int{3, 7, 5}, engine.Window{Kernel: [3]int{3, 3, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 1, 1}}},
	{1, 131, [3]int{4, 17, 15}, engine.Window{Kernel: [3]int{3, 1, 1}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 0}}},
}

func (m moved) shape() []int { return []int{m.batch, m.in[0], m.in[1], m.in[2], m.channels} }

// output is the shape of a result with the same channels.
func (m moved) output() []int {
	sites := m.Sites(m.in)
	return []int{m.batch, sites[0], sites[1], sites[2], m.channels}
}

// sites and positions count through the batch.
func (m moved) sites() int     { return engine.Elements(m.output()) / m.channels }
func (m moved) positions() int { return engine.Elements(m.shape()) / m.channels }

// tap returns where tap number i of a site lies, outside or inside of the input.
func (m moved) tap(site [3]int, i int) (at [3]int) {
	k := m.Kernel
	number := [3]int{i / (k[1] * k[2]), i / k[2] % k[1], i % k[2]}
	for axis := range at {
		at[axis] = site[axis]*m.Stride[axis] - m.Pad[axis] + number[axis]
	}
	return at
}

// position counts a place of a sample through the batch; −1 for a place outside.
func (m moved) position(sample int, at [3]int) int {
	for axis, p := range at {
		if p < 0 || p >= m.in[axis] {
			return -1
		}
	}
	return ((sample*m.in[0]+at[0])*m.in[1]+at[1])*m.in[2] + at[2]
}

// each calls fn for every tap of every site and the position that it sees, −1 for none.
func (m moved) each(fn func(site, tap, position int)) {
	out, site := m.output(), 0
	eachOf(out[0], out[1], out[2], out[3], func(b, t, y, x int) {
		for tap := range m.Taps() {
			fn(site, tap, m.position(b, m.tap([3]int{t, y, x}, tap)))
		}
		site++
	})
}

func testUnfold(s *suite) {
	for _, m := range moves {
		x, v := s.random(m.shape()...)
		want := make([]float64, 0, m.sites()*m.Taps()*m.channels)
		m.each(func(_, _, position int) {
			if position < 0 {
				want = append(want, make([]float64, m.channels)...)
				return
			}
			want = append(want, v[position*m.channels:(position+1)*m.channels]...)
		})
		columns := s.blank(m.sites(), m.Taps()*m.channels)
		s.b.Unfold(columns, x, m.Window)
		s.check(columns, exactly(want), "%+v", m)
	}
}

// testFold has terms of very different sizes: the order of addition is part of the contract.
func testFold(s *suite) {
	for _, m := range moves {
		for _, accumulate := range []bool{false, true} {
			columns, v := s.ragged(m.sites()*m.Taps(), m.channels)
			x, want := s.ragged(m.positions(), m.channels)
			if !accumulate {
				x = s.blank(m.positions(), m.channels)
				clear(want)
			}
			s.inOrderOfTaps(m, func(site, tap, position int) {
				for c := range m.channels {
					at := position*m.channels + c
					want[at] = s.round(want[at] + v[(site*m.Taps()+tap)*m.channels+c])
				}
			})
			dst, src := s.keep(x.View(m.shape()...)), s.keep(columns.View(m.sites(), m.Taps()*m.channels))
			s.b.Fold(dst, src, m.Window, accumulate)
			s.check(dst, exactly(want), "%+v, accumulate %v", m, accumulate)
		}
	}
}

// inOrderOfTaps calls fn for all that sites see, the first tap first.
func (s *suite) inOrderOfTaps(m moved, fn func(site, tap, position int)) {
	for first := range m.Taps() {
		m.each(func(site, tap, position int) {
			if tap == first && position >= 0 {
				fn(site, tap, position)
			}
		})
	}
}

func testDepthwise(s *suite) {
	for _, m := range moves {
		s.depthwiseForward(m, true)
		s.depthwiseForward(m, false)
		s.depthwiseInputGrad(m)
		s.depthwiseWeightGrad(m)
	}
}

// eachTerm calls fn for every product of a depth-wise convolution with the elements of Y, Weight and X that take part.
func (m moved) eachTerm(fn func(y, w, x int)) {
	m.each(func(site, tap, position int) {
		for c := range m.channels {
			if position >= 0 {
				fn(site*m.channels+c, tap*m.channels+c, position*m.channels+c)
			}
		}
	})
}

func (s *suite) depthwiseForward(m moved, biased bool) {
	x, vx := s.random(m.shape()...)
	w, vw := s.random(m.Taps(), m.channels)
	a := engine.DepthwiseArgs{X: x, Y: s.blank(m.batch, m.sites()/m.batch, m.channels), Weight: w, Window: m.Window}
	want := sums(m.sites() * m.channels)
	if biased {
		bias, v := s.random(m.channels)
		for i := range want.value {
			want.add(i, v[i%m.channels])
		}
		a.Bias = bias
	}
	m.eachTerm(func(y, w, x int) { want.add(y, vw[w]*vx[x]) })
	s.b.Depthwise(a)
	s.check(a.Y, want, "%+v, bias %v", m, biased)
}

func (s *suite) depthwiseInputGrad(m moved) {
	dy, vy := s.random(m.output()...)
	w, vw := s.random(m.Taps(), m.channels)
	want := sums(m.positions() * m.channels)
	m.eachTerm(func(y, w, x int) { want.add(x, vw[w]*vy[y]) })
	dx := s.blank(m.shape()...)
	s.b.Depthwise(engine.DepthwiseArgs{Mode: engine.DepthwiseInputGrad, X: dx, Y: dy, Weight: w, Window: m.Window})
	s.check(dx, want, "%+v", m)
}

func (s *suite) depthwiseWeightGrad(m moved) {
	x, vx := s.random(m.shape()...)
	dy, vy := s.random(m.output()...)
	dw, vw := s.random(m.Taps(), m.channels)
	want := sums(len(vw))
	for i, v := range vw {
		want.add(i, v)
	}
	m.eachTerm(func(y, w, x int) { want.add(w, vy[y]*vx[x]) })
	s.b.Depthwise(engine.DepthwiseArgs{Mode: engine.DepthwiseWeightGrad, X: x, Y: dy, Weight: dw, Window: m.Window})
	s.check(dw, want, "%+v", m)
}

// tied draws few different numbers, so that elements of a window are equal, and some NaN.
func (s *suite) tied(shape ...int) (*engine.Tensor, []float64) {
	v := s.values(engine.Elements(shape))
	for i := range v {
		v[i] = math.Round(v[i])
		if s.rng.IntN(40) == 0 {
			v[i] = math.NaN()
		}
	}
	return s.tensor(v, shape...), v
}

// largest returns what max pooling chooses.
func (m moved) largest(v []float64) (value []float64, tap []int32) {
	value, tap = repeat(math.Inf(-1), m.sites()*m.channels), make([]int32, m.sites()*m.channels)
	m.each(func(site, k, position int) {
		for c := range m.channels {
			at := site*m.channels + c
			if position < 0 || math.IsNaN(value[at]) {
				continue
			}
			if x := v[position*m.channels+c]; !(x <= value[at]) {
				value[at], tap[at] = x, int32(k)
			}
		}
	})
	return value, tap
}

func testMaxPool(s *suite) {
	for _, m := range moves {
		x, v := s.tied(m.shape()...)
		want, wantTap := m.largest(v)
		dst, tap := s.blank(m.output()...), s.blankInts(m.output()...)
		s.b.MaxPool(dst, tap, x, m.Window)
		s.check(dst, exactly(want), "%+v", m)
		s.checkInts(tap, wantTap, "%+v", m)
		alone := s.blank(m.output()...)
		s.b.MaxPool(alone, nil, x, m.Window)
		s.check(alone, exactly(want), "%+v without taps", m)
	}
}

func testMaxPoolBackward(s *suite) {
	for _, m := range moves {
		_, v := s.tied(m.shape()...)
		_, tap := m.largest(v)
		up, dy := s.ragged(m.sites(), m.channels)
		want := make([]float64, len(v))
		s.inOrderOfTaps(m, func(site, k, position int) {
			for c := range m.channels {
				if from := site*m.channels + c; tap[from] == int32(k) {
					at := position*m.channels + c
					want[at] = s.round(want[at] + dy[from])
				}
			}
		})
		dx := s.blank(m.shape()...)
		s.b.MaxPoolBackward(dx, s.keep(up.View(m.output()...)), s.ints(tap, m.output()...), m.Window)
		s.check(dx, exactly(want), "%+v", m)
	}
}
