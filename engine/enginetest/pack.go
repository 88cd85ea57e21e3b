package enginetest

import (
	"github.com/stretchr/testify/require"

	"mien/engine"
)

// testPackWeight multiplies with a packed weight what testGemm multiplies with the weight itself, and follows its memory.
func testPackWeight(s *suite) {
	for _, size := range [][3]int{{1, 1, 1}, {100, 7, 129}, {3, 200, 1700}, {130, 192, 60}, {7, 5, 0}, {0, 5, 7}} {
		m, n, k := size[0], size[1], size[2]
		x, xv := s.random(m, k)
		w, wv := s.random(n, 1, k)
		before := s.b.Stats().LiveBytes
		packed := s.b.PackWeight(w, engine.Full)
		require.Equal(s.T, []int{n, k}, []int{packed.N, packed.K})
		require.Equal(s.T, engine.Full, packed.Precision)
		require.GreaterOrEqual(s.T, s.b.Stats().LiveBytes-before, n*k*s.dtype.Size(), "a packed weight counts as live")
		want := sums(m * n)
		for i := range m {
			for j := range n {
				for p := range k {
					want.add(i*n+j, xv[i*k+p]*wv[j*k+p])
				}
			}
		}
		for range 2 {
			y := s.blank(m, n)
			s.b.Gemm(engine.GemmArgs{C: y, A: x, Packed: packed, M: m, N: n, K: k, LDA: k, LDC: n, Batch: 1})
			s.check(y, want, "[%d, %d] times a packed weight [%d, %d]", m, k, n, k)
		}
		packed.Free()
		require.Panics(s.T, packed.Free, "freed twice")
	}
	for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
		if s.supports(p, false) {
			s.lowProducts(p)
		}
	}
	if s.dtype == engine.Float32 {
		s.packsBFloat16()
	}
}

// packsBFloat16 packs weights that are stored as bfloat16, at every precision.
func (s *suite) packsBFloat16() {
	const m, n, k = 9, 65, 33
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		if s.b.Supports(p, false) != nil {
			continue
		}
		given, a := s.matrixFor(p, m, k, true)
		weight, w := s.matrixFor(p, n, k, true) // the values for int8 have seven bits and are preserved
		if p == engine.Full {
			w.v = rounded(w.v)
		}
		packed := s.b.PackWeight(s.keep(engine.FromSlice(s.b, engine.BFloat16, weight, n, 3, k/3)), p)
		require.Equal(s.T, []int{n, k}, []int{packed.N, packed.K})
		c := s.blank(m, n)
		s.b.Gemm(engine.GemmArgs{C: c, A: s.tensor(given, m, k), Packed: packed, M: m, N: n, K: k, LDA: k, LDC: n, Batch: 1})
		s.check(c, s.timesTransposed(a, w), "a bfloat16 weight packed at %v", p)
		packed.Free()
	}
}
