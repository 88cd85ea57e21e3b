package attention

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/gemm"
	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
	"mien/asm/vector"
)

// implementations are those that this CPU can run, best first and the reference last.
func implementations() (all []*Kernels[float32]) {
	for _, set := range kernel.Supported() {
		v := vector.New(set)
		all = append(all, New(set, v, gemm.New(set, v)))
	}
	return all
}

var reference64 = vector.Reference[float64]()

// headCase is a head between guard words, with its own result.
type headCase struct {
	arena   *kerneltest.Arena
	head    Head[float32]
	grads   Grads[float32]
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
	c := &headCase{arena: &kerneltest.Arena{T: t}}
	stride, outStride := 3*dim+1, dim+2
	rows := func(stride, offset int, size float64) Elements[float32] {
		return Elements[float32]{Float: c.arena.Slice(spaced(rng, tokens, dim, stride, size), offset)}
	}
	c.head = Head[float32]{Tokens: tokens, Dim: dim, Stride: stride, OutStride: outStride,
		Q: rows(stride, 1, size), K: rows(stride, 2, size), V: rows(stride, 3, 1),
		Out: rows(outStride, 5, 1), LSE: c.arena.Slice(make([]float64, tokens), 1)}
	c.grads = Grads[float32]{DOut: rows(outStride, 0, 1), DQ: rows(stride, 1, 1), DK: rows(stride, 6, 1), DV: rows(stride, 7, 1)}
	need := max(k.AttentionScratch(tokens, dim), k.AttentionGradScratch(tokens, dim))
	c.scratch = c.arena.Slice(make([]float64, need), 0)
	for i := range c.scratch {
		c.scratch[i] = float32(math.NaN()) // exposes reads of scratch that was never written
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
		m[r] = kerneltest.Widen(x[r*stride:][:n])
	}
	return m
}

// times is a·b in float64.
func times(a, b [][]float64) [][]float64 {
	c := make([][]float64, len(a))
	for i, row := range a {
		c[i] = make([]float64, len(b[0]))
		for p, v := range row {
			for j, w := range b[p] {
				c[i][j] += v * w
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

// oracle computes the result and gradients of a head directly, in float64.
type oracle struct {
	out, lse, dq, dk, dv [][]float64
}

func newOracle(h *Head[float32], g *Grads[float32]) oracle {
	rows := func(x Elements[float32], stride int) [][]float64 { return matrix(widened(x), h.Tokens, h.Dim, stride) }
	q, key, v, dout := rows(h.Q, h.Stride), rows(h.K, h.Stride), rows(h.V, h.Stride), rows(g.DOut, h.OutStride)
	scale := 1 / math.Sqrt(float64(h.Dim))
	p, lse := times(q, transposed(key)), make([]float64, h.Tokens)
	for i, row := range p {
		for j := range row {
			row[j] *= scale
		}
		lse[i] = reference64.Softmax(row, row)
	}
	o := oracle{out: times(p, v), lse: [][]float64{lse}, dv: times(transposed(p), dout)}
	ds := times(dout, transposed(v))
	for i, row := range ds {
		delta := reference64.Dot(p[i], row)
		for j := range row {
			row[j] = p[i][j] * (row[j] - delta) * scale
		}
	}
	o.dq, o.dk = times(ds, key), times(transposed(ds), q)
	return o
}

// requireRows compares rows with an error that is small relative to the largest of them, or to a tenth if all are smaller.
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
			if !kerneltest.Near(got[i*stride+j], v, 0, tolerance*(top+0.1)) {
				t.Fatalf("%s: element %d, %d is %g, want %g", what, i, j, got[i*stride+j], v)
			}
		}
	}
}

var headSizes = [][2]int{ // tokens and dim, around every edge of tiles, vectors, panels and blocks
	{1, 1}, {1, 64}, {2, 3}, {3, 16}, {5, 17}, {6, 15}, {7, 32}, {11, 33}, {12, 48}, {13, 49}, {15, 64}, {16, 64}, {17, 65},
	{25, 32}, {31, 8}, {33, 31}, {47, 5}, {48, 64}, {49, 64}, {63, 12}, {64, 64}, {65, 63}, {79, 80}, {95, 2}, {97, 16}, {112, 130},
	{127, 7}, {128, 64}, {129, 64}, {144, 16}, {192, 64}, {193, 24}, {197, 64}, {256, 32}, {257, 64}, {513, 9},
}

func TestAttentionAgainstFloat64(t *testing.T) {
	for _, k := range implementations() {
		for i, s := range headSizes {
			size := []float64{1, 5, 0.1}[i%3]
			what := fmt.Sprintf("%s, %d tokens × %d, size %g", k.gemm.Name, s[0], s[1], size)
			c := newHeadCase(t, k, s[0], s[1], size)
			h, g := &c.head, &c.grads
			want := newOracle(h, g)
			tolerance := 5e-6 * max(1, size*size) // logits round relative to their size
			c.forward(k)
			c.arena.Check()
			requireRows(t, want.out, h.Out.Float, h.OutStride, tolerance, what+", out")
			requireRows(t, want.lse, h.LSE, 0, 1e-6, what+", lse")
			c.backward(k)
			c.arena.Check()
			requireRows(t, want.dq, g.DQ.Float, h.Stride, tolerance, what+", dq")
			requireRows(t, want.dk, g.DK.Float, h.Stride, tolerance, what+", dk")
			requireRows(t, want.dv, g.DV.Float, h.Stride, tolerance, what+", dv")
		}
	}
}

// Elements between the rows of a result belong to other heads.
func TestAttentionWritesItsRowsOnly(t *testing.T) {
	const tokens, dim = 67, 19
	for _, k := range implementations() {
		c := newHeadCase(t, k, tokens, dim, 1)
		h, g := &c.head, &c.grads
		results := []struct {
			x      []float32
			stride int
		}{{h.Out.Float, h.OutStride}, {g.DQ.Float, h.Stride}, {g.DK.Float, h.Stride}, {g.DV.Float, h.Stride}}
		for _, r := range results {
			for i := range r.x {
				r.x[i] = kerneltest.Guard
			}
		}
		c.forward(k)
		c.backward(k)
		for _, r := range results {
			for i, v := range r.x {
				require.Equal(t, i%r.stride >= dim, v == kerneltest.Guard, "%s: element %d", k.gemm.Name, i)
			}
		}
	}
}

// A head may be cut anywhere in the forward pass, and at whole blocks in the backward pass, without changing a bit.
func TestAttentionBitsDoNotDependOnTheCut(t *testing.T) {
	for _, k := range implementations() {
		for i, s := range [][2]int{{67, 64}, {130, 20}, {301, 65}, {67, 64}, {301, 65}, {67, 64}, {301, 65}} {
			tokens := s[0]
			whole, parts := newHeadCase(t, k, tokens, s[1], 2), newHeadCase(t, k, tokens, s[1], 2)
			whole.head.BF16, parts.head.BF16 = i > 2, i > 2
			if i > 4 {
				if k.bf16 == nil {
					continue
				}
				whole, _ = newStoredCase(t, k, tokens, s[1])
				parts, _ = newStoredCase(t, k, tokens, s[1])
			}
			whole.forward(k)
			whole.backward(k)
			k.PackAttention(&parts.head, parts.scratch)
			for lo := 0; lo < tokens; lo += 29 {
				k.Attention(&parts.head, parts.scratch, lo, min(lo+29, tokens))
			}
			require.Equal(t, whole.head.Out, parts.head.Out, "%s %v", k.gemm.Name, s)
			require.Equal(t, whole.head.LSE, parts.head.LSE, "%s %v", k.gemm.Name, s)
			k.PackAttentionGrad(&parts.head, &parts.grads, parts.scratch)
			for lo := 0; lo < tokens; lo += k.AttentionQueries() {
				k.AttentionQueryGrad(&parts.head, &parts.grads, parts.scratch, lo, min(lo+k.AttentionQueries(), tokens))
			}
			for lo := 0; lo < tokens; lo += k.AttentionKeys() {
				k.AttentionKeyGrad(&parts.head, &parts.grads, parts.scratch, lo, min(lo+k.AttentionKeys(), tokens))
			}
			require.Equal(t, whole.grads, parts.grads, "%s %v", k.gemm.Name, s)
		}
	}
}

// valued is a head whose keys are all (1, 0) and whose values are all (1, 2).
func valued(t *testing.T, k *Kernels[float32], tokens int) *headCase {
	c := newHeadCase(t, k, tokens, 2, 1)
	for i := range tokens {
		copy(c.head.K.Float[i*c.head.Stride:], []float32{1, 0})
		copy(c.head.V.Float[i*c.head.Stride:], []float32{1, 2})
	}
	return c
}

// A row with NaN among its logits is NaN, and the others are unaffected.
func TestAttentionKeepsNaNInItsRow(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, k := range implementations() {
		c := valued(t, k, 150)
		h := &c.head
		h.K.Float[140*h.Stride+1] = 1
		h.Q.Float[3*h.Stride+1], h.Q.Float[20*h.Stride+1], h.Q.Float[49*h.Stride+1] = float32(math.NaN()), inf, -inf // 0·∞ is NaN
		c.forward(k)
		for i := range h.Tokens {
			row := h.Out.Float[i*h.OutStride:][:2]
			if i == 3 || i == 20 || i == 49 {
				require.True(t, row[0] != row[0] && row[1] != row[1], "%s: row %d is %g", k.gemm.Name, i, row)
			} else {
				require.InDeltaSlice(t, []float32{1, 2}, row, 1e-5, "%s: row %d", k.gemm.Name, i)
			}
		}
	}
}

// Keys with a logit of −∞ weigh nothing, even when the first blocks have no others; +∞ makes NaN of all rows.
func TestAttentionOfInfiniteLogits(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, k := range implementations() {
		for _, bf16 := range []bool{false, true} {
			c := valued(t, k, 450)
			h := &c.head
			h.BF16 = bf16
			for i := range h.Tokens {
				h.Q.Float[i*h.Stride] = nearest(h.Q.Float[i*h.Stride])
				h.Q.Float[i*h.Stride+1] = 1
				if i < 400 || i == 449 {
					h.K.Float[i*h.Stride+1], h.V.Float[i*h.Stride] = -inf, 1e6
				}
			}
			c.forward(k)
			for i := range h.Tokens {
				require.InDeltaSlice(t, []float32{1, 2}, h.Out.Float[i*h.OutStride:][:2], 1e-5, "%s: row %d", k.gemm.Name, i)
				require.InDelta(t, h.Q.Float[i*h.Stride]/math.Sqrt2+float32(math.Log(49)), h.LSE[i], 1e-5, "%s: row %d", k.gemm.Name, i)
			}
			h.K.Float[444*h.Stride+1] = inf
			c.forward(k)
			for i := range h.Tokens {
				require.True(t, h.Out.Float[i*h.OutStride] != h.Out.Float[i*h.OutStride], "%s: row %d", k.gemm.Name, i)
			}
		}
	}
}
