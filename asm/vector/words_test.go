package vector

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// withWords calls f with each implementation that has instructions for bfloat16.
func withWords(t *testing.T, f func(set kernel.Set, k *Words[float32])) {
	found := false
	for _, set := range kernel.Supported() {
		if k := New(set).Words; k != nil {
			f(set, k)
			found = true
		}
	}
	if !found {
		t.Skip("no instructions for bfloat16")
	}
}

// half returns one of the bfloat16 of a word, the low one if i is even.
func half(word float32, i int) float32 {
	bits := math.Float32bits(word)
	return math.Float32frombits(bits << (16 * uint(1-i%2)) & 0xffff0000)
}

// bfloat16 has eight bits: half a place, and what the float32 before was wrong by.
const roundedTo = 0x1p-8 + 1e-5

func TestOnlineSoftmaxWords(t *testing.T) {
	const scale = 0.3
	withWords(t, func(set kernel.Set, k *Words[float32]) {
		eachRowsCase(t, set, func(c *rowsCase) {
			top, sum := c.x, c.y
			for r := range sum {
				sum[r] = float32(math.Abs(c.y64[r]))
			}
			wide := kernel.RoundUp(c.n, 32) / 2
			ldd := wide + 1
			dst := c.arena.Slice(make([]float64, (c.rows-1)*ldd+wide), 1)
			k.OnlineSoftmax(dst, ldd, c.s, c.ld, c.rows, c.n, scale, top, sum, c.z)
			for r := range c.rows {
				m := c.x64[r]
				for _, v := range c.s64[r*c.ld:][:c.n] {
					m = max(m, v)
				}
				require.Equal(t, float32(m), top[r], c.what)
				alpha := math.Exp(float64(float32(scale)) * (c.x64[r] - m))
				c.near("alpha", c.z[r], alpha, 1e-5, 1e-38)
				total := alpha * math.Abs(c.y64[r])
				for j := range 2 * wide {
					want := 0.0
					if j < c.n {
						want = math.Exp(float64(float32(scale)) * (c.s64[r*c.ld+j] - m))
					}
					total += want
					c.near("exp", half(dst[r*ldd+j/2], j), want, roundedTo, 1e-38)
				}
				c.near("sum", sum[r], total, 1e-5, 1e-38)
			}
			require.Equal(t, c.s64, kerneltest.Widen(c.s), "the logits changed")
		})
	})
}

func TestLogitGradWords(t *testing.T) {
	const scale = 0.3
	withWords(t, func(set kernel.Set, k *Words[float32]) {
		eachRowsCase(t, set, func(c *rowsCase) {
			wide, pairs := kernel.RoundUp(c.n, 16), kernel.CeilDiv(c.rows, 2)
			ldw, lda := wide+2, wide/2+1
			p, ds := c.arena.Slice(make([]float64, (pairs-1)*ldw+wide), 1), c.arena.Slice(make([]float64, (pairs-1)*ldw+wide), 3)
			across := c.arena.Slice(make([]float64, (c.rows-1)*lda+wide/2), 2)
			for i := range c.x64 { // so that no probability is above e
				c.x64[i] = 1
				for _, v := range c.s64 {
					c.x64[i] = max(c.x64[i], scale*v)
				}
				c.x[i] = float32(c.x64[i])
			}
			k.LogitGrad(p, ds, ldw, across, lda, c.s, c.dp, c.ld, c.rows, c.n, scale, c.x, c.y)
			for r := range 2 * pairs {
				for j := range wide {
					prob, grad, size := 0.0, 0.0, 0.0
					if r < c.rows && j < c.n {
						i, f := r*c.ld+j, float64(float32(scale))
						prob = math.Exp(f*c.s64[i] - float64(c.x[r]))
						grad = f * prob * (c.dp64[i] - c.y64[r])
						size = f * prob * (math.Abs(c.dp64[i]) + math.Abs(c.y64[r]))
					}
					c.near("p", half(p[r/2*ldw+j], r), prob, roundedTo, 1e-38)
					c.near("ds", half(ds[r/2*ldw+j], r), grad, roundedTo, 1e-5*size+1e-38)
					if r < c.rows {
						require.Equal(t, half(ds[r/2*ldw+j], r), half(across[r*lda+j/2], j), c.what)
					}
				}
			}
			require.Equal(t, c.s64, kerneltest.Widen(c.s), "the logits changed")
			require.Equal(t, c.dp64, kerneltest.Widen(c.dp), "the gradients changed")
		})
	})
}

// narrow returns n bfloat16 in memory that an arena guards: half a float more than needed where n is odd, which must not change either.
func narrow(c *rowsCase, n, offset int, draw func() float32) (bits []uint16, check func()) {
	floats := c.arena.Slice(make([]float64, (n+1)/2), offset)
	all := asBF16(floats, 2*len(floats))
	for i := range all {
		all[i] = uint16(math.Float32bits(draw()) >> 16)
	}
	spare := all[len(all)-1]
	return all[:n], func() {
		if n%2 == 1 {
			require.Equal(c.arena.T, spare, all[n], "%s: beyond the last element", c.what)
		}
	}
}

func fromBits(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

func TestScaleRowsWords(t *testing.T) {
	withWords(t, func(set kernel.Set, k *Words[float32]) {
		eachRowsCase(t, set, func(c *rowsCase) {
			factors := c.x[:c.rows]
			if c.n%2 == 0 {
				factors = factors[:1]
			}
			ldd := c.n + c.rows%3
			dst, check := narrow(c, (c.rows-1)*ldd+c.n, c.n%5, func() float32 { return 7 })
			k.ScaleRows(dst, ldd, c.s, c.ld, c.rows, c.n, factors)
			check()
			for i, bits := range dst {
				r, j := i/ldd, i%ldd
				if j >= c.n {
					require.Equal(t, float32(7), fromBits(bits), "%s: between the rows", c.what)
					continue
				}
				want := factors[min(r, len(factors)-1)] * c.s[r*c.ld+j]
				c.near("product", fromBits(bits), float64(want), 0x1p-8, 1.2e-38) // what is too small for a normal number becomes 0
			}
			require.Equal(t, c.s64, kerneltest.Widen(c.s), "the numbers changed")
		})
	})
}

// ScaleRows rounds to nearest, ties to even.
func TestScaleRowsWordsRounds(t *testing.T) {
	withWords(t, func(_ kernel.Set, k *Words[float32]) {
		src := []float32{1 + 0x1p-8, 1 + 0x3p-8, -1 - 0x1.1p-8, 3.4e38, float32(math.Inf(-1)), 0x1p-127, float32(math.NaN())}
		want := []float32{1, 1 + 0x4p-8, -1 - 0x1p-7, float32(math.Inf(1)), float32(math.Inf(-1)), 0}
		dst := make([]uint16, len(src))
		k.ScaleRows(dst, len(src), src, len(src), 1, len(src), []float32{1})
		for i, v := range want {
			require.Equal(t, v, fromBits(dst[i]), "%g", src[i])
		}
		require.True(t, math.IsNaN(float64(fromBits(dst[len(want)]))))
	})
}

func TestRowDots(t *testing.T) {
	withWords(t, func(set kernel.Set, k *Words[float32]) {
		eachRowsCase(t, set, func(c *rowsCase) {
			i := 0
			draw := func() float32 { i++; return c.s[i%len(c.s)] }
			stride := c.n + c.rows%3
			a, _ := narrow(c, (c.rows-1)*stride+c.n, 1, draw)
			b, _ := narrow(c, (c.rows-1)*stride+c.n, 2, draw)
			k.RowDots(c.z, a, b, stride, c.rows, c.n)
			for r := range c.rows {
				sum, size := 0.0, 0.0
				for j := range c.n {
					v := float64(fromBits(a[r*stride+j])) * float64(fromBits(b[r*stride+j]))
					sum, size = sum+v, size+math.Abs(v)
				}
				c.near("sum", c.z[r], sum, 0, 1e-6*size+1e-37)
			}
			require.Equal(t, c.x64[c.rows:], kerneltest.Widen(c.z)[c.rows:], "beyond the rows")
		})
	})
}
