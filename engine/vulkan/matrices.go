//go:build vulkan

package vulkan

import (
	"fmt"
	"slices"

	"mien/engine/vulkan/vk"
)

// Products at bf16 by cooperative matrices, where the device has them: the tile of shaders/tile_matrix.glsl in place of tile.glsl's.

// matrices says which small matrices the device multiplies as one.
type matrices struct {
	vk.Matrix
	subgroup int
	suffix   string // of the names of shaders for them
	sizes    []tileSize
	probed   bool // they were right
}

// matrixTiles are the tiles to choose from, as sizes is.
var matrixTiles = []tileSize{{128, 0, 4}, {64, 0, 5}}

// chooseMatrices returns the largest small matrices that the tile can be made of, nil if there are none. Those of float16 are for tests.
func chooseMatrices(d *vk.PhysicalDevice, half bool) *matrices {
	list := slices.DeleteFunc(slices.Clone(d.Matrices), func(m vk.Matrix) bool { return m.BF16 == half || subgroupFor(m, d.Subgroups) == 0 })
	if len(list) == 0 {
		return nil
	}
	best := slices.MaxFunc(list, func(x, y vk.Matrix) int { return x.M*x.N*x.K - y.M*y.N*y.K })
	return &matrices{best, subgroupFor(best, d.Subgroups), map[bool]string{false: "_matrix", true: "_matrix_f16"}[half], matrixTiles, false}
}

// subgroupFor returns how many threads multiply small matrices: the size that subgroups have anyway, else the largest one; 0 if none will do.
func subgroupFor(m vk.Matrix, s vk.Subgroups) int {
	for _, size := range []int{s.Size, 128, 64, 32, 16, 8} {
		if s.Fit(size, workgroup) && tiles(m, size) {
			return size
		}
	}
	return 0
}

// tiles tells whether a tile of 64 × 64 can be divided among the subgroups of a workgroup, in small matrices, as in tile_matrix.glsl.
func tiles(m vk.Matrix, subgroup int) bool {
	const size, depth = 64, 32
	subgroups, across := workgroup/subgroup, 2
	if subgroups >= 16 {
		across = 4
	}
	return subgroups%across == 0 && size*across/subgroups%m.M == 0 && size*across/subgroups > 0 && size/across%m.N == 0 && depth%m.K == 0 &&
		m.M*m.N*subgroups <= 2048 && m.N%4 == 0 && m.K%8 == 0
}

// matricesFor returns by which small matrices operands of these forms are multiplied, nil for none.
func (b *Backend) matricesFor(left, right int) *matrices {
	const bf16 = formRounded | formNarrow
	if left&bf16 == 0 || right&bf16 == 0 {
		return nil
	}
	b.probeMatrices()
	return b.matrices
}

// probeMatrices probes the small matrices once, and from then on does without them if they are wrong.
func (b *Backend) probeMatrices() {
	if b.matrices == nil || b.matrices.probed {
		return
	}
	if b.matrixError = b.probe(b.matrices); b.matrixError != nil {
		b.matrices = nil
		return
	}
	b.matrices.probed = true
}

// Matrices says whether products at bf16 are computed by cooperative matrices, and if not, what is wrong with those that the device has.
func (b *Backend) Matrices() string {
	b.probeMatrices()
	switch m := b.matrices; {
	case m != nil:
		return fmt.Sprintf("%d×%d×%d used", m.M, m.N, m.K)
	case b.matrixError != nil:
		return "not used: " + b.matrixError.Error()
	}
	return "none used"
}

// tileSizes returns the tiles to choose from.
func (m *matrices) tileSizes() []tileSize {
	if m == nil {
		return sizes
	}
	return m.sizes
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
