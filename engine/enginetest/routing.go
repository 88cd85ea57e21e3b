package enginetest

import (
	"math"
	"slices"

	"mien/engine"
)

func testTopK(s *suite) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, row := range [][]float64{
		{3},
		{1, 3, 2},
		{2, 2, 2, 2},
		{1, 5, 1, 5, 0, 5},
		{nan, 1, nan, 2, -inf},
		{nan, nan, nan},
		{-inf, inf, 0, inf, -inf},
		{0, math.Copysign(0, -1), 0},
	} {
		for k := 1; k <= len(row); k++ {
			s.topK(row, len(row), k)
		}
	}
	ties := s.values(700 * 31)
	for i := range ties {
		ties[i] = math.Round(ties[i] * 2)
	}
	s.topK(ties, 31, 3)
	s.topK(s.values(5000*8), 8, 2)
	for i := range ties[:700] {
		if i%50 == 7 {
			ties[i] = math.NaN()
		}
	}
	s.topK(ties[:700], 700, 700) // a whole row, sorted
	s.topK(ties[:2*300], 300, 299)
}

// topK compares with a stable sort. NaN is smaller than all: a row of NaN still has k choices.
func (s *suite) topK(x []float64, n, k int) {
	want := []int32{}
	for r := range len(x) / n {
		order := make([]int32, n)
		for j := range order {
			order[j] = int32(r*n + j)
		}
		slices.SortStableFunc(order, func(i, j int32) int {
			a, b := x[i], x[j]
			switch {
			case a > b, b != b && a == a:
				return -1
			case a < b, a != a && b == b:
				return 1
			}
			return 0
		})
		want = append(want, order[:k]...)
	}
	index := s.blankInts(len(x)/n, k)
	s.b.TopK(index, s.tensor(x, len(x)/n, n))
	s.checkInts(index, want, "top %d of %d rows of %d: %v", k, len(x)/n, n, x[:min(n, 8)])
}

func testRoute(s *suite) {
	for _, c := range []struct{ tokens, k, experts, capacity, group int }{
		{1, 1, 1, 0, 0},
		{0, 1, 3, 0, 2},
		{7, 1, 3, 0, 0},
		{7, 2, 3, 0, 7},
		{7, 2, 3, 2, 0},
		{5, 2, 9, 1, 0},
		{6, 3, 3, 100, 2},
		{6, 3, 3, 1, 2},
		{12, 2, 3, 2, 4},
		{1000, 2, 8, 200, 0},
		{1000, 2, 8, 40, 200},
	} {
		choice := s.choices(c.tokens, c.k, c.experts)
		s.route(choice, nil, c.k, c.experts, c.capacity, c.group)
		order := make([]int32, c.tokens)
		for i, t := range s.rng.Perm(c.tokens) {
			order[i] = int32(t)
		}
		s.route(choice, order, c.k, c.experts, c.capacity, c.group)
	}
	s.route([]int32{2, 5, 8, 11}, nil, 1, 3, 2, 0) // all choose the last expert, so two have no rows
	s.route([]int32{0, 3, 6}, nil, 1, 3, 0, 0)
}

// choices draws k different experts for each token, as flat positions.
func (s *suite) choices(tokens, k, experts int) []int32 {
	choice := []int32{}
	for t := range tokens {
		for _, e := range s.rng.Perm(experts)[:k] {
			choice = append(choice, int32(t*experts+e))
		}
	}
	return choice
}

// served returns the choices in the order in which experts take them: token by token, or all first choices in a given order of the
// tokens, then all second ones, and so on.
func served(choices int, order []int32, k int) (turns []int) {
	if order == nil {
		for i := range choices {
			turns = append(turns, i)
		}
		return turns
	}
	for rank := range k {
		for _, token := range order {
			turns = append(turns, int(token)*k+rank)
		}
	}
	return turns
}

func (s *suite) route(choice, order []int32, k, experts, capacity, group int) {
	n := len(choice)
	slot, token, offsets, keep := []int32{}, []int32{}, []int32{0}, []float64{}
	place, chosen := make([]int32, n), repeat(int32(-1), n/k*experts)
	for e := range experts {
		taken := map[int]int{} // by group
		for _, i := range served(n, order, k) {
			c := choice[i]
			if int(c)%experts != e {
				continue
			}
			of, kept := i/k/max(group, 1)*min(group, 1), 1.0 // one group if there are none
			if taken[of]++; capacity > 0 && taken[of] > capacity {
				kept = 0
			}
			place[i], chosen[c] = int32(len(slot)), int32(i)
			slot, token, keep = append(slot, int32(i)), append(token, int32(i/k)), append(keep, kept)
		}
		offsets = append(offsets, int32(len(slot)))
	}
	a := engine.RouteArgs{Choice: s.ints(choice, n), Slot: s.blankInts(n), Place: s.blankInts(n), Token: s.blankInts(n),
		Chosen: s.blankInts(n / k * experts), Offsets: s.blankInts(experts + 1), Keep: s.blank(n),
		K: k, Experts: experts, Capacity: capacity, Group: group}
	if order != nil {
		a.Order = s.ints(order, n/k)
	}
	s.b.Route(a)
	s.checkInts(a.Offsets, offsets, "offsets of %d choices among %d experts", n, experts)
	s.checkInts(a.Slot, slot, "slots of %d choices among %d experts", n, experts)
	s.checkInts(a.Place, place, "places of %d choices among %d experts", n, experts)
	s.checkInts(a.Chosen, chosen, "choices of %d tokens and %d experts", n/k, experts)
	s.checkInts(a.Token, token, "tokens of %d choices among %d experts", n, experts)
	s.check(a.Keep, exactly(keep), "kept of %d choices among %d experts with room for %d of each %d tokens", n, experts, capacity, group)
}
