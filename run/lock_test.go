package run

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A lock whose file does not say whose it is still holds.
func TestLockOfNobody(t *testing.T) {
	f := folder{dir: t.TempDir()}
	require.NoError(t, f.hold())
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("process %d on %q", os.Getpid(), host), owner(f.path(lockFile)))
	require.NoError(t, os.Truncate(f.path(lockFile), 0))
	other := folder{dir: f.dir}
	require.EqualError(t, other.hold(), "run folder "+f.dir+" is in use by another process: wait for its end, or give another --out")
	other.release()
	require.FileExists(t, f.path(lockFile), "it is not the other's to remove")
	f.release()
	require.NoFileExists(t, f.path(lockFile))
	require.NoError(t, other.hold())
	other.release()
}
