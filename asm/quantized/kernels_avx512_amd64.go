//go:build !purego

package quantized

// avx512MR is the rows of the tile of AVX-512: 28 of 32 registers hold sums, two a row.
const avx512MR = 14

// fetchAVX512 returns how many elements of what is ahead a tile fetches, and how many bytes of them with four steps.
func (t *sweep) fetchAVX512() (n, step int) {
	n = len(t.ahead) / t.panels
	return n, 4 * 4 * n / t.steps
}
