package attention

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
	"mien/asm/quantized"
)

// withInt8 are the implementations that have instructions for products of bytes.
func withInt8(t *testing.T) (found []*Kernels[float32]) {
	for _, k := range implementations() {
		if k.int8 != nil {
			found = append(found, k)
		}
	}
	if found == nil {
		t.Skip("no instructions for products of bytes")
	}
	return found
}

// Quantised operands and weights leave some hundredths of the largest result at worst, and errors go both ways.
func TestAttentionInt8AgainstFloat64(t *testing.T) {
	for _, k := range withInt8(t) {
		for _, s := range headSizes {
			what := fmt.Sprintf("%s, %d tokens × %d", k.gemm.Name, s[0], s[1])
			c := newHeadCase(t, k, s[0], s[1], 1)
			h := &c.head
			h.Int8 = true
			for i := range h.Out.Float {
				h.Out.Float[i] = kerneltest.Guard
			}
			c.forward(k)
			c.arena.Check()
			want := newOracle(h, &c.grads)
			for i, lse := range want.lse[0] {
				require.InDelta(t, lse, h.LSE[i], 0.04, "%s, lse %d", what, i)
			}
			requireRows(t, want.out, h.Out.Float, h.OutStride, 0.05, what+", out")
			require.Less(t, relativeError(want.out, h.Out.Float, h.OutStride), 0.018, what)
			for i, v := range h.Out.Float {
				require.Equal(t, i%h.OutStride >= s[1], v == kerneltest.Guard, "%s: element %d", what, i)
			}
		}
	}
}

// With numbers that are their own quantised form, only weights are rounded, and these to 255ths: equal logits give the mean.
func TestAttentionInt8OfWholeNumbers(t *testing.T) {
	for _, k := range withInt8(t) {
		for _, tokens := range []int{1, 2, 5, 63, 300, 530} {
			c := newHeadCase(t, k, tokens, 64, 1)
			h, rng := &c.head, rand.New(rand.NewPCG(1, 2))
			h.Int8 = true
			for i := range tokens {
				for j := range 64 {
					h.Q.Float[i*h.Stride+j], h.K.Float[i*h.Stride+j] = float32(rng.IntN(255)-127), 0
					h.V.Float[i*h.Stride+j] = float32(rng.IntN(255) - 127)
				}
			}
			copy(h.V.Float[:64], c.repeat(127, 64)) // the largest of each column
			want := newOracle(h, &c.grads)
			c.forward(k)
			requireRows(t, want.out, h.Out.Float, h.OutStride, 1e-6, "the mean")
			requireRows(t, want.lse, h.LSE, 0, 1e-6, "log of the tokens")
		}
	}
}

func (c *headCase) repeat(v float32, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// Many weights that are too small for a byte count as much together as they should.
func TestAttentionInt8KeepsSmallWeights(t *testing.T) {
	const tokens = 641
	for _, k := range withInt8(t) {
		c := newHeadCase(t, k, tokens, 1, 1)
		h := &c.head
		h.Int8 = true
		for i := range tokens {
			h.Q.Float[i*h.Stride], h.K.Float[i*h.Stride], h.V.Float[i*h.Stride] = 1, 0, 1
		}
		h.K.Float[7*h.Stride], h.V.Float[7*h.Stride] = 7, 0 // the others have weights of e⁻⁷, a quarter of a 255th
		c.forward(k)
		want := 640 * math.Exp(-7) / (1 + 640*math.Exp(-7))
		for i := range tokens {
			require.InDelta(t, want, h.Out.Float[i*h.OutStride], 0.02, "row %d", i)
		}
	}
}

func TestAttentionInt8BitsDoNotDependOnTheCut(t *testing.T) {
	for _, k := range withInt8(t) {
		for _, s := range [][2]int{{67, 64}, {130, 20}, {301, 65}} {
			whole, parts := newHeadCase(t, k, s[0], s[1], 2), newHeadCase(t, k, s[0], s[1], 2)
			whole.head.Int8, parts.head.Int8 = true, true
			whole.forward(k)
			k.PackAttention(&parts.head, parts.scratch)
			for lo := 0; lo < s[0]; lo += 29 {
				k.Attention(&parts.head, parts.scratch, lo, min(lo+29, s[0]))
			}
			require.Equal(t, whole.head.Out, parts.head.Out, "%s %v", k.gemm.Name, s)
			require.Equal(t, whole.head.LSE, parts.head.LSE, "%s %v", k.gemm.Name, s)
		}
	}
}

// What is not finite among queries makes NaN of its row, among values of its column, and among keys of the head.
func TestAttentionInt8KeepsNaN(t *testing.T) {
	for _, k := range withInt8(t) {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			for _, operand := range []string{"q", "k", "v"} {
				c := newHeadCase(t, k, 300, 65, 1)
				h := &c.head
				h.Int8 = true
				const at, column = 281, 64
				map[string]Elements[float32]{"q": h.Q, "k": h.K, "v": h.V}[operand].Float[at*h.Stride+column] = bad
				c.forward(k)
				for i := range h.Tokens {
					row := operand == "k" || operand == "q" && i == at
					require.Equal(t, row, h.LSE[i] != h.LSE[i], "%s %g: log-sum-exp %d", operand, bad, i)
					for j, v := range h.Out.Float[i*h.OutStride:][:h.Dim] {
						require.Equal(t, row || operand == "v" && j == column, v != v, "%s %g: %d, %d is %g", operand, bad, i, j, v)
					}
				}
			}
		}
	}
}

// Without instructions for it, and where operands are bfloat16 in memory, a head that asks for int8 gets what it gets without.
func TestAttentionInt8WithoutInstructions(t *testing.T) {
	for _, k := range implementations() {
		defer func(before *int8Kernels[float32]) { k.int8 = before }(k.int8)
		if k.bf16 != nil {
			other, _ := newStoredCase(t, k, 211, 65)
			asked, _ := newStoredCase(t, k, 211, 65)
			asked.head.Int8 = true
			other.forward(k)
			asked.forward(k)
			require.Equal(t, other.head.Out, asked.head.Out, k.gemm.Name)
		}
		k.int8 = nil
		for _, bf16 := range []bool{false, true} {
			other, asked := newHeadCase(t, k, 211, 65, 1), newHeadCase(t, k, 211, 65, 1)
			other.head.BF16, asked.head.BF16, asked.head.Int8 = bf16, bf16, true
			other.forward(k)
			asked.forward(k)
			require.Equal(t, other.head.Out, asked.head.Out, k.gemm.Name)
			require.Equal(t, other.head.LSE, asked.head.LSE, k.gemm.Name)
		}
	}
}

// byteOf is one of the four bytes of a word.
func byteOf(word float32, i int) uint8 { return uint8(math.Float32bits(word) >> (8 * i)) }

// special are values of which some are not ordinary.
func special(rng *rand.Rand, values []float64, rare int) []float64 {
	for i := range values {
		if rng.IntN(rare) == 0 {
			values[i] = kerneltest.Specials[rng.IntN(len(kerneltest.Specials))]
		}
	}
	return values
}

// Rows are quantised as package quantized does it.
func TestAttentionInt8Rows(t *testing.T) {
	for _, k := range withInt8(t) {
		for rows := 1; rows < 8; rows++ {
			for n := 1; n <= 70; n++ {
				rng, a := rand.New(rand.NewPCG(uint64(rows), uint64(n))), kerneltest.Arena{T: t}
				src := a.Slice(special(rng, spaced(rng, rows, n, n+1, 3), 3+n), 1)
				ld := quad(n) + 1
				dst := a.Slice(make([]float64, (rows-1)*ld+quad(n)), 2)
				scales, starts := a.Slice(make([]float64, rows), 3), a.Slice(make([]float64, rows), 4)
				k.int8.rows(dst, ld, src, n+1, rows, n, 0x80808080, scales, starts)
				a.Check()
				for r := range rows {
					what := fmt.Sprintf("%s, %d×%d, row %d", k.gemm.Name, rows, n, r)
					want := make([]int8, 4*quad(n))
					scale := quantized.ToInt8(want[:n], src[r*(n+1):][:n])
					requireSame(t, scale, scales[r], what)
					if scale != scale {
						continue // of what is NaN, the numbers do not matter
					}
					sum := int32(0)
					for i, q := range want {
						sum += int32(q)
						require.Equal(t, q, int8(byteOf(dst[r*ld+i/4], i%4)^zeroPoint), "%s, element %d", what, i)
					}
					require.Equal(t, -zeroPoint*sum, int32(math.Float32bits(starts[r])), what)
				}
			}
		}
	}
}

func TestAttentionInt8Columns(t *testing.T) {
	for _, k := range withInt8(t) {
		for rows := 1; rows < 10; rows++ {
			for n := 1; n <= 64; n++ {
				rng, a := rand.New(rand.NewPCG(uint64(rows), uint64(n))), kerneltest.Arena{T: t}
				src := a.Slice(special(rng, spaced(rng, rows, n, n+1, 3), 20), 1)
				wide, what := kernel.RoundUp(n, 16), fmt.Sprintf("%s, %d×%d", k.gemm.Name, rows, n)
				tops, dst := a.Slice(make([]float64, n), 1), a.Slice(make([]float64, (quarter(rows)-1)*64+wide), 3)
				scales, inverse := make([]float32, n), a.Slice(make([]float64, wide), 2)
				k.int8.tops(tops, src, n+1, rows, n)
				columnScales(scales, inverse, tops, 1)
				k.int8.pack(dst, src, n+1, rows, n, inverse)
				a.Check()
				for j := range n {
					column, want := make([]float32, 4*quarter(rows)), make([]int8, 4*quarter(rows))
					for r := range rows {
						column[r] = src[r*(n+1)+j]
					}
					scale := quantized.ToInt8(want, column)
					requireSame(t, scale, scales[j], what)
					for r, q := range want {
						if scale == scale {
							require.Equal(t, q, int8(byteOf(dst[r/4*64+j], r%4)), "%s: %d, %d", what, r, j)
						}
					}
				}
				raised := append([]float32(nil), tops...)
				k.int8.tops(raised, src, n+1, 1, n)
				for j := range n {
					requireSame(t, tops[j], raised[j], what)
				}
			}
		}
	}
}

func TestAttentionInt8Product(t *testing.T) {
	for _, k := range withInt8(t) {
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 12, 13} {
			for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 130} {
				for _, kk := range []int{1, 2, 33} {
					checkProductInt8(t, k, m, n, kk, (m+n+kk)%2 == 0)
				}
			}
		}
	}
}

// checkProductInt8 compares with plain Go, bit for bit: sums are exact, and float32 rounds the same.
func checkProductInt8(t *testing.T, k *Kernels[float32], m, n, kk int, add bool) {
	rng, a := rand.New(rand.NewPCG(uint64(m*100+n), uint64(kk))), &kerneltest.Arena{T: t}
	wide := kernel.RoundUp(n, 16)
	words := func(n, offset int, draw func() uint32) []float32 {
		x := a.Slice(make([]float64, n), offset)
		for i := range x {
			x[i] = math.Float32frombits(draw())
		}
		return x
	}
	numbers := func(n, offset int) []float32 { return a.Slice(spaced(rng, 1, n, 0, 1), offset) }
	p := int8Product[float32]{m: m, n: n, k: kk, lda: kk + 2, panel: kk * 64, ldc: wide + 1}
	p.a, p.b = words((m-1)*p.lda+kk, 1, rng.Uint32), words(kernel.CeilDiv(n, 64)*p.panel, 0, rng.Uint32)
	p.c, p.scales = numbers((m-1)*p.ldc+wide, 3), numbers(wide, 2)
	p.start = words(wide, 1, func() uint32 { return uint32(rng.Int32N(1 << 20)) })
	if add {
		p.alpha = numbers(m, 2)
	}
	before := append([]float32(nil), p.c...)
	k.int8.product(p)
	a.Check()
	for i, v := range p.c {
		r, j := i/p.ldc, i%p.ldc
		if j == wide {
			require.Equal(t, before[i], v, "between the rows")
		}
		if j >= n {
			continue
		}
		sum := int32(math.Float32bits(p.start[j]))
		for s := range kk {
			for q := range 4 {
				sum += int32(byteOf(p.a[r*p.lda+s], q)) * int32(int8(byteOf(p.b[j/64*p.panel+s*64+j%64], q)))
			}
		}
		want := float32(sum) * p.scales[j]
		if add {
			want = float32(math.FMA(float64(p.alpha[r]), float64(before[i]), float64(want)))
		}
		if v != want && !kerneltest.Near(v, float64(want), 1.2e-7, 0) { // the sum of the twin may round twice
			t.Fatalf("%s %d×%d×%d, added %v: C[%d,%d] is %g, want %g", k.gemm.Name, m, n, kk, add, r, j, v, want)
		}
	}
}
