//go:build vulkan

package vulkan

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/enginetest"
	"mien/engine/vulkan/vk"
)

// TestMatrices runs the suite with bf16 products by cooperative matrices of float16, where the device has them: Mesa's llvmpipe does from
// version 26 on.
func TestMatrices(t *testing.T) {
	if open(t, Config{HalfMatrices: true}).matrices == nil {
		t.Skip("the device has no matrices of float16")
	}
	used := false
	enginetest.RunAll(t, func() engine.Backend {
		b, err := New(Config{HalfMatrices: true})
		require.NoError(t, err)
		return &watched{b, &used}
	}, enginetest.Options{})
	require.True(t, used, "no product was computed by matrices")
}

// watched is a backend that notes whether it had found its matrices right.
type watched struct {
	*Backend
	used *bool
}

func (w *watched) Close() error {
	*w.used = *w.used || w.matrices != nil && w.matrices.probed
	return w.Backend.Close()
}

// faulty is a backend whose products are wrong in their last element where it is told so, as a driver's may be.
type faulty struct {
	*Backend
	gemm    func(engine.GemmArgs) bool
	grouped func(engine.GroupedArgs) bool
}

func (f *faulty) Gemm(a engine.GemmArgs) {
	f.Backend.Gemm(a)
	if f.gemm != nil && f.gemm(a) {
		f.spoil(a.C)
	}
}

func (f *faulty) GroupedGemm(a engine.GroupedArgs) {
	f.Backend.GroupedGemm(a)
	if f.grouped != nil && f.grouped(a) {
		f.spoil(map[engine.GroupedMode]*engine.Tensor{engine.GroupedForward: a.Y, engine.GroupedInputGrad: a.X}[a.Mode], a.W...)
	}
}

// spoil adds 1 to the last element of a tensor, or of the first of others.
func (f *faulty) spoil(t *engine.Tensor, others ...*engine.Tensor) {
	if t == nil {
		t = others[0]
	}
	one := engine.Filled(f, engine.Float32, 1, 1)
	defer one.Free()
	f.Copy(engine.CopyArgs{Dst: t, DstOffset: t.Len() - 1, Src: one, Block: 1, Count: 1, Accumulate: true})
}

// TestMultipliesRight tells right products from those that are wrong in one element, with operands of one form alone, on either side, or
// in one mode of grouped products.
func TestMultipliesRight(t *testing.T) {
	b := open(t, Config{})
	require.NoError(t, multipliesRight(b))
	for form := range 8 {
		for side := range 2 {
			wrong := &faulty{Backend: b, gemm: func(a engine.GemmArgs) bool {
				left, right := operands(&a)
				return []operand{left, right}[side].form == form&3|flag(formNarrow, form&formRounded == 0)|form&formRounded
			}}
			require.ErrorContains(t, multipliesRight(wrong), "they multiply wrongly: ", "form %d of side %d", form, side)
		}
	}
	for mode := range engine.GroupedWeightGrad + 1 {
		for _, packed := range []bool{false, mode == engine.GroupedForward} {
			for _, k := range []int{40, 41} {
				wrong := &faulty{Backend: b, grouped: func(a engine.GroupedArgs) bool {
					return a.Mode == mode && a.X.Dim(-1) == k && (a.Packed != nil) == packed
				}}
				require.ErrorContains(t, multipliesRight(wrong), "they multiply groups wrongly: ", "mode %v", mode)
			}
		}
	}
}

// TestProbeIsExact holds the sums of what is probed to whole numbers that float32 holds, in any order, and requires much to be rounded.
func TestProbeIsExact(t *testing.T) {
	for _, x := range []numbers{probeLeft, probeRight} {
		exact, rounded, changed := x.stored(130, 140, 140), x.rounded(130, 140), 0
		for i := range exact {
			changed += flag(1, exact[i] != rounded[i])
		}
		require.Greater(t, changed, len(exact)/20)
	}
	magnitude := func(x numbers) numbers { return func(i, j int) float32 { return max(x(i, j), -x(i, j)) } }
	left, right := magnitude(probeLeft), magnitude(probeRight)
	for _, y := range [][]float32{
		multiplied(left.rounded(130, 72), right.rounded(140, 72), 72),
		multiplied(left.transposed().rounded(72, 130), right.transposed().rounded(41, 130), 130),
	} {
		require.Less(t, slices.Max(y), float32(1<<24))
	}
}

// claimed are matrices that no device of the tests has.
func claimed() *matrices {
	return &matrices{vk.Matrix{M: 16, N: 16, K: 16, BF16: true}, 32, "_matrix", matrixTiles, false}
}

// bf16Product computes one.
func bf16Product(b *Backend) ([]float32, error) {
	x, y := engine.Filled(b, engine.Float32, 3, 4, 4), engine.New(b, engine.Float32, 4, 4)
	defer func() { x.Free(); y.Free() }()
	b.Gemm(engine.GemmArgs{C: y, A: x, B: x, Precision: engine.BF16, M: 4, N: 4, K: 4, LDA: 4, LDB: 4, LDC: 4, Batch: 1})
	return engine.Read[float32](y)
}

// TestMatricesThatAreNotCompiled does without them: the driver refuses one of their shaders, and the backend computes on.
func TestMatricesThatAreNotCompiled(t *testing.T) {
	b := open(t, Config{})
	b.matrices = claimed()
	b.shaders.refuse = func(key pipelineKey) bool { return key.shader == "gemm_matrix" }
	y, err := bf16Product(b)
	require.NoError(t, err)
	require.Equal(t, slices.Repeat([]float32{36}, 16), y)
	require.Nil(t, b.matrices)
	require.Equal(t, "not used: shader gemm_matrix was not compiled: out of device memory", b.Matrices())
	b.shaders.refuse = func(pipelineKey) bool { return true }
	b.Axpy(engine.New(b, engine.Float32, 1), 1, engine.New(b, engine.Float32, 1))
	require.EqualError(t, b.stream.err, "shader axpy was not compiled: out of device memory", "which nothing can replace")
	b.stream.err = nil
}

// TestProbeOfMatrices probes those of the device where the driver refuses one shader with one tile, then where there is no memory, then where there is.
func TestProbeOfMatrices(t *testing.T) {
	b := open(t, Config{HalfMatrices: true})
	if b.matrices == nil {
		t.Skip("the device has no matrices of float16")
	}
	for _, size := range matrixTiles {
		for _, shader := range []string{"gemm_matrix_f16", "grouped_matrix_f16"} {
			b.shaders.refuse = func(key pipelineKey) bool { return key.shader == shader && key.constants[0] == uint32(size.size) }
			require.Error(t, b.probe(b.matrices), "%s with tiles of %d", shader, size.size)
		}
	}
	b.shaders.refuse = nil
	b.memory.refuse = func(int) bool { return true }
	held := hoard(b)
	var refused engine.AllocError
	require.Error(t, recovered(b.probeMatrices, &refused))
	require.Equal(t, matrixTiles, b.matrices.sizes)
	require.False(t, b.matrices.probed, "nothing is known of them")
	for _, one := range held {
		b.memory.free(one)
	}
	b.memory.refuse = nil
	b.probeMatrices()
	require.NoError(t, b.matrixError)
	require.True(t, b.matrices.probed)
	require.Regexp(t, `^\d+×\d+×\d+ used$`, b.Matrices())
}

// TestChooseMatrices takes the largest small matrices of the kind that is asked for, if the tile can be made of them.
func TestChooseMatrices(t *testing.T) {
	device := func(subgroup int, list ...vk.Matrix) *vk.PhysicalDevice {
		return &vk.PhysicalDevice{Subgroups: vk.Subgroups{Size: subgroup, Min: subgroup, Max: subgroup, Most: 32, Required: true}, Matrices: list}
	}
	half, brain := vk.Matrix{M: 16, N: 16, K: 16}, vk.Matrix{M: 16, N: 16, K: 16, BF16: true}
	small, odd := vk.Matrix{M: 16, N: 8, K: 8, BF16: true}, vk.Matrix{M: 16, N: 48, K: 16, BF16: true}
	require.Nil(t, chooseMatrices(device(32), false))
	require.Nil(t, chooseMatrices(device(32, half), false))
	require.Nil(t, chooseMatrices(device(32, odd), false), "48 columns do not divide a tile")
	require.Nil(t, chooseMatrices(device(0, brain), false), "subgroups of unknown size")
	require.Nil(t, chooseMatrices(device(2, brain), false), "too many subgroups")
	require.Equal(t, &matrices{brain, 32, "_matrix", matrixTiles, false}, chooseMatrices(device(32, half, small, brain, odd), false))
	require.Equal(t, &matrices{half, 64, "_matrix_f16", matrixTiles, false}, chooseMatrices(device(64, brain, half), true))
	require.Equal(t, &matrices{vk.Matrix{M: 8, N: 16, K: 16, BF16: true}, 16, "_matrix", matrixTiles, false},
		chooseMatrices(device(16, vk.Matrix{M: 8, N: 16, K: 16, BF16: true}), false))
	large := device(64, brain)
	large.Subgroups.Min, large.Subgroups.Most = 16, 4
	require.Equal(t, 64, chooseMatrices(large, false).subgroup, "the size that they have anyway")
	large.Subgroups.Max = 32
	require.Nil(t, chooseMatrices(large, false), "a workgroup has 4 subgroups at most, of 32 threads at most")
	large.Subgroups.Most = 8
	require.Equal(t, 32, chooseMatrices(large, false).subgroup, "the largest one that can be required")
	large.Subgroups.Required = false
	require.Nil(t, chooseMatrices(large, false), "no size can be required")
}
