//go:build vulkan

package vulkan

import (
	"slices"

	"mien/engine"
	"mien/engine/vulkan/vk"
)

// Products at bf16 by cooperative matrices, where the device has them: the tile of shaders/tile_matrix.glsl in place of tile.glsl's.

// matrices says which small matrices the device multiplies as one.
type matrices struct {
	vk.Matrix
	subgroup int
	suffix   string // of the names of shaders for them
	probed   bool
}

// matrixTiles are the tiles to choose from, as sizes is.
var matrixTiles = []tileSize{{128, 0, 4}, {64, 0, 5}}

// chooseMatrices returns the largest small matrices that the tile can be made of, nil if there are none. Those of float16 are for tests.
func chooseMatrices(d *vk.PhysicalDevice, half bool) *matrices {
	list := slices.DeleteFunc(slices.Clone(d.Matrices), func(m vk.Matrix) bool { return m.BF16 == half || !tiles(m, d.SubgroupSize) })
	if len(list) == 0 {
		return nil
	}
	best := slices.MaxFunc(list, func(x, y vk.Matrix) int { return x.M*x.N*x.K - y.M*y.N*y.K })
	return &matrices{best, d.SubgroupSize, map[bool]string{false: "_matrix", true: "_matrix_f16"}[half], false}
}

// tiles tells whether a tile of 64 × 64 can be divided among the subgroups of a workgroup, in small matrices, as in tile_matrix.glsl.
func tiles(m vk.Matrix, subgroup int) bool {
	const size, depth = 64, 32
	if subgroup == 0 || workgroup%subgroup != 0 {
		return false
	}
	subgroups, across := workgroup/subgroup, 2
	if subgroups >= 16 {
		across = 4
	}
	return subgroups%across == 0 && size*across/subgroups%m.M == 0 && size*across/subgroups > 0 && size/across%m.N == 0 && depth%m.K == 0 &&
		m.M*m.N*subgroups <= 2048 && m.N%4 == 0 && m.K%8 == 0
}

// matricesFor returns by which small matrices operands of these forms are multiplied, nil for none. Drivers have been wrong about theirs, so
// they must first compute what is known.
func (b *Backend) matricesFor(left, right int) *matrices {
	const bf16 = formRounded | formNarrow
	if b.matrices == nil || left&bf16 == 0 || right&bf16 == 0 {
		return nil
	}
	if !b.matrices.probed {
		b.matrices.probed = true
		if !multipliesRight(b, b.Gemm) {
			b.matrices = nil
		}
	}
	return b.matrices
}

// multipliesRight compares a product of small whole numbers at bf16, which is exact, with that of a loop.
func multipliesRight(b *Backend, multiply func(engine.GemmArgs)) bool {
	const m, n, k = 70, 90, 100
	x, w, want := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n)
	for i := range x {
		x[i] = float32(i*i%13 - 6)
	}
	for i := range w {
		w[i] = float32(i*i%11 - 5)
	}
	for i := range want {
		for c := range k {
			want[i] += x[i/n*k+c] * w[i%n*k+c]
		}
	}
	tx, tw, ty := engine.FromSlice(b, engine.Float32, x, m, k), engine.FromSlice(b, engine.Float32, w, n, k), engine.New(b, engine.Float32, m, n)
	defer func() { tx.Free(); tw.Free(); ty.Free() }()
	multiply(engine.GemmArgs{C: ty, A: tx, B: tw, Precision: engine.BF16, M: m, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, Batch: 1})
	got, err := engine.Read[float32](ty)
	return err == nil && slices.Equal(got, want)
}

// tileSizes returns the tiles to choose from.
func (m *matrices) tileSizes() []tileSize {
	if m == nil {
		return sizes
	}
	return matrixTiles
}

// tile begins a dispatch of a shader that computes tiles.
func (b *Backend) tile(shader string, m *matrices, t tiling) *call {
	if m == nil {
		return b.kernel(shader, t.size, t.micro)
	}
	c := b.kernel(shader+m.suffix, t.size, m.M, m.N, m.K, m.subgroup)
	c.key.subgroup = m.subgroup
	return c
}
