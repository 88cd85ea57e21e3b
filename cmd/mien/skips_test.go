package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// An evaluation without some of its samples ends with status 3.
func TestEvalWithoutBadSamples(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("face.png 0\nnowhere.png 1\n"), 0o644))
	args := []string{"eval", "--model", "../../testdata/golden/released_form.pth", "--static-root", "../../testdata/golden", "--static-list", list}
	code, stdout, stderr := mien(args...)
	require.Equal(t, 1, code, stderr)
	require.Empty(t, stdout)
	code, stdout, stderr = mien(append(args, "--skip-bad", "1")...)
	require.Equal(t, 3, code, stderr)
	require.Contains(t, stdout, "static")
	require.Contains(t, stderr, "mien: 1 unreadable samples were left out\n")
}

// The closing line of a run names a few of the samples.
func TestSkippedLine(t *testing.T) {
	var bad []data.Skipped
	for i := range 7 {
		bad = append(bad, data.Skipped{Path: fmt.Sprint(i)})
	}
	require.Equal(t, "5 unreadable samples were skipped: 0, 1, 2, 3, 4", skipped(bad[:5]))
	require.Equal(t, "7 unreadable samples were skipped: 0, 1, 2, 3, 4 and 2 more", skipped(bad))
}

// The check of lists shows progress when it takes long.
func TestListCheck(t *testing.T) {
	var stderr bytes.Buffer
	c := listCheck{stderr: &stderr}
	c.Checked(1, 3)
	c.Checked(2, 3)
	require.Nil(t, c.bar)
	c.began = c.began.Add(-3 * time.Second)
	c.Checked(2, 3)
	require.NotNil(t, c.bar)
	c.Checked(3, 3)
	require.Nil(t, c.bar)
	c.finish()
}
