// Package fuzzing is what fuzz targets share. It is for tests only.
package fuzzing

import (
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"
)

// slack is how much of what was allocated before may be counted late: the runtime counts small objects when it needs more of their size.
const slack = 2 << 20

// Bounded runs f, which must not allocate more than limit bytes in all, freed ones included, and some slack: an input can't make a parser
// take more memory than that. Nothing else may run at the time.
func Bounded(t testing.TB, limit int, f func()) {
	t.Helper()
	before := allocated()
	f()
	require.LessOrEqual(t, allocated()-before, uint64(limit+slack), "bytes were allocated")
}

// allocated returns how many bytes the process has allocated since it began.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
