//go:build !purego

package quantized

// avx512MR is the rows of the tile of AVX-512: 28 of 32 registers hold sums, two a row.
const avx512MR = 14

// fetchAVX512 returns how many elements of ahead a tile prefetches, and how many bytes of them every four steps.
func (t *sweep) fetchAVX512() (n, step int) {
	n = len(t.ahead) / t.panels
	return n, 4 * 4 * n / t.steps
}
