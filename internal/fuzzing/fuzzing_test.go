package fuzzing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var kept []byte

// failing notes a failure instead of ending the test.
type failing struct {
	testing.TB
	failed bool
}

func (*failing) Helper()               {}
func (*failing) Errorf(string, ...any) {}
func (f *failing) FailNow()            { f.failed = true }

// What was freed in between counts, too.
func TestBounded(t *testing.T) {
	for limit, failed := range map[int]bool{8 << 20: false, 5 << 20: true} {
		f := &failing{TB: t}
		Bounded(f, limit, func() {
			for range 8 {
				kept = make([]byte, 1<<20)
			}
		})
		require.Equal(t, failed, f.failed, limit)
	}
	require.Len(t, kept, 1<<20)
}
