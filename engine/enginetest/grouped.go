package enginetest

import (
	"slices"

	"mien/engine"
)

// grouped is a set of linear layers and the rows that go through each.
type grouped struct {
	k, n    int
	offsets []int32
}

var groupings = []grouped{
	{k: 3, n: 5, offsets: []int32{0, 4}},
	{k: 7, n: 9, offsets: []int32{0, 4, 4, 17, 18}}, // the second group is empty
	{k: 33, n: 17, offsets: []int32{0, 0, 65, 65}},
	{k: 5, n: 4, offsets: []int32{0, 0, 0}},
	{k: 67, n: 131, offsets: []int32{0, 150, 151, 151, 301}},
	{k: 128, n: 32, offsets: []int32{0, 100, 100, 230, 403}},
}

func testGroupedGemm(s *suite) {
	for _, g := range groupings {
		for _, p := range []engine.Precision{engine.Full, engine.BF16} {
			if p == engine.Full || s.supports(p, true) {
				s.groupedForward(g, p)
				s.groupedInputGrad(g, p)
				s.groupedWeightGrad(g, p)
			}
		}
		s.groupedPacked(g)
		for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
			if s.supports(p, false) {
				s.lowGroups(p, g)
			}
		}
	}
}

// groupedGemm overwrites the caller's lists after the call, which must not have changed them.
func (s *suite) groupedGemm(a engine.GroupedArgs) {
	w, b := a.W, a.B
	a.W, a.B, a.Packed = slices.Clone(a.W), slices.Clone(a.B), slices.Clone(a.Packed)
	s.b.GroupedGemm(a)
	if !slices.Equal(a.W, w) || !slices.Equal(a.B, b) {
		s.Errorf("GroupedGemm at %v changes the caller's lists", a.Precision)
	}
	clear(a.W)
	clear(a.B)
	clear(a.Packed)
}

// taken returns the values of an operand that a product at p uses.
func taken(p engine.Precision, v []float64) []float64 {
	if p == engine.BF16 {
		return rounded(v)
	}
	return v
}

func (g grouped) groups() int { return len(g.offsets) - 1 }
func (g grouped) rows() int   { return int(g.offsets[g.groups()]) }

// each calls fn for every row, output and input of every group.
func (g grouped) each(fn func(e, r, o, i int)) {
	for e := range g.groups() {
		for r := int(g.offsets[e]); r < int(g.offsets[e+1]); r++ {
			for o := range g.n {
				for i := range g.k {
					fn(e, r, o, i)
				}
			}
		}
	}
}

// layers makes the weights and biases of all groups.
func (s *suite) layers(g grouped) (w, b []*engine.Tensor, wv, bv [][]float64) {
	for range g.groups() {
		wt, wx := s.random(g.n, g.k)
		bt, bx := s.random(g.n)
		w, b, wv, bv = append(w, wt), append(b, bt), append(wv, wx), append(bv, bx)
	}
	return w, b, wv, bv
}

func (s *suite) groupedForward(g grouped, p engine.Precision) {
	w, b, wv, bv := s.layers(g)
	x, xv := s.random(g.rows(), g.k)
	y := s.blank(g.rows(), g.n)
	s.groupedGemm(engine.GroupedArgs{Mode: engine.GroupedForward, Precision: p, X: x, Y: y, W: w, B: b,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	s.check(y, g.forward(taken(p, xv), takenEach(p, wv), bv), "forward of %v at %v", g, p)
	s.check(x, exactly(xv), "the rows changed")
}

// forward returns the wanted rows of the linear layers.
func (g grouped) forward(x []float64, w, b [][]float64) expected {
	want := sums(g.rows() * g.n)
	g.each(func(e, r, o, i int) {
		if i == 0 {
			want.add(r*g.n+o, b[e][o])
		}
		want.add(r*g.n+o, x[r*g.k+i]*w[e][o*g.k+i])
	})
	return want
}

// groupedPacked keeps the values before GELU as well as those after it.
func (s *suite) groupedPacked(g grouped) {
	w, b, wv, bv := s.layers(g)
	x, xv := s.random(g.rows(), g.k)
	packed := []*engine.PackedWeight{}
	for _, t := range w {
		packed = append(packed, s.b.PackWeight(t, engine.Full))
		defer packed[len(packed)-1].Free()
	}
	y, pre := s.blank(g.rows(), g.n), s.blank(g.rows(), g.n)
	s.groupedGemm(engine.GroupedArgs{Mode: engine.GroupedForward, X: x, Y: y, Packed: packed, B: b, Pre: pre, GELU: true,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	want := g.forward(xv, wv, bv)
	s.check(pre, want, "values before GELU of %v with packed weights", g)
	for i, v := range want.value {
		want.value[i] = v * normalCDF(v)
	}
	s.check(y, want, "GELU of %v with packed weights", g)
}

func (s *suite) groupedInputGrad(g grouped, p engine.Precision) {
	w, b, wv, _ := s.layers(g)
	dy, dyv := s.random(g.rows(), g.n)
	dyv, wv = taken(p, dyv), takenEach(p, wv)
	want := sums(g.rows() * g.k)
	g.each(func(e, r, o, i int) { want.add(r*g.k+i, dyv[r*g.n+o]*wv[e][o*g.k+i]) })
	dx := s.blank(g.rows(), g.k)
	s.groupedGemm(engine.GroupedArgs{Mode: engine.GroupedInputGrad, Precision: p, X: dx, Y: dy, W: w, B: b,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	s.check(dx, want, "input gradient of %v at %v", g, p)
}

// groupedWeightGrad sums the bias gradient of what was not rounded.
func (s *suite) groupedWeightGrad(g grouped, p engine.Precision) {
	dw, db, wv, bv := s.layers(g)
	x, xv := s.random(g.rows(), g.k)
	dy, dyv := s.random(g.rows(), g.n)
	wantW, wantB := make([]expected, g.groups()), make([]expected, g.groups())
	for e := range wantW {
		wantW[e], wantB[e] = sums(g.n*g.k), sums(g.n)
		for i, v := range wv[e] {
			wantW[e].add(i, v)
		}
		for i, v := range bv[e] {
			wantB[e].add(i, v)
		}
	}
	xr, dyr := taken(p, xv), taken(p, dyv)
	g.each(func(e, r, o, i int) {
		if i == 0 {
			wantB[e].add(o, dyv[r*g.n+o])
		}
		wantW[e].add(o*g.k+i, dyr[r*g.n+o]*xr[r*g.k+i])
	})
	s.groupedGemm(engine.GroupedArgs{Mode: engine.GroupedWeightGrad, Precision: p, X: x, Y: dy, W: dw, B: db,
		Offsets: s.ints(g.offsets, len(g.offsets))})
	for e := range wantW {
		s.check(dw[e], wantW[e], "weight gradient of group %d of %v at %v", e, g, p)
		s.check(db[e], wantB[e], "bias gradient of group %d of %v at %v", e, g, p)
	}
}

func takenEach(p engine.Precision, lists [][]float64) [][]float64 {
	out := make([][]float64, len(lists))
	for i, v := range lists {
		out[i] = taken(p, v)
	}
	return out
}
