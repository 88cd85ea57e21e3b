package vector

import (
	"math"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// withBytes calls f with each implementation that has instructions for products of bytes.
func withBytes(t *testing.T, f func(set kernel.Set, k *Bytes[float32])) {
	found := false
	for _, set := range kernel.Supported() {
		if k := New(set).Bytes; k != nil {
			f(set, k)
			found = true
		}
	}
	if !found {
		t.Skip("no instructions for products of bytes")
	}
}

// ditherOf is the dither of a column.
func ditherOf(j int) float64 { return (float64(bits.Reverse8(uint8(j%32))>>3) + 0.5) / 32 }

func TestOnlineSoftmaxBytes(t *testing.T) {
	withBytes(t, func(set kernel.Set, k *Bytes[float32]) {
		eachRowsCase(t, set, func(c *rowsCase) {
			top, sum := c.x, c.y
			scales, scales64 := make([]float64, len(c.z)), make([]float64, len(c.z))
			for r := range sum {
				sum[r] = float32(math.Abs(c.y64[r]))
				scales[r] = float64(float32(0.3 + 0.01*float64(r)))
				copy(scales64, scales)
			}
			factors := c.arena.Slice(scales, 2)
			wide := kernel.RoundUp(c.n, 32) / 4
			ldd := wide + 1
			dst := c.arena.Slice(make([]float64, (c.rows-1)*ldd+wide), 1)
			k.OnlineSoftmax(dst, ldd, c.s, c.ld, c.rows, c.n, factors, top, sum, c.z)
			for r := range c.rows {
				m := c.x64[r]
				for _, v := range c.s64[r*c.ld:][:c.n] {
					m = max(m, v)
				}
				require.Equal(t, float32(m), top[r], c.what)
				alpha := math.Exp(scales64[r] * (c.x64[r] - m))
				c.near("alpha", c.z[r], alpha, 1e-5, 1e-38)
				total := 0
				for j := range 4 * wide {
					w := int(math.Float32bits(dst[r*ldd+j/4]) >> (8 * (j % 4)) & 0xff)
					total += w
					if j >= c.n {
						require.Zero(t, w, c.what)
						continue
					}
					exact := 255*math.Exp(scales64[r]*(c.s64[r*c.ld+j]-m)) + ditherOf(j)
					if want := math.Floor(exact); float64(w) != want && math.Abs(exact-math.Round(exact)) > 0.03 {
						t.Fatalf("%s: weight %d, %d is %d, want %g", c.what, r, j, w, exact)
					}
				}
				c.near("sum", sum[r], alpha*math.Abs(c.y64[r])+float64(total)/255, 1e-5, 1e-38)
			}
			require.Equal(t, c.s64, kerneltest.Widen(c.s), "the logits changed")
		})
	})
}

// Of logits everywhere between two whole powers of two, weights are wrong by as much as their exponential, a ten-thousandth, and no more.
func TestOnlineSoftmaxBytesEverywhere(t *testing.T) {
	withBytes(t, func(_ kernel.Set, k *Bytes[float32]) {
		const rows, n = 400, 256
		s, dst := make([]float32, n), make([]float32, n/4)
		for r := range rows {
			for j := range s {
				s[j] = -float32(j*rows+r) / (n * rows / 6) // powers of e from 0 to −6
			}
			s[0] = 0
			top, sum, alpha := []float32{-math.MaxFloat32 / 2}, []float32{0}, make([]float32, 16)
			k.OnlineSoftmax(dst, n/4, s, n, 1, n, append([]float32{1}, make([]float32, 15)...), top, sum, alpha)
			for j, v := range s {
				weight := 255 * math.Exp(float64(v))
				w := float64(math.Float32bits(dst[j/4]) >> (8 * (j % 4)) & 0xff)
				wrong := 1.04e-4*weight + 1e-4
				require.GreaterOrEqual(t, w, math.Floor(weight+ditherOf(j)-wrong), "%v", v)
				require.LessOrEqual(t, w, math.Floor(weight+ditherOf(j)+wrong), "%v", v)
			}
		}
	})
}

// Equal logits have the whole weight, however large they are; a scale that is NaN makes NaN of its row.
func TestOnlineSoftmaxBytesEdges(t *testing.T) {
	withBytes(t, func(_ kernel.Set, k *Bytes[float32]) {
		const n = 64
		for _, v := range []float32{0, 1e4, -1e4, 1e7} {
			s, dst := make([]float32, n), make([]float32, n/4)
			for j := range s {
				s[j] = v
			}
			top, sum, alpha := []float32{-math.MaxFloat32 / 2}, []float32{0}, make([]float32, 16)
			k.OnlineSoftmax(dst, n/4, s, n, 1, n, append([]float32{0.3}, make([]float32, 15)...), top, sum, alpha)
			require.Equal(t, v, top[0])
			if v < 1e5 { // beyond, the product of the top and the scale rounds by more than a weight
				require.InDelta(t, n, sum[0], 0.1)
				require.Equal(t, uint32(0xffffffff), math.Float32bits(dst[0]))
			}
			require.Positive(t, sum[0], "%v is the largest of its row", v)
			k.OnlineSoftmax(dst, n/4, s, n, 1, n, append([]float32{float32(math.NaN())}, make([]float32, 15)...), top, sum, alpha)
			require.True(t, sum[0] != sum[0] && alpha[0] != alpha[0])
		}
	})
}
