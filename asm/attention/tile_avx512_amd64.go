//go:build !purego

package attention

import (
	"unsafe"

	"mien/asm/internal/kernel"
)

//go:noescape
func tileAVX512Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool, ahead unsafe.Pointer, aheadStep, aheadRows int)

func productAVX512(p panelProduct[float32]) { eachPanel(p, tileAVX512Asm) }

// tile multiplies m rows with n ≤ 64 columns of one panel; see [panelProduct].
type tile func(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool, ahead unsafe.Pointer, aheadStep, aheadRows int)

// eachPanel calls a tile on every panel.
func eachPanel(p panelProduct[float32], tile tile) {
	_ = p.a[(p.m-1)*p.rs+(p.k-1)*p.ps]
	for q := 0; q < p.n; q += avx512Width {
		n, b, c := min(avx512Width, p.n-q), p.b[q/avx512Width*p.panel:], p.c[q:]
		_, _ = b[(p.k-1)*avx512Width+kernel.RoundUp(n, avx512Lanes)-1], c[(p.m-1)*p.ldc+n-1]
		ahead := p.ahead.split(p.aheadRows(avx512MR))
		tile(p.m, n, p.k, &p.a[0], p.rs, p.ps, &b[0], &c[0], p.ldc, p.accumulate, ahead.x, ahead.step, ahead.rows)
	}
}
