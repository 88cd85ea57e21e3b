//go:build !purego

package attention

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
)

// Each panel of a product fetches as many rows as its strips do, and all together what the product was given.
func TestPanelsShareWhatIsAhead(t *testing.T) {
	x := make([]float32, 4000)
	for m := 1; m <= 48; m += 5 {
		const perStrip = 3
		rows := 3*perStrip*kernel.CeilDiv(m, avx512MR) - 2
		p := panelProduct[float32]{m: m, n: 150, k: perStrip*aheadSteps + 3, a: x, ps: 1, b: x, panel: avx512Width, c: x,
			ahead: linesOf(Elements[float32]{Float: x}, 1, rows)}
		next := 0
		eachPanel(p, func(m, _, _ int, _ *float32, _, _ int, _, _ *float32, _ int, _ bool, ahead unsafe.Pointer, step, rows int) {
			require.Equal(t, unsafe.Pointer(&x[next]), ahead)
			require.Equal(t, 4, step)
			require.LessOrEqual(t, rows, perStrip*kernel.CeilDiv(m, avx512MR))
			next += rows
		})
		require.Equal(t, rows, next)
	}
}
