package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// What shares a small page with other memory stays out.
func TestWholeHugePages(t *testing.T) {
	all := make([]byte, 5*hugePage)
	first := -int(uintptr(unsafe.Pointer(&all[0]))) & (hugePage - 1)
	b := all[first:][:4*hugePage]
	for _, c := range []struct{ from, to, page, pages int }{
		{0, hugePage, 0, 1}, {0, 4 * hugePage, 0, 4}, {0, hugePage - 1, 0, 0}, {1, hugePage, 0, 0}, {1, 2 * hugePage, 1, 1},
		{hugePage - 1, 3*hugePage + 1, 1, 2}, {64, 65, 0, 0}, {0, 0, 0, 0},
	} {
		whole := wholeHugePages(b[c.from:c.to])
		require.Len(t, whole, c.pages*hugePage, "%v", c)
		if c.pages > 0 {
			require.Same(t, &b[c.page*hugePage], &whole[0], "%v", c)
		}
	}
	require.Empty(t, wholeHugePages(nil))
}
