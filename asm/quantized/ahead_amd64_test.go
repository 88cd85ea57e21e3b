//go:build !purego

package quantized

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The last strips fetch each cache line of what the next product packs once.
func TestFollowingLinesAreFetched(t *testing.T) {
	const n, terms, ld, strips = 320, 256, 400, 18
	for _, across := range []bool{false, true} {
		x := Operand{F32: make([]float32, n*terms), LD: terms}
		if across {
			x = Operand{F32: make([]float32, terms*ld), LD: ld, Across: true}
		}
		g := Product{N: n, terms: terms, following: x}
		fetched := make([]int, len(x.F32)/16)
		for i := range strips {
			next := g.panelsAhead(bf16Format, i, strips, i, i+1)
			for from := 0; len(next.x) > 0 && from < n; from += sweepColumns {
				to := min(from+sweepColumns, n)
				s := &sweep{steps: terms / 2, panels: (to - from) / NR, ahead: next.part(from, to, n)}
				first, step := s.fetchAVX512()
				for q := range s.panels {
					at := (int(uintptr(unsafe.Pointer(&s.ahead.x[q*first]))) - int(uintptr(unsafe.Pointer(&x.F32[0])))) / 4
					for p := 0; p < s.steps; p += 4 {
						fetched[(at+p/4*step/4)/16]++
					}
				}
			}
		}
		for i, times := range fetched {
			wanted := 1
			if across && i*16%ld >= n {
				wanted = 0
			}
			require.Equal(t, wanted, times, "cache line %d, across %v", i, across)
		}
		require.Empty(t, g.panelsAhead(bf16Format, strips-aheadStrips-1, strips, 0, 1).x)
	}
	apart := Product{N: NR, terms: 64, following: Operand{F32: make([]float32, 100*NR), LD: 100}}
	require.Empty(t, apart.panelsAhead(bf16Format, 0, 1, 0, 1).x, "lines that do not lie together")
}

// However rows are cut, their strips fetch the panels of the next columns once.
func TestCutRowsFetchPanelsOnce(t *testing.T) {
	const m, n, k, strip = 100, 2 * NR, 64, 14
	var rows Rows
	rows.Reset(implementations(bf16Format)[0], m, k)
	panels := PackBF16(make([]uint16, 4*NR*k), 4*NR, k)
	first := &panels.words[n*k/2] // of the columns that follow
	for _, bands := range []int{1, 2, 7} {
		fetched := make([]int, n*k/2)
		for band := range bands {
			g := Product{M: m, N: 4 * NR}.Of(&rows, panels).Rows(m*band/bands, m*(band+1)/bands).Columns(0, n)
			for lo := 0; lo < g.M; lo += strip {
				next := g.panelsAhead(bf16Format, lo/strip, 1, lo, min(lo+strip, g.M))
				at := (uintptr(unsafe.Pointer(unsafe.SliceData(next.x))) - uintptr(unsafe.Pointer(first))) / 4
				for i := range next.x {
					fetched[int(at)+i]++
				}
			}
		}
		for i, times := range fetched {
			require.Equal(t, 1, times, "word %d, %d bands", i, bands)
		}
	}
}
