//go:build vulkan && linux

package vulkan

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestClosedBackendsLeaveNothing opens and closes a device again and again, with tensors that nobody freed and work that nobody waited for:
// the process then has as much memory and as many open files as after the first times.
func TestClosedBackendsLeaveNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	use := func(times int) (files, memory int) {
		for range times {
			b, err := New(Config{Slab: 1 << 20})
			require.NoError(t, err)
			x := engine.Filled(b, engine.Float32, 1, 1000)
			for range longest {
				b.Axpy(x, 1, x)
			}
			require.NoError(t, b.Close())
		}
		debug.FreeOSMemory()
		open, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(open), resident(t)
	}
	files, memory := use(250) // after which threads have their pools of memory
	least := math.MaxInt
	for range 3 { // the driver's memory goes up and down by ten megabytes
		moreFiles, moreMemory := use(200)
		require.Equal(t, files, moreFiles)
		least = min(least, moreMemory)
	}
	require.Less(t, least-memory, 200*100_000, "100 kB a device; the structs of one that is not closed have 400")
}

// resident returns the memory of this process.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var size, pages int
	_, err = fmt.Sscan(string(text), &size, &pages)
	require.NoError(t, err)
	return pages * os.Getpagesize()
}
