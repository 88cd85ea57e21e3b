package cpu

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// TestLowBitsDoNotDependOnTheCut requires of products that are cut into pieces the bits of those that are not, for any number of threads.
func TestLowBitsDoNotDependOnTheCut(t *testing.T) {
	k := asm.F32().BF16
	if !k.Fast {
		t.Skip("training at bf16 runs on the kernels of float32")
	}
	c, rng := New(), rand.New(rand.NewPCG(1, 2))
	random := func(shape ...int) *engine.Tensor {
		values := make([]float32, engine.Elements(shape))
		for i := range values {
			values[i] = rng.Float32() - 0.5
		}
		return engine.FromSlice(c, engine.Float32, values, shape...)
	}
	for _, s := range []struct {
		m, n, terms    int
		transA, transB bool
	}{
		{6 * rowWords / mostTerms, 9, mostTerms + 1, false, true},
		{70, 40, 3*mostTerms + 5, true, false},
		{5, panelWords/1024 + 1, 4096, true, true},
	} {
		g := engine.GemmArgs{A: random(s.m * s.terms), B: random(s.n * s.terms), C: random(s.m, s.n), M: s.m, N: s.n, K: s.terms,
			TransA: s.transA, TransB: s.transB, LDA: s.terms, LDB: s.n, LDC: s.n, Batch: 1, Bias: random(s.n), GELU: true,
			Pre: engine.New(c, engine.Float32, s.m, s.n), Precision: engine.BF16}
		if s.transA {
			g.LDA = s.m
		}
		if s.transB {
			g.LDB = s.terms
		}
		whole := lowItem(&g, 0)
		rows, panels := new(quantized.Rows), new(quantized.Panels)
		rows.Reset(k, s.m, s.terms)
		k.ConvertOperand(rows, whole.a, 0, 1)
		panels.Reset(k, s.n, s.terms)
		k.PackOperand(panels, whole.b, 0, 1)
		k.Gemm(whole.Of(rows, panels))
		var want [2][]float32
		var err error
		want[0], err = engine.Read[float32](g.C)
		require.NoError(t, err)
		want[1], err = engine.Read[float32](g.Pre)
		require.NoError(t, err)
		for _, threads := range []int{1, 2, 3} {
			c.Fill(g.C, 7)
			c.Fill(g.Pre, 7)
			restore := runtime.GOMAXPROCS(threads)
			require.Greater(t, len(rounds([]lowProduct{lowItem(&g, 0)})), 1, "the product is cut")
			c.Gemm(g)
			runtime.GOMAXPROCS(restore)
			for i, x := range []*engine.Tensor{g.C, g.Pre} {
				got, err := engine.Read[float32](x)
				require.NoError(t, err)
				require.Equal(t, want[i], got, "%d×%d×%d on %d threads", s.m, s.n, s.terms, threads)
			}
		}
	}
}

// Pieces cover every term of every element once, within the limits, and those of one sum are in different rounds, in order.
func TestRounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		products := make([]lowProduct, 1+rng.IntN(6))
		for i := range products {
			p := &products[i]
			p.M, p.N, p.terms = rng.IntN(3000), rng.IntN(5000), rng.IntN(20000)>>rng.IntN(8)
		}
		done, ended := make([]int, len(products)), make([]int, len(products))
		next := map[[2]int]int{} // product and first row: the next term
		for _, round := range rounds(products) {
			rows, panels, seen := 0, 0, map[[2]int]bool{}
			for _, p := range round {
				i := 0
				for p.lowProduct != &products[i] {
					i++
				}
				at := [2]int{i, p.lo}
				require.Equal(t, next[at], p.from)
				require.False(t, seen[at])
				require.True(t, p.from%2 == 0)
				next[at], seen[at] = p.to, true
				done[i] += (p.hi - p.lo) * (p.to - p.from)
				if p.to == p.terms {
					ended[i] += p.hi - p.lo
				}
				rows, panels = rows+(p.hi-p.lo)*(p.to-p.from)/2, panels+p.N*(p.to-p.from)/2
			}
			require.LessOrEqual(t, rows, rowWords)
			require.LessOrEqual(t, panels, panelWords)
		}
		for i, p := range products {
			if p.N > 0 {
				require.Equal(t, p.M*p.terms, done[i])
				require.Equal(t, p.M, ended[i], "an empty sum, too, ends with its bias")
			}
		}
	}
}

// Shares cover a round once, begin at panels, and are enough for all threads.
func TestShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		parts := 2 + rng.IntN(9)
		round, work, elements := make([]piece, 1+rng.IntN(5)), 0, 0
		for i := range round {
			p := &round[i]
			p.lowProduct = &lowProduct{terms: rng.IntN(4000)}
			p.N, p.hi, p.to = 1+rng.IntN(3000), 1+rng.IntN(2000), p.terms
			work, elements = work+p.work(), elements+p.hi*p.N
		}
		largest := 0
		for _, s := range sharesOf(round, work, parts, 14) {
			require.Zero(t, s.left%quantized.NR)
			require.True(t, s.right == s.N || s.right%quantized.NR == 0)
			elements -= (s.bottom - s.top) * (s.right - s.left)
			largest = max(largest, (s.bottom-s.top)*(s.right-s.left)*(s.to-s.from))
		}
		require.Zero(t, elements)
		require.LessOrEqual(t, largest, max(work/(4*parts)+2*28*quantized.NR*mostTerms, 1))
	}
}
