package attention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kerneltest"
)

// Heads whose operands and results are bfloat16 in memory.

// guarded keeps the guard words around slices of bfloat16.
type guarded [][]uint16

const guardBits = 0x5ead

func (g *guarded) slice(values []uint16, offset int) []uint16 {
	from, n := 16+offset, len(values)
	whole := slices.Repeat([]uint16{guardBits}, from+n+16)
	*g = append(*g, whole[:from], whole[from+n:])
	copy(whole[from:], values)
	return whole[from : from+n : from+n]
}

func (g *guarded) check(t *testing.T) {
	t.Helper()
	for _, words := range *g {
		for _, v := range words {
			if v != guardBits {
				t.Fatal("a guard word beside a slice of bfloat16 was overwritten")
			}
		}
	}
}

// newStoredCase is newHeadCase with everything but the log-sum-exp in bfloat16.
func newStoredCase(t *testing.T, k *Kernels[float32], tokens, dim int) (c *headCase, check func()) {
	c = newHeadCase(t, k, tokens, dim, 1)
	h, g := &c.head, &c.grads
	h.BF16 = true
	guards := &guarded{}
	for i, x := range []*Elements[float32]{&h.Q, &h.K, &h.V, &h.Out, &g.DOut, &g.DQ, &g.DK, &g.DV} {
		*x = Elements[float32]{BF16: guards.slice(narrowed(x.Float), i%3)}
	}
	return c, func() { c.arena.Check(); guards.check(t) }
}

// A stored head computes what one of floats with the same operands does, and rounds it once.
func TestStoredAttentionRoundsTheResult(t *testing.T) {
	for _, k := range withBF16(t) {
		for _, s := range headSizes {
			what := fmt.Sprintf("%s, %d tokens × %d", k.gemm.Name, s[0], s[1])
			c, check := newStoredCase(t, k, s[0], s[1])
			h := &c.head
			wide := *c
			wide.head.Q, wide.head.K, wide.head.V = rounded(h.Q), rounded(h.K), rounded(h.V)
			wide.head.Out = Elements[float32]{Float: widened(h.Out)}
			wide.head.LSE = make([]float32, s[0])
			wide.forward(k)
			c.forward(k)
			check()
			require.Equal(t, wide.head.LSE, h.LSE, what)
			require.Equal(t, narrowed(wide.head.Out.Float), h.Out.BF16, what)
		}
	}
}

// Beside what rounding of operands does, δ comes from the rounded result, and gradients are rounded.
func TestStoredAttentionGradAgainstFloat64(t *testing.T) {
	for _, k := range withBF16(t) {
		for _, s := range headSizes {
			what := fmt.Sprintf("%s, %d tokens × %d", k.gemm.Name, s[0], s[1])
			c, check := newStoredCase(t, k, s[0], s[1])
			h, g := &c.head, &c.grads
			c.forward(k)
			c.backward(k)
			check()
			limit := 0x1.8p-8
			if s[0] > 150 {
				limit = 0x1.4p-9 // sums of many terms
			}
			want := newOracle(h, g)
			for name, x := range map[string]struct {
				want [][]float64
				got  Elements[float32]
			}{"dq": {want.dq, g.DQ}, "dk": {want.dk, g.DK}, "dv": {want.dv, g.DV}} {
				requireRows(t, x.want, widened(x.got), h.Stride, 0x1p-7, what+", "+name)
				require.Less(t, relativeError(x.want, widened(x.got), h.Stride), limit, "%s, %s", what, name)
			}
		}
	}
}

// Elements between the rows of a result belong to other heads.
func TestStoredAttentionWritesItsRowsOnly(t *testing.T) {
	const tokens, dim = 67, 19
	for _, k := range withBF16(t) {
		c, _ := newStoredCase(t, k, tokens, dim)
		h, g := &c.head, &c.grads
		results := []struct {
			x      []uint16
			stride int
		}{{h.Out.BF16, h.OutStride}, {g.DQ.BF16, h.Stride}, {g.DK.BF16, h.Stride}, {g.DV.BF16, h.Stride}}
		for _, r := range results {
			for i := range r.x {
				r.x[i] = guardBits
			}
		}
		c.forward(k)
		c.backward(k)
		for _, r := range results {
			for i, v := range r.x {
				require.Equal(t, i%r.stride >= dim, v == guardBits, "%s: element %d", k.gemm.Name, i)
			}
		}
	}
}

func TestStoredAttentionWords(t *testing.T) {
	for _, k := range withBF16(t) {
		for rows := 1; rows < 8; rows++ {
			for n := 1; n <= 130; n++ {
				rng, a, guards := rand.New(rand.NewPCG(uint64(rows), uint64(n))), kerneltest.Arena{T: t}, guarded{}
				src := guards.slice(make([]uint16, (rows-1)*(n+1)+n), n%3)
				for i := range src {
					src[i] = uint16(rng.Uint32()) // NaN, too, which stays as it is
				}
				at := func(r, c int) uint16 {
					if r >= rows || c >= n {
						return 0
					}
					return src[r*(n+1)+c]
				}
				what := fmt.Sprintf("%s, %d×%d", k.gemm.Name, rows, n)
				ld := words(n) + 1
				across := a.Slice(make([]float64, (rows-1)*ld+words(n)), 2)
				k.bf16.copy(across, ld, src, n+1, rows, n)
				for r := range rows {
					for w := range words(n) {
						requireWord(t, at(r, 2*w), at(r, 2*w+1), across[r*ld+w], what)
					}
				}
				if n <= k.width {
					down := a.Slice(make([]float64, (half(rows)-1)*k.width+n), 3)
					k.bf16.join(down, src, n+1, rows, n)
					for p := range half(rows) {
						for c := range n {
							requireWord(t, at(2*p, c), at(2*p+1, c), down[p*k.width+c], what)
						}
					}
				}
				a.Check()
				guards.check(t)
			}
		}
	}
}
