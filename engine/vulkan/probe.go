//go:build vulkan

package vulkan

import (
	"fmt"
	"slices"

	"mien/engine"
)

// Drivers have been wrong about their cooperative matrices: they claimed some that they do not compile, or that compute wrongly. So before
// the first product by them each shader has, with each tile, to compute what is known.

// probe returns nil if the matrices compute rightly, else what is wrong. No mistake of theirs is one of the stream's. Without memory it
// panics, as any method does, and nothing is known yet.
func (b *Backend) probe(m *matrices) error {
	kept := b.matrices
	defer func() { b.matrices = kept }()
	for _, size := range matrixTiles {
		trial := *m
		trial.sizes, trial.probed = []tileSize{size}, true
		b.matrices = &trial
		for _, shader := range []string{"gemm", "grouped"} {
			if _, err := b.shaders.compile(b.tile(shader, &trial, tiling{size: size.size}).key); err != nil {
				return err
			}
		}
		if err := multipliesRight(b); err != nil {
			return fmt.Errorf("%w, in tiles of %d", err, size.size)
		}
	}
	return nil
}

// multipliesRight compares products at bf16, with operands of every form, with those of a loop. Operands are whole numbers of which many
// must be rounded, up, down, and from half way, and sums stay below 2²⁴: in any order they are exact.
func multipliesRight(b engine.Backend) error {
	if err := gemmRight(b); err != nil {
		return err
	}
	for _, size := range [][2]int{{72, 40}, {71, 41}} { // aligned, and not
		for _, mode := range []engine.GroupedMode{engine.GroupedForward, engine.GroupedInputGrad, engine.GroupedWeightGrad} {
			if err := groupedRight(b, mode, false, size[0], size[1]); err != nil {
				return err
			}
		}
		if err := groupedRight(b, engine.GroupedForward, true, size[0], size[1]); err != nil {
			return err
		}
	}
	return nil
}

// numbers are the elements of a matrix.
type numbers func(i, j int) float32

// probeLeft and probeRight are the operands of a product, K along their rows.
func probeLeft(i, j int) float32  { return float32((i*37+j*101)%2047 - 1023) }
func probeRight(i, j int) float32 { return float32((i*29+j*53)%601 - 300) }

func (x numbers) transposed() numbers { return func(i, j int) float32 { return x(j, i) } }

// stored returns the elements of a matrix whose rows lie so far apart.
func (x numbers) stored(rows, cols, apart int) []float32 {
	list := make([]float32, rows*apart)
	for i := range rows {
		for j := range cols {
			list[i*apart+j] = x(i, j)
		}
	}
	return list
}

// rounded returns the elements of a matrix as a product at bf16 takes them.
func (x numbers) rounded(rows, cols int) []float32 {
	list := x.stored(rows, cols, cols)
	for i, v := range list {
		list[i] = engine.FromBFloat16(engine.ToBFloat16(v))
	}
	return list
}

// multiplied returns x·wᵀ of matrices with rows of k numbers.
func multiplied(x, w []float32, k int) []float32 {
	var y []float32
	for ; len(x) > 0; x = x[k:] {
		for w := w; len(w) > 0; w = w[k:] {
			sum := float32(0)
			for c := range k {
				sum += x[c] * w[c]
			}
			y = append(y, sum)
		}
	}
	return y
}

// gemmRight multiplies operands of each form by each, in more than one tile.
func gemmRight(b engine.Backend) error {
	const m, n, k = 130, 140, 40
	want := multiplied(numbers(probeLeft).rounded(m, k), numbers(probeRight).rounded(n, k), k)
	y := engine.New(b, engine.Float32, m, n)
	defer y.Free()
	for form := range 64 {
		left, lda := probeOperand(b, probeLeft, m, k, form%8)
		right, ldb := probeOperand(b, probeRight, n, k, form/8)
		b.Gemm(engine.GemmArgs{C: y, A: left, B: right, Precision: engine.BF16, M: m, N: n, K: k, TransA: form%8&formAlongK == 0,
			TransB: form/8&formAlongK != 0, LDA: lda, LDB: ldb, LDC: n, Batch: 1})
		left.Free()
		right.Free()
		if err := equals(y, want); err != nil {
			return fmt.Errorf("they multiply wrongly: %w", err)
		}
	}
	return nil
}

// probeOperand uploads an operand of one of eight forms, and returns the distance of its rows: K along them or across, aligned or not,
// rounded already or not.
func probeOperand(b engine.Backend, x numbers, n, k, form int) (*engine.Tensor, int) {
	if form&formAlongK == 0 {
		x, n, k = x.transposed(), k, n
	}
	apart, dtype := ceilDiv(k, 4)*4, engine.Float32
	if form&formAligned == 0 {
		apart++
	}
	if form&formRounded == 0 {
		dtype = engine.BFloat16
	}
	return engine.FromSlice(b, dtype, x.stored(n, k, apart), n, apart), apart
}

// groupedRight multiplies three groups of rows, of which one is empty.
func groupedRight(b engine.Backend, mode engine.GroupedMode, packed bool, n, k int) error {
	offsets := []int32{0, 37, 37, 130}
	const rows = 130
	tensor := func(x numbers, rows, cols int) *engine.Tensor {
		return engine.FromSlice(b, engine.Float32, x.stored(rows, cols, cols), rows, cols)
	}
	x, w, y := tensor(probeLeft, rows, k), tensor(probeRight, n, k), tensor(probeLeft, rows, n)
	result := map[engine.GroupedMode]*engine.Tensor{engine.GroupedForward: y, engine.GroupedInputGrad: x, engine.GroupedWeightGrad: w}[mode]
	b.Fill(result, 0)
	at := engine.FromSlice(b, engine.Int32, offsets, len(offsets))
	defer func() { x.Free(); w.Free(); y.Free(); at.Free() }()
	a := engine.GroupedArgs{Mode: mode, X: x, Y: y, W: []*engine.Tensor{w, w, w}, Offsets: at, Precision: engine.BF16}
	if packed {
		p := b.PackWeight(w, engine.BF16)
		defer p.Free()
		a.W, a.Packed = nil, []*engine.PackedWeight{p, p, p}
	}
	if mode == engine.GroupedWeightGrad { // in one group, as there is one weight; and X is the right operand
		engine.Write(x, numbers(probeRight).stored(rows, k, k))
		a.W, a.Offsets = a.W[:1], engine.FromSlice(b, engine.Int32, []int32{0, rows}, 2)
		defer a.Offsets.Free()
	}
	b.GroupedGemm(a)
	if err := equals(result, groupedWant(mode, rows, n, k)); err != nil {
		return fmt.Errorf("they multiply groups wrongly: %w", err)
	}
	return nil
}

// groupedWant is what a product gives where all groups have the same weight.
func groupedWant(mode engine.GroupedMode, rows, n, k int) []float32 {
	left, right := numbers(probeLeft), numbers(probeRight)
	switch mode {
	case engine.GroupedForward:
		return multiplied(left.rounded(rows, k), right.rounded(n, k), k)
	case engine.GroupedInputGrad:
		return multiplied(left.rounded(rows, n), right.transposed().rounded(k, n), n)
	}
	return multiplied(left.transposed().rounded(n, rows), right.transposed().rounded(k, rows), rows)
}

// equals returns an error unless a tensor has these values.
func equals(t *engine.Tensor, want []float32) error {
	got, err := engine.Read[float32](t)
	if err != nil || slices.Equal(got, want) {
		return err
	}
	i := 0
	for got[i] == want[i] {
		i++
	}
	return fmt.Errorf("%v where %v is right", got[i], want[i])
}
