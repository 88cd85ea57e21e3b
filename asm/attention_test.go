package asm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// headCase is a head between guard words, with a result of its own.
type headCase struct {
	arena   *arena
	head    AttentionHead[float32]
	grads   AttentionGrads[float32]
	scratch []float32
}

// spaced returns rows of n values of standard deviation size, stride apart.
func spaced(rng *rand.Rand, rows, n, stride int, size float64) []float64 {
	v := make([]float64, max(rows-1, 0)*stride+n)
	for i := range v {
		v[i] = size * rng.NormFloat64()
	}
	return v
}

func newHeadCase(t *testing.T, k *Kernels[float32], tokens, dim int, size float64) *headCase {
	rng := rand.New(rand.NewPCG(uint64(tokens), uint64(dim)))
	c := &headCase{arena: &arena{t: t}}
	stride, outStride := 3*dim+1, dim+2
	rows := func(stride, offset int, size float64) []float32 {
		return c.arena.slice(spaced(rng, tokens, dim, stride, size), offset)
	}
	c.head = AttentionHead[float32]{Tokens: tokens, Dim: dim, Stride: stride, OutStride: outStride,
		Q: rows(stride, 1, size), K: rows(stride, 2, size), V: rows(stride, 3, 1),
		Out: rows(outStride, 5, 1), LSE: c.arena.slice(make([]float64, tokens), 1)}
	c.grads = AttentionGrads[float32]{DOut: rows(outStride, 0, 1), DQ: rows(stride, 1, 1), DK: rows(stride, 6, 1), DV: rows(stride, 7, 1)}
	need := max(k.AttentionScratch(tokens, dim), k.AttentionGradScratch(tokens, dim))
	c.scratch = c.arena.slice(make([]float64, need), 0)
	for i := range c.scratch {
		c.scratch[i] = float32(math.NaN()) // whatever is read before it is written shows
	}
	return c
}

// forward and backward run a whole head.
func (c *headCase) forward(k *Kernels[float32]) {
	k.PackAttention(&c.head, c.scratch)
	k.Attention(&c.head, c.scratch, 0, c.head.Tokens)
}

func (c *headCase) backward(k *Kernels[float32]) {
	k.PackAttentionGrad(&c.head, &c.grads, c.scratch)
	k.AttentionGrad(&c.head, &c.grads, c.scratch)
}

// matrix copies the elements of rows that lie stride apart.
func matrix(x []float32, rows, n, stride int) [][]float64 {
	m := make([][]float64, rows)
	for r := range m {
		m[r] = widen(x[r*stride:][:n])
	}
	return m
}

// times is a·b or, transposed, aᵀ·b, in float64.
func times(a, b [][]float64, transposed bool) [][]float64 {
	at, m := func(i, p int) float64 { return a[i][p] }, len(a)
	if transposed {
		at, m = func(i, p int) float64 { return a[p][i] }, len(a[0])
	}
	c := make([][]float64, m)
	for i := range c {
		c[i] = make([]float64, len(b[0]))
		for p := range b {
			for j, v := range b[p] {
				c[i][j] += at(i, p) * v
			}
		}
	}
	return c
}

func transposed(a [][]float64) [][]float64 {
	c := make([][]float64, len(a[0]))
	for j := range c {
		for i := range a {
			c[j] = append(c[j], a[i][j])
		}
	}
	return c
}

// oracle computes everything about a head the plain way, in float64.
type oracle struct {
	out, lse, dq, dk, dv [][]float64
}

func newOracle(h *AttentionHead[float32], g *AttentionGrads[float32]) oracle {
	rows := func(x []float32, stride int) [][]float64 { return matrix(x, h.Tokens, h.Dim, stride) }
	q, key, v, dout := rows(h.Q, h.Stride), rows(h.K, h.Stride), rows(h.V, h.Stride), rows(g.DOut, h.OutStride)
	scale := 1 / math.Sqrt(float64(h.Dim))
	p, lse := times(q, transposed(key), false), make([]float64, h.Tokens)
	for i, row := range p {
		for j := range row {
			row[j] *= scale
		}
		lse[i] = F64().Softmax(row, row)
	}
	o := oracle{out: times(p, v, false), lse: [][]float64{lse}, dv: times(p, dout, true)}
	ds := times(dout, transposed(v), false)
	for i, row := range ds {
		delta := F64().Dot(p[i], row)
		for j := range row {
			row[j] = p[i][j] * (row[j] - delta) * scale
		}
	}
	o.dq, o.dk = times(ds, key, false), times(ds, q, true)
	return o
}

// requireRows compares rows with an error that is small beside the largest of them, or beside a tenth when all are smaller.
func requireRows(t *testing.T, want [][]float64, got []float32, stride int, tolerance float64, what string) {
	t.Helper()
	top := 0.0
	for _, row := range want {
		for _, v := range row {
			top = max(top, math.Abs(v))
		}
	}
	for i, row := range want {
		for j, v := range row {
			if !near(got[i*stride+j], v, 0, tolerance*(top+0.1)) {
				t.Fatalf("%s: element %d, %d is %g, want %g", what, i, j, got[i*stride+j], v)
			}
		}
	}
}

var headSizes = [][2]int{ // tokens and dim, about every edge of tiles, vectors, panels and blocks
	{1, 1}, {1, 64}, {2, 3}, {3, 16}, {5, 17}, {6, 15}, {7, 32}, {11, 33}, {12, 48}, {13, 49}, {15, 64}, {16, 64}, {17, 65},
	{25, 32}, {31, 8}, {33, 31}, {47, 5}, {48, 64}, {49, 64}, {63, 12}, {64, 64}, {65, 63}, {79, 80}, {95, 2}, {97, 16}, {112, 130},
	{127, 7}, {128, 64}, {129, 64}, {144, 16}, {193, 24}, {255, 64}, {257, 64}, {300, 80}, {385, 9},
}

func TestAttentionAgainstFloat64(t *testing.T) {
	for _, k := range Implementations() {
		for _, s := range headSizes {
			for _, size := range []float64{1, 5} {
				what := fmt.Sprintf("%s, %d tokens × %d, size %g", k.Name, s[0], s[1], size)
				c := newHeadCase(t, k, s[0], s[1], size)
				h, g := &c.head, &c.grads
				want := newOracle(h, g)
				logit := size * size * 5 // logits round relative to their size
				c.forward(k)
				c.arena.check()
				requireRows(t, want.out, h.Out, h.OutStride, 1e-6*logit, what+", out")
				requireRows(t, want.lse, h.LSE, 0, 1e-6, what+", lse")
				c.backward(k)
				c.arena.check()
				requireRows(t, want.dq, g.DQ, h.Stride, 1e-6*logit, what+", dq")
				requireRows(t, want.dk, g.DK, h.Stride, 1e-6*logit, what+", dk")
				requireRows(t, want.dv, g.DV, h.Stride, 1e-6*logit, what+", dv")
			}
		}
	}
}

// What lies between the rows of a result belongs to other heads.
func TestAttentionWritesItsRowsOnly(t *testing.T) {
	const tokens, dim = 67, 19
	for _, k := range Implementations() {
		c := newHeadCase(t, k, tokens, dim, 1)
		h, g := &c.head, &c.grads
		results := []struct {
			x      []float32
			stride int
		}{{h.Out, h.OutStride}, {g.DQ, h.Stride}, {g.DK, h.Stride}, {g.DV, h.Stride}}
		for _, r := range results {
			for i := range r.x {
				r.x[i] = guard
			}
		}
		c.forward(k)
		c.backward(k)
		for _, r := range results {
			for i, v := range r.x {
				require.Equal(t, i%r.stride >= dim, v == guard, "%s: element %d", k.Name, i)
			}
		}
	}
}

// A head may be cut anywhere in the forward pass, and at whole blocks in the backward pass, without changing a bit.
func TestAttentionBitsDoNotDependOnTheCut(t *testing.T) {
	for _, k := range Implementations() {
		for _, s := range [][2]int{{67, 64}, {130, 20}, {301, 65}} {
			tokens := s[0]
			whole, parts := newHeadCase(t, k, tokens, s[1], 2), newHeadCase(t, k, tokens, s[1], 2)
			whole.forward(k)
			whole.backward(k)
			k.PackAttention(&parts.head, parts.scratch)
			for lo := 0; lo < tokens; lo += 29 {
				k.Attention(&parts.head, parts.scratch, lo, min(lo+29, tokens))
			}
			require.Equal(t, whole.head.Out, parts.head.Out, "%s %v", k.Name, s)
			require.Equal(t, whole.head.LSE, parts.head.LSE, "%s %v", k.Name, s)
			k.PackAttentionGrad(&parts.head, &parts.grads, parts.scratch)
			for lo := 0; lo < tokens; lo += k.AttentionQueries() {
				k.AttentionQueryGrad(&parts.head, &parts.grads, parts.scratch, lo, min(lo+k.AttentionQueries(), tokens))
			}
			for lo := 0; lo < tokens; lo += k.AttentionKeys() {
				k.AttentionKeyGrad(&parts.head, &parts.grads, parts.scratch, lo, min(lo+k.AttentionKeys(), tokens))
			}
			require.Equal(t, whole.grads, parts.grads, "%s %v", k.Name, s)
		}
	}
}

// A row with NaN or +∞ among its logits is NaN, one with −∞ gives that key nothing, and other rows don't notice.
func TestAttentionOfSpecialValues(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, k := range Implementations() {
		const tokens, dim = 150, 4
		c := newHeadCase(t, k, tokens, dim, 1)
		h := &c.head
		for i := range tokens {
			clear(h.K[i*h.Stride:][:dim])
			h.K[i*h.Stride] = 1
			copy(h.V[i*h.Stride:][:dim], []float32{1, 2, 3, 4})
		}
		h.K[140*h.Stride+1] = 1
		h.Q[3*h.Stride+1], h.Q[20*h.Stride+1], h.Q[49*h.Stride+1] = float32(math.NaN()), inf, -inf
		c.forward(k)
		for i := range tokens {
			for d := range dim {
				v := h.Out[i*h.OutStride+d]
				if i == 3 || i == 20 || i == 49 { // 0·∞ at the other keys is NaN, too
					require.True(t, v != v, "%s: row %d is %g", k.Name, i, v)
				} else {
					require.InDelta(t, d+1, v, 1e-5, "%s: row %d", k.Name, i)
				}
			}
		}
	}
}
