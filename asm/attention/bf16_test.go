package attention

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kerneltest"
	"mien/asm/quantized"
)

// nearest is v as a bfloat16.
func nearest(v float32) float32 { return quantized.FromBF16(quantized.ToBF16(v)) }

func TestNearestBF16(t *testing.T) {
	for v, want := range map[float32]float32{
		1: 1, -3: -3, 0: 0, 1 + 0x1p-8: 1, 1 + 0x1.8p-8: 1 + 0x1p-7, 1 + 0x1p-7 + 0x1p-8: 1 + 0x1p-6, // ties go to even
		-1 - 0x1.1p-8: -1 - 0x1p-7, 0x1p-127: 0, 3.4e38: float32(math.Inf(1)), float32(math.Inf(-1)): float32(math.Inf(-1)),
	} {
		require.Equal(t, want, nearest(v), "%g", v)
	}
	require.True(t, math.IsNaN(float64(nearest(float32(math.NaN())))))
}

// narrowed is a copy in bfloat16.
func narrowed(x []float32) []uint16 {
	bits := make([]uint16, len(x))
	for i, v := range x {
		bits[i] = quantized.ToBF16(v)
	}
	return bits
}

// widened is a copy in float32.
func widened(x Elements[float32]) []float32 {
	if x.BF16 == nil {
		return append([]float32(nil), x.Float...)
	}
	values := make([]float32, len(x.BF16))
	for i, bits := range x.BF16 {
		values[i] = quantized.FromBF16(bits)
	}
	return values
}

// rounded is a copy in bfloat16, as floats.
func rounded(x Elements[float32]) Elements[float32] {
	return Elements[float32]{Float: widened(Elements[float32]{BF16: narrowed(widened(x))})}
}

// roundedHead is the oracle's view of operands in bfloat16.
func roundedHead(h Head[float32], g Grads[float32]) (Head[float32], Grads[float32]) {
	h.Q, h.K, h.V, g.DOut = rounded(h.Q), rounded(h.K), rounded(h.V), rounded(g.DOut)
	return h, g
}

// Logits of rounded operands are exact to float32; weights of 8 bits leave a 2⁻⁹ of each value.
func TestAttentionBF16AgainstFloat64(t *testing.T) {
	for _, k := range withBF16(t) {
		for _, s := range headSizes {
			what := fmt.Sprintf("%s, %d tokens × %d", k.gemm.Name, s[0], s[1])
			c := newHeadCase(t, k, s[0], s[1], 1)
			h := &c.head
			c.forward(k)
			single := append([]float32(nil), h.LSE...)
			h.BF16 = true
			c.forward(k)
			c.arena.Check()
			r, g := roundedHead(*h, c.grads)
			want := newOracle(&r, &g)
			requireRows(t, want.lse, h.LSE, 0, 2e-6, what+", lse")
			for i, row := range want.out {
				for j, v := range row {
					if got := h.Out.Float[i*h.OutStride+j]; !kerneltest.Near(got, v, 0, 5*0x1p-9) {
						t.Fatalf("%s: out %d, %d is %g, want %g", what, i, j, got, v)
					}
				}
			}
			if s[0] > 10 {
				require.NotEqual(t, single, h.LSE, "%s: nothing was rounded", what)
			}
		}
	}
}

// Probabilities and gradients of logits of 8 bits leave a 2⁻⁸ of each term, and errors go both ways.
func TestAttentionGradBF16AgainstFloat64(t *testing.T) {
	for _, k := range withBF16(t) {
		for _, s := range headSizes {
			what := fmt.Sprintf("%s, %d tokens × %d", k.gemm.Name, s[0], s[1])
			c := newHeadCase(t, k, s[0], s[1], 1)
			h, g := &c.head, &c.grads
			h.BF16 = true
			c.forward(k)
			c.backward(k)
			c.arena.Check()
			limit := 0x1.4p-8
			if s[0] > 150 {
				limit = 0x1p-9 // sums of many terms
			}
			r, rg := roundedHead(*h, *g)
			want := newOracle(&r, &rg)
			for name, x := range map[string]struct {
				want [][]float64
				got  []float32
			}{"dq": {want.dq, g.DQ.Float}, "dk": {want.dk, g.DK.Float}, "dv": {want.dv, g.DV.Float}} {
				requireRows(t, x.want, x.got, h.Stride, 0x1p-7, what+", "+name)
				require.Less(t, relativeError(x.want, x.got, h.Stride), limit, "%s, %s", what, name)
			}
		}
	}
}

// relativeError is the root of the squares of all errors over that of the squares of all values, or of a tenth each if these are smaller.
func relativeError(want [][]float64, got []float32, stride int) float64 {
	errors, values := 0.0, 0.0
	for i, row := range want {
		for j, v := range row {
			e := float64(got[i*stride+j]) - v
			errors, values = errors+e*e, values+max(v*v, 0.01)
		}
	}
	return math.Sqrt(errors / values)
}

// Without instructions for bfloat16 a head that asks for it gets float32.
func TestAttentionBF16WithoutInstructions(t *testing.T) {
	for _, k := range implementations() {
		defer func(before *bf16Kernels[float32]) { k.bf16 = before }(k.bf16)
		k.bf16 = nil
		single, asked := newHeadCase(t, k, 211, 65, 1), newHeadCase(t, k, 211, 65, 1)
		asked.head.BF16 = true
		for _, c := range []*headCase{single, asked} {
			c.forward(k)
			c.backward(k)
		}
		require.Equal(t, single.head.Out, asked.head.Out, k.gemm.Name)
		require.Equal(t, single.head.LSE, asked.head.LSE, k.gemm.Name)
		require.Equal(t, single.grads, asked.grads, k.gemm.Name)
	}
}

// withBF16 are the implementations that have instructions for bfloat16.
func withBF16(t *testing.T) (found []*Kernels[float32]) {
	for _, k := range implementations() {
		if k.bf16 != nil {
			found = append(found, k)
		}
	}
	if found == nil {
		t.Skip("no instructions for bfloat16")
	}
	return found
}

// low and high are the two bfloat16 of a word.
func low(w float32) float32  { return math.Float32frombits(math.Float32bits(w) << 16) }
func high(w float32) float32 { return math.Float32frombits(math.Float32bits(w) &^ 0xffff) }

// requireWord compares the bits of both halves.
func requireWord(t *testing.T, l, h uint16, word float32, what string) {
	if bits := uint32(l) | uint32(h)<<16; math.Float32bits(word) != bits {
		t.Fatalf("%s: %#x, want %#x", what, math.Float32bits(word), bits)
	}
}

func requireSame(t *testing.T, want, got float32, what string) {
	if math.Float32bits(want) != math.Float32bits(got) && (want == want || got == got) {
		t.Fatalf("%s: %g, want %g", what, got, want)
	}
}

func TestAttentionBF16Words(t *testing.T) {
	for _, k := range withBF16(t) {
		for rows := 1; rows < 8; rows++ {
			for n := 1; n <= 64; n++ {
				rng, a := rand.New(rand.NewPCG(uint64(rows), uint64(n))), kerneltest.Arena{T: t}
				values := spaced(rng, rows, n, n+1, 3)
				for i := range values {
					if rng.IntN(4) == 0 {
						values[i] = kerneltest.Specials[rng.IntN(len(kerneltest.Specials))]
					}
				}
				src := a.Slice(values, 1)
				at := func(r, c int) float32 {
					if r >= rows || c >= n {
						return 0
					}
					return nearest(src[r*(n+1)+c])
				}
				ld := words(n) + 1
				across, down := a.Slice(make([]float64, (rows-1)*ld+words(n)), 2), a.Slice(make([]float64, (half(rows)-1)*64+n), 3)
				k.bf16.round(across, ld, src, n+1, rows, n)
				k.bf16.pair(down, src, n+1, rows, n)
				a.Check()
				what := fmt.Sprintf("%s, %d×%d", k.gemm.Name, rows, n)
				for r := range rows {
					for w := range words(n) {
						requireSame(t, at(r, 2*w), low(across[r*ld+w]), what)
						requireSame(t, at(r, 2*w+1), high(across[r*ld+w]), what)
					}
				}
				for p := range half(rows) {
					for c := range n {
						requireSame(t, at(2*p, c), low(down[p*64+c]), what)
						requireSame(t, at(2*p+1, c), high(down[p*64+c]), what)
					}
				}
			}
		}
	}
}

func TestAttentionBF16Product(t *testing.T) {
	for _, k := range withBF16(t) {
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 12, 13} {
			for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 130} {
				for _, kk := range []int{1, 2, 33} {
					checkProductBF16(t, k, m, n, kk, (m+n+kk)%2 == 0)
				}
			}
		}
	}
}

func checkProductBF16(t *testing.T, k *Kernels[float32], m, n, kk int, accumulate bool) {
	rng, a := rand.New(rand.NewPCG(uint64(m*100+n), uint64(kk))), &kerneltest.Arena{T: t}
	random := func(n, offset int) []float32 {
		x := a.Slice(make([]float64, n), offset)
		for i := range x {
			pair := [2]float32{nearest(float32(rng.NormFloat64())), nearest(float32(rng.NormFloat64()))}
			x[i] = math.Float32frombits(math.Float32bits(pair[0])>>16 | math.Float32bits(pair[1]))
		}
		return x
	}
	p := panelProduct[float32]{m: m, n: n, k: kk, rs: kk + 2, ps: 1, panel: kk * 64, ldc: n + 1, accumulate: accumulate}
	p.a, p.b, p.c = random((m-1)*p.rs+kk, 1), random((n+63)/64*p.panel, 0), random((m-1)*p.ldc+n, 3)
	before := append([]float32(nil), p.c...)
	k.bf16.product(p)
	a.Check()
	for i, v := range p.c {
		r, j := i/p.ldc, i%p.ldc
		if j >= n {
			require.Equal(t, before[i], v)
			continue
		}
		want, size := 0.0, 0.0
		if accumulate {
			want = float64(before[i])
		}
		for s := range kk {
			x, y := p.a[r*p.rs+s], p.b[j/64*p.panel+s*64+j%64]
			l, h := float64(low(x))*float64(low(y)), float64(high(x))*float64(high(y))
			want, size = want+l+h, size+math.Abs(l)+math.Abs(h)
		}
		if !kerneltest.Near(v, want, 1e-7, 4e-7*(size+1)) {
			t.Fatalf("%s %d×%d×%d, accumulate %v: C[%d,%d] is %g, want %g", k.gemm.Name, m, n, kk, accumulate, r, j, v, want)
		}
	}
}
