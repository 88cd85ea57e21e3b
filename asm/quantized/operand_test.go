package quantized

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kerneltest"
)

// layout is one of the ways in which an operand may be stored.
type layout struct{ across, narrow bool }

var layouts = []layout{{}, {across: true}, {narrow: true}, {across: true, narrow: true}}

// operand stores lines of terms, with NaN between the rows of memory, and returns the numbers as they are multiplied.
func (l layout) operand(values []float32, lines, terms int) (x Operand, rounded []float32) {
	rows, columns := lines, terms
	if l.across {
		rows, columns = columns, rows
	}
	x = Operand{LD: columns + 3, Across: l.across}
	all := make([]float32, rows*x.LD)
	for i := range all {
		all[i] = float32(math.NaN())
	}
	for i := range lines {
		for p := range terms {
			v := values[i*terms+p]
			rounded = append(rounded, FromBF16(ToBF16(v)))
			if l.across {
				all[p*x.LD+i] = v
			} else {
				all[i*x.LD+p] = v
			}
		}
	}
	if !l.narrow {
		x.F32 = all[:max(0, len(all)-3)]
		return x, rounded
	}
	x.BF16 = make([]uint16, max(0, len(all)-3))
	for i := range x.BF16 {
		x.BF16[i] = ToBF16(all[i])
	}
	return x, rounded
}

// converted returns the product of two operands.
func (k *Kernels) converted(a, b Operand, m, n, terms int) Product {
	return Product{M: m, N: n, LDC: n}.Of(k.inParts(a, b, m, n, terms, 1))
}

// inParts converts two operands in so many parts, the last one first.
func (k *Kernels) inParts(a, b Operand, m, n, terms, parts int) (*Rows, *Panels) {
	rows, panels := new(Rows), new(Panels)
	for range 2 { // the second time in memory that was used before
		rows.Reset(k, m, terms)
		panels.Reset(k, n, terms)
		for part := parts - 1; part >= 0; part-- {
			k.ConvertOperand(rows, a, part, parts)
			k.PackOperand(panels, b, part, parts)
		}
	}
	return rows, panels
}

// eachBF16 runs a test for every implementation at bf16, beside the reference.
func eachBF16(t *testing.T, fn func(t *testing.T, k, reference *Kernels)) {
	list := implementations(bf16Format)
	for i, k := range list {
		t.Run(fmt.Sprintf("%d-%s", i, k.Name), func(t *testing.T) { fn(t, k, list[len(list)-1]) })
	}
}

// TestOperands multiplies operands of every layout, onto nothing, a bias and what C holds, and compares with sums in float64 and with the
// bits of the reference.
func TestOperands(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, reference *Kernels) {
		form := 0
		for _, m := range []int{0, 1, 13, 15, 16, 33} {
			for _, n := range []int{1, 15, 17, 32, 33, 67} {
				for _, terms := range []int{0, 1, 2, 3, 16, 33, 34, 67} {
					form++
					checkOperands(t, k, reference, layouts[form%4], layouts[form/4%4], form/16%4, m, n, terms)
				}
			}
		}
		for form := range 16 { // more than one block of words
			checkOperands(t, k, reference, layouts[form%4], layouts[form/4], form%4, 3, 20, 2*blockLD+35)
			checkOperands(t, k, reference, layouts[form%4], layouts[form/4], form%4, blockLD+35, 3, 40)
		}
	})
}

func checkOperands(t *testing.T, k, reference *Kernels, la, lb layout, start, m, n, terms int) {
	t.Helper()
	name := fmt.Sprintf("%d×%d×%d, A %+v, B %+v, start %d", m, n, terms, la, lb, start)
	rng := rand.New(rand.NewPCG(uint64(m*1000+n), uint64(terms)))
	a, ra := la.operand(kerneltest.Normals(rng, m*terms), m, terms)
	b, rb := lb.operand(kerneltest.Normals(rng, n*terms), n, terms)
	guards := &kerneltest.Arena{T: t}
	c := guards.Slice(kerneltest.Widen(kerneltest.Normals(rng, m*(n+2))), 3)
	before := slices.Clone(c)
	g := k.converted(a, b, m, n, terms)
	g.C, g.LDC, g.Accumulate = c, n+2, start&1 > 0
	if start&2 > 0 {
		g.Bias = kerneltest.Normals(rng, n)
	}
	k.Gemm(g)
	guards.Check()
	for i := range m {
		require.Equal(t, before[i*g.LDC+n:(i+1)*g.LDC], c[i*g.LDC+n:(i+1)*g.LDC], "%s: beyond column %d was written", name, n)
		for j := range n {
			want, scale := 0.0, 0.0
			add := func(v float64) { want, scale = want+v, scale+math.Abs(v) }
			for p := range terms {
				add(float64(ra[i*terms+p]) * float64(rb[j*terms+p]))
			}
			if g.Accumulate {
				add(float64(before[i*g.LDC+j]))
			}
			if g.Bias != nil {
				add(float64(g.Bias[j]))
			}
			if !kerneltest.Near(c[i*g.LDC+j], want, 0, 4e-7*scale) {
				t.Fatalf("%s: C[%d,%d] is %g, want %g", name, i, j, c[i*g.LDC+j], want)
			}
		}
	}
	other := reference.converted(a, b, m, n, terms)
	other.C, other.LDC, other.Accumulate, other.Bias = slices.Clone(before), g.LDC, g.Accumulate, g.Bias
	reference.Gemm(other)
	require.Equal(t, other.C, c, "%s: not the bits of the reference", name)
}

// Wherever C is cut, and the sums between words, and however many threads convert, the bits are the same, with everything that may follow
// the sums; and they are those of a weight that was packed before.
func TestOperandBitsDoNotDependOnTheCut(t *testing.T) {
	const m, n, terms = 61, 171, 75
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(7, 8))
		values, weight := kerneltest.Normals(rng, m*terms), kerneltest.Normals(rng, n*terms)
		panels, _ := pack(bf16Format, weight, n, terms)
		before, bias, residual := kerneltest.Normals(rng, m*n), kerneltest.Normals(rng, n), kerneltest.Normals(rng, m*(n+1))
		for form := range 16 {
			a, _ := layouts[form%4].operand(values, m, terms)
			b, _ := layouts[form/4].operand(weight, n, terms)
			g := k.converted(a, b, m, n, terms)
			g.Accumulate, g.Bias, g.GELU = form&1 > 0, bias, form&2 > 0
			fresh := func() Product {
				g := g
				g.C = slices.Clone(before)
				if form&4 > 0 {
					g.Pre, g.LDPre = make([]float32, m*(n+1)), n+1
				}
				if form&8 > 0 {
					g.Residual, g.LDResidual = residual, n+1
				}
				return g
			}
			whole := fresh()
			k.Gemm(whole)
			packed := fresh()
			packed.B = panels
			k.Gemm(packed)
			require.Equal(t, whole.C, packed.C)
			for _, cut := range [][3]int{{0, 0, 0}, {1, 32, 74}, {14, 96, 2}, {33, 160, 30}} {
				part, packing := fresh(), fresh()
				for _, p := range [][2]int{{0, cut[2]}, {cut[2], terms}} {
					if p[0] == p[1] {
						continue
					}
					piece := part.Of(k.inParts(a.Terms(p[0]), b.Terms(p[0]), m, n, p[1]-p[0], 3)).Piece(p[0] == 0, p[1] == terms)
					for _, half := range []Product{piece.Rows(0, cut[0]), piece.Rows(cut[0], m)} {
						k.Gemm(half.Columns(0, cut[1]))
						k.Gemm(half.Columns(cut[1], n))
					}
					piece = packing.Of(piece.Converted, nil).Piece(p[0] == 0, p[1] == terms)
					left, right := b.Terms(p[0]), b.Terms(p[0]).Lines(cut[1])
					if cut[1] > 0 {
						k.Gemm(piece.Columns(0, cut[1]).Packing(left, right, p[1]-p[0]))
					}
					for _, half := range []Product{piece.Rows(0, cut[0]), piece.Rows(cut[0], m)} {
						k.Gemm(half.Columns(cut[1], n).Packing(right, left, p[1]-p[0]))
					}
				}
				require.Equal(t, whole.C, part.C, "form %d, cut %v", form, cut)
				require.Equal(t, whole.Pre, part.Pre, "form %d, cut %v", form, cut)
				require.Equal(t, whole.C, packing.C, "packed by each product: form %d, cut %v", form, cut)
				require.Equal(t, whole.Pre, packing.Pre, "packed by each product: form %d, cut %v", form, cut)
			}
		}
	})
}

// TestOperandEpilogue compares what follows the sums with the kernels on rows, bit for bit.
func TestOperandEpilogue(t *testing.T) {
	const m, n, terms = 17, 300, 40
	eachBF16(t, func(t *testing.T, k, _ *Kernels) {
		rng := rand.New(rand.NewPCG(9, 9))
		a, _ := layout{}.operand(kerneltest.Normals(rng, m*terms), m, terms)
		b, _ := layout{across: true}.operand(kerneltest.Normals(rng, n*terms), n, terms)
		plain := k.converted(a, b, m, n, terms)
		plain.C = make([]float32, m*n)
		k.Gemm(plain)
		for _, gelu := range []bool{false, true} {
			g := plain
			g.C, g.Pre, g.LDPre, g.GELU = make([]float32, m*n), make([]float32, m*n), n, gelu
			k.Gemm(g)
			require.Equal(t, plain.C, g.Pre)
			want := slices.Clone(plain.C)
			if gelu {
				k.vector.GELU(want, want)
			}
			require.Equal(t, want, g.C)
		}
		sloped := plain
		sloped.C, sloped.Slope, sloped.LDSlope = make([]float32, m*n), kerneltest.Normals(rng, m*n), n
		k.Gemm(sloped.Rows(0, 5))
		k.Gemm(sloped.Rows(5, m).Columns(0, 64))
		k.Gemm(sloped.Rows(5, m).Columns(64, n))
		k.vector.GELUBackward(plain.C, sloped.Slope, plain.C)
		require.Equal(t, plain.C, sloped.C)
	})
}

// TestWordKernelsEqualTheTwin compares words with those of the reference, of any bits at all, and watches what is written beside them.
func TestWordKernelsEqualTheTwin(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, reference *Kernels) {
		rng := rand.New(rand.NewPCG(5, 6))
		for lines := 1; lines < 70; lines++ {
			for _, steps := range []int{1, 2, 5} {
				ldx, ldd := lines+rng.IntN(3), NR+rng.IntN(3)
				panel := steps*ldd + rng.IntN(3)
				size := (lines + NR - 1) / NR * panel
				wide, narrow := make([]float32, 2*steps*ldx), make([]uint16, 2*steps*ldx)
				for i := range wide {
					wide[i], narrow[i] = math.Float32frombits(rng.Uint32()), uint16(rng.Uint32())
				}
				wide[rng.IntN(len(wide))] = float32(kerneltest.Specials[rng.IntN(len(kerneltest.Specials))])
				n := (lines-1)/NR*panel + (steps-1)*ldd + (lines-1)%NR + 1
				got, want := guarded(size), guarded(size)
				k.words.pairs32(got[:n], ldd, panel, wide[:len(wide)-ldx+lines], ldx, lines, steps)
				reference.words.pairs32(want[:n], ldd, panel, wide, ldx, lines, steps)
				require.Equal(t, want, got, "%d lines, %d steps of float32", lines, steps)
				got, want = guarded(size), guarded(size)
				k.words.pairs16(got[:n], ldd, panel, narrow[:len(narrow)-ldx+lines], ldx, lines, steps)
				reference.words.pairs16(want[:n], ldd, panel, narrow, ldx, lines, steps)
				require.Equal(t, want, got, "%d lines, %d steps of bfloat16", lines, steps)

				got, want = guarded((len(narrow)+1)/2), guarded((len(narrow)+1)/2)
				k.words.copy(got[:len(got)-1], narrow[:2*(len(got)-1)])
				reference.words.copy(want[:len(want)-1], narrow[:2*(len(want)-1)])
				require.Equal(t, want, got)
			}
		}
	})
}

// guarded returns words that no kernel writes, with one beside them.
func guarded(n int) []uint32 {
	words := make([]uint32, n+1)
	for i := range words {
		words[i] = 0x5EED5EED
	}
	return words
}

// NaN and infinities stay in the lines where they are.
func TestSpecialLines(t *testing.T) {
	const m, n, terms = 20, 40, 70
	eachBF16(t, func(t *testing.T, k, reference *Kernels) {
		for form := range 16 {
			rng := rand.New(rand.NewPCG(3, uint64(form)))
			values, weight := kerneltest.Normals(rng, m*terms), kerneltest.Normals(rng, n*terms)
			values[3*terms+5], weight[7*terms+69] = float32(math.NaN()), float32(math.Inf(1))
			a, _ := layouts[form%4].operand(values, m, terms)
			b, _ := layouts[form/4].operand(weight, n, terms)
			g, twin := k.converted(a, b, m, n, terms), reference.converted(a, b, m, n, terms)
			g.C, twin.C = make([]float32, m*n), make([]float32, m*n)
			k.Gemm(g)
			reference.Gemm(twin)
			for i, v := range g.C {
				require.True(t, v == twin.C[i] || v != v && twin.C[i] != twin.C[i], "%g, the reference %g", v, twin.C[i])
				require.Equal(t, i/n != 3 && i%n != 7, !math.IsInf(float64(v), 0) && v == v, "row %d, column %d is %g", i/n, i%n, v)
			}
		}
	})
}

func TestOperandsAreForBF16(t *testing.T) {
	k := implementations(int8Format)[0]
	rows, panels := new(Rows), new(Panels)
	rows.Reset(k, 1, 1)
	panels.Reset(k, 1, 1)
	x := Operand{F32: make([]float32, 1), LD: 1}
	require.Panics(t, func() { k.ConvertOperand(rows, x, 0, 1) })
	require.Panics(t, func() { k.PackOperand(panels, x, 0, 1) })
	weight, _ := pack(int8Format, make([]float32, 1), 1, 1)
	g := Product{M: 1, N: 1, A: x.F32, LDA: 1, B: weight, C: make([]float32, 1), LDC: 1}
	require.NotPanics(t, func() { k.Gemm(g) })
	g.Accumulate = true
	require.Panics(t, func() { k.Gemm(g) })
}
