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
