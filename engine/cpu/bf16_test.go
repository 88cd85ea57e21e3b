package cpu

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/asm/quantized"
	"mien/engine"
)

// TestBF16BitsDoNotDependOnTheCut requires of products that are cut into pieces the bits of those that are not, for any number of threads.
func TestBF16BitsDoNotDependOnTheCut(t *testing.T) {
	c, rng := New(), rand.New(rand.NewPCG(1, 2))
	if !asm.F32().BF16.Fast {
		t.Skip("training at bf16 runs on the kernels of float32")
	}
	random := func(dtype engine.DType, shape ...int) *engine.Tensor {
		values := make([]float32, engine.Elements(shape))
		for i := range values {
			values[i] = rng.Float32() - 0.5
		}
		return engine.FromSlice(c, dtype, values, shape...)
	}
	for _, s := range []struct {
		m, n, terms    int
		transA, transB bool
		operand        engine.DType
	}{
		{6 * rowWords / mostTerms, 9, mostTerms + 1, false, true, engine.Float32},
		{70, 40, 3*mostTerms + 5, true, false, engine.Float32},
		{70, 40, 2*mostTerms + 6, false, false, engine.BFloat16}, // op(A) in place
		{5, panelWords/1024 + 1, 4096, true, true, engine.Float32},
		{70, 1000, 2*mostTerms + 7, false, false, engine.Float32}, // op(B) packed by each thread
	} {
		for _, result := range slices.Compact([]engine.DType{engine.Float32, c.Activations(engine.BF16)}) {
			g := engine.GemmArgs{A: random(s.operand, s.m*s.terms), B: random(s.operand, s.n*s.terms), C: random(result, s.m, s.n),
				M: s.m, N: s.n, K: s.terms, TransA: s.transA, TransB: s.transB, LDA: s.terms, LDB: s.n, LDC: s.n, Batch: 1,
				Bias: random(engine.Float32, s.n), GELU: true, Pre: random(result, s.m, s.n), Precision: engine.BF16}
			if s.transA {
				g.LDA = s.m
			}
			if s.transB {
				g.LDB = s.terms
			}
			compareUncut(t, c, g)
		}
	}
}

// compareUncut compares a product with one in a single piece.
func compareUncut(t *testing.T, c *Backend, g engine.GemmArgs) {
	k, whole := asm.F32().BF16, bf16Item(&g, 0)
	rows, panels := new(quantized.Rows), new(quantized.Panels)
	rows.Reset(k, g.M, g.K)
	k.ConvertOperand(rows, whole.a, 0, 1)
	panels.Reset(k, g.N, g.K)
	k.PackOperand(panels, whole.b, 0, 1)
	k.Gemm(whole.Of(rows, panels))
	results := func() (values [2][]float32) {
		for i, x := range []*engine.Tensor{g.C, g.Pre} {
			var err error
			values[i], err = engine.Read[float32](x)
			require.NoError(t, err)
			engine.Write(x, make([]float32, x.Len()))
		}
		return values
	}
	want := results()
	for _, threads := range []int{1, 2, 3, 8, 64} {
		restore := runtime.GOMAXPROCS(threads)
		require.Greater(t, len(rounds([]bf16Product{bf16Item(&g, 0)})), 1, "the product is cut")
		c.Gemm(g)
		runtime.GOMAXPROCS(restore)
		require.Equal(t, want, results(), "%v of %d×%d×%d on %d threads", g.C, g.M, g.N, g.K, threads)
	}
}

// Operands wait for other products, and count, until the backend is closed.
func TestOperandsCount(t *testing.T) {
	const n = 150 // so few columns that threads share what they pack
	c := New()
	if !asm.F32().BF16.Fast {
		t.Skip("training at bf16 runs on the kernels of float32")
	}
	x, y := engine.New(c, engine.Float32, n, n), engine.New(c, engine.Float32, n, n)
	before := c.Stats().PoolBytes
	c.Gemm(engine.GemmArgs{A: x, B: x, C: y, M: n, N: n, K: n, LDA: n, LDB: n, LDC: n, Batch: 1, Precision: engine.BF16})
	require.GreaterOrEqual(t, c.Stats().PoolBytes-before, 2*2*n*n)
	require.NoError(t, c.Close())
	require.Zero(t, c.Stats().PoolBytes)
}

// TestBandsShareWeights has a product in two bands, whose op(B) is packed once, begin in the round of another product.
func TestBandsShareWeights(t *testing.T) {
	const n, terms = 9, mostTerms
	c, rng := New(), rand.New(rand.NewPCG(7, 8))
	if !asm.F32().BF16.Fast {
		t.Skip("training at bf16 runs on the kernels of float32")
	}
	var products []bf16Product
	var args []engine.GemmArgs
	var want [][]float32
	for i, m := range []int{5, rowWords*2/terms + 3} {
		dtype := []engine.DType{engine.BFloat16, engine.Float32}[i]
		operand := func(rows int) *engine.Tensor {
			values := make([]float32, rows*terms)
			for i := range values {
				values[i] = rng.Float32()
			}
			return engine.FromSlice(c, dtype, values, rows, terms)
		}
		g := engine.GemmArgs{A: operand(m), B: operand(n), C: engine.New(c, engine.Float32, m, n), M: m, N: n, K: terms, TransB: true,
			LDA: terms, LDB: terms, LDC: n, Batch: 1, Precision: engine.BF16}
		products, args = append(products, bf16Item(&g, 0)), append(args, g)
		c.Gemm(g)
		want = append(want, slices.Clone(products[i].C))
		clear(products[i].C)
	}
	list := rounds(products)
	require.Len(t, list, 2)
	require.Len(t, list[0], 2)
	c.multiplyBF16(products)
	for i, p := range products {
		require.True(t, slices.Equal(want[i], p.C), "product %d", i)
	}
	runtime.KeepAlive(args)
}

// Pieces cover every term of every element once, within the limits, and those of one sum are in different rounds, in order.
func TestRounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		products := make([]bf16Product, 1+rng.IntN(6))
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
				for p.bf16Product != &products[i] {
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
			p.bf16Product = &bf16Product{terms: rng.IntN(4) * rng.IntN(1300)}
			p.N, p.hi, p.to = 1+rng.IntN(3000), 1+rng.IntN(2000), p.terms
			p.fresh = ceilDiv(p.N, quantized.NR) >= ownPanels*parts && rng.IntN(2) == 0
			work, elements = work+p.work(), elements+p.hi*p.N
		}
		largest := 0
		for _, s := range sharesOf(asm.F32().BF16, round, work, parts) {
			require.Zero(t, s.left%quantized.NR)
			require.True(t, !s.fresh || s.bottom-s.top == s.hi-s.lo, "nothing is packed twice")
			require.True(t, s.right == s.N || s.right%quantized.NR == 0)
			elements -= (s.bottom - s.top) * (s.right - s.left)
			largest = max(largest, (s.bottom-s.top)*(s.right-s.left)*(s.to-s.from))
		}
		require.Zero(t, elements)
		require.LessOrEqual(t, largest, max(work/parts+2*28*quantized.NR*mostTerms, 1))
	}
}
