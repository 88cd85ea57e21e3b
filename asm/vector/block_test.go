package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// Kernels on the rows of a block, each against plain float64.

// rowsCase is a block of logits with a number for each of its rows.
type rowsCase struct {
	arena     kerneltest.Arena
	rows, n   int
	ld        int
	s, dp     []float32
	x, y, z   []float32
	s64, dp64 []float64
	x64, y64  []float64
	what      string
}

func eachRowsCase(t *testing.T, set kernel.Set, f func(c *rowsCase)) {
	for n := 1; n < 70; n++ {
		for _, rows := range []int{1, 2, 15, 16, 17, 48} {
			for fill, draw := range kerneltest.Fills {
				if fill == "large" || rows > 2 && n%8 > 1 {
					continue
				}
				rng := rand.New(rand.NewPCG(uint64(n), uint64(rows)))
				values := func(n int) []float64 {
					v := make([]float64, n)
					for i := range v {
						v[i] = float64(float32(draw(rng)))
					}
					return v
				}
				c := &rowsCase{arena: kerneltest.Arena{T: t}, rows: rows, n: n, ld: n + 3, what: fmt.Sprintf("%s, %d×%d, %s", set, rows, n, fill)}
				c.s64, c.dp64 = values((rows-1)*c.ld+n), values((rows-1)*c.ld+n)
				c.x64, c.y64 = values((rows+15)&^15), values((rows+15)&^15)
				c.s, c.dp = c.arena.Slice(c.s64, n%8), c.arena.Slice(c.dp64, rows%8)
				c.x, c.y, c.z = c.arena.Slice(c.x64, 1), c.arena.Slice(c.y64, 2), c.arena.Slice(c.x64, 3)
				f(c)
				c.arena.Check()
			}
		}
	}
}

// each calls f for all elements; those between the rows must not have changed.
func (c *rowsCase) each(got []float32, before []float64, f func(r, i int)) {
	for i := range got {
		if i%c.ld < c.n {
			f(i/c.ld, i)
		} else {
			if got[i] != float32(before[i]) {
				c.arena.T.Fatalf("%s: between the rows, %g became %g", c.what, before[i], got[i])
			}
		}
	}
}

func (c *rowsCase) near(what string, got float32, want, rel, abs float64) {
	if !kerneltest.Near(got, want, rel, abs) {
		c.arena.T.Fatalf("%s: %s is %g, want %g", c.what, what, got, want)
	}
}

func TestOnlineSoftmax(t *testing.T) {
	for _, set := range kernel.Supported() {
		k := New(set)
		eachRowsCase(t, set, func(c *rowsCase) {
			top, sum := c.x, c.y
			for r := range sum {
				sum[r] = float32(math.Abs(c.y64[r]))
			}
			k.OnlineSoftmax(c.s, c.ld, c.rows, c.n, top, sum, c.z)
			m, total := make([]float64, c.rows), make([]float64, c.rows)
			for r := range m {
				m[r] = c.x64[r]
				for _, v := range c.s64[r*c.ld:][:c.n] {
					m[r] = max(m[r], v)
				}
				require.Equal(t, float32(m[r]), top[r], c.what)
				alpha := math.Exp(c.x64[r] - m[r])
				c.near("alpha", c.z[r], alpha, 1e-5, 1e-38)
				total[r] = alpha * math.Abs(c.y64[r])
			}
			c.each(c.s, c.s64, func(r, i int) {
				want := math.Exp(c.s64[i] - m[r])
				total[r] += want
				c.near("s", c.s[i], want, 1e-5, 1e-38)
			})
			for r := range total {
				c.near("sum", sum[r], total[r], 1e-5, 1e-38)
			}
		})
	}
}

func TestLogitGrad(t *testing.T) {
	for _, set := range kernel.Supported() {
		k := New(set)
		eachRowsCase(t, set, func(c *rowsCase) {
			k.LogitGrad(c.s, c.dp, c.ld, c.rows, c.n, c.x, c.y)
			c.each(c.s, c.s64, func(r, i int) {
				p := math.Exp(c.s64[i] - c.x64[r])
				if p > 1e30 {
					return // no probability is
				}
				c.near("p", c.s[i], p, 1e-5, 1e-38)
				want := p * (c.dp64[i] - c.y64[r])
				size := p * (math.Abs(c.dp64[i]) + math.Abs(c.y64[r]))
				c.near("ds", c.dp[i], want, 0, 1e-5*size+1e-38)
			})
		})
	}
}

// exp is exact to two units in the last place, for all magnitudes that occur in a softmax. Kernels in powers of two round x·log₂ e beside,
// by as much of a logit as its own rounding may be.
func TestOnlineSoftmaxExp(t *testing.T) {
	for _, set := range kernel.Supported() {
		k := New(set)
		const n = 64
		s, sum, alpha := make([]float32, n), make([]float32, 16), make([]float32, 16)
		for from := -104.0; from <= 0; from += 0.37 {
			x := make([]float64, n)
			for i := range x {
				s[i] = float32(from + 0.37*float64(i)/n)
				if s[i] > 0 {
					s[i] = 0
				}
				x[i] = float64(s[i])
			}
			top := make([]float32, 16)
			k.OnlineSoftmax(s, n, 1, n, top, sum, alpha)
			for i, v := range s {
				tolerance := 2.4e-7
				if set == kernel.AVX512 {
					tolerance -= 7.5e-8 * x[i]
				}
				require.True(t, kerneltest.Near(v, math.Exp(x[i]), tolerance, 2e-45), "%s: exp(%g) is %g", set, x[i], v)
			}
		}
	}
}

func TestLogSumExp(t *testing.T) {
	for _, set := range kernel.Supported() {
		k := New(set)
		for rows := 1; rows <= 50; rows++ {
			for _, scale := range []float32{1, 0.125} {
				rng, a := rand.New(rand.NewPCG(uint64(rows), 1)), kerneltest.Arena{T: t}
				values := func(draw func() float64) []float32 {
					v := make([]float64, rows)
					for i := range v {
						v[i] = draw()
					}
					return a.Slice(v, rows%5)
				}
				top := values(func() float64 { return 100 * rng.NormFloat64() })
				sum := values(func() float64 { return math.Exp2(rng.Float64()*30 - 4) })
				lse, inverse := values(rng.Float64), values(rng.Float64)
				k.LogSumExp(lse, inverse, top, sum, scale)
				a.Check()
				for r := range rows {
					require.Equal(t, 1/sum[r], inverse[r], "%s, 1/%g", set, sum[r])
					log := math.Log(float64(sum[r]))
					want := float64(scale)*float64(top[r]) + log
					if !kerneltest.Near(lse[r], want, 6e-8, 1e-7+6e-8*math.Abs(log)) {
						t.Fatalf("%s: %g·%g + log %g is %g, want %g", set, scale, top[r], sum[r], lse[r], want)
					}
				}
			}
		}
	}
}

// The logarithm is exact to float32 all over its range, also near 1, and passes on what is no number.
func TestLogSumExpLogarithm(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, set := range kernel.Supported() {
		k := New(set)
		for x := float32(0.5); x < 2.1; x *= 1.0001 {
			for _, v := range []float32{x, 1 + (x-1)*1e-3} {
				lse, rest := make([]float32, 1), make([]float32, 1)
				k.LogSumExp(lse, rest, make([]float32, 1), []float32{v}, 1)
				require.InDelta(t, math.Log(float64(v)), lse[0], 1e-7, "log %g", v)
			}
		}
		for v, want := range map[float32]float32{1: 0, 0: -inf, inf: inf} {
			lse, rest := make([]float32, 1), make([]float32, 1)
			k.LogSumExp(lse, rest, make([]float32, 1), []float32{v}, 1)
			require.Equal(t, want, lse[0], "log %g", v)
		}
		lse, rest := make([]float32, 1), make([]float32, 1)
		k.LogSumExp(lse, rest, make([]float32, 1), []float32{float32(math.NaN())}, 1)
		require.True(t, lse[0] != lse[0])
	}
}

func TestScaleRows(t *testing.T) {
	for _, set := range kernel.Supported() {
		k := New(set)
		eachRowsCase(t, set, func(c *rowsCase) {
			factors := c.x[:c.rows]
			if c.n%2 == 0 {
				factors = factors[:1]
			}
			k.ScaleRows(c.s, c.ld, c.dp, c.ld, c.rows, c.n, factors)
			c.each(c.s, c.s64, func(r, i int) {
				f := factors[min(r, len(factors)-1)]
				c.near("product", c.s[i], float64(f*float32(c.dp64[i])), 0, 0)
			})
			k.ScaleRows(c.dp, c.ld, c.dp, c.ld, c.rows, c.n, factors) // in place
			require.Equal(t, c.s[:c.n], c.dp[:c.n], c.what)
		})
	}
}
