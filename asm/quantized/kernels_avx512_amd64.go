//go:build !purego

package quantized

// avx512MR is the rows of the tile of AVX-512: 28 of 32 registers hold sums, two a row.
const avx512MR = 14

// fetchAVX512 returns how many elements of ahead come between what two tiles prefetch, and how many bytes every four steps.
func (t *sweep) fetchAVX512() (n, step int) {
	if ld := t.ahead.ld; ld > 0 {
		return NR, 4 * ld
	}
	n = len(t.ahead.x) / t.panels
	return n, 4 * 4 * n / t.steps
}
