//go:build vulkan

package vulkan

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestBrokenCache has every kind of trouble where compiled shaders are kept: a backend computes as without, and where it can it leaves a
// file that serves the next one.
func TestBrokenCache(t *testing.T) {
	compute := func(folder string) *Backend {
		b, err := New(Config{Cache: folder})
		require.NoError(t, err)
		x := engine.Filled(b, engine.Float32, 2, 10)
		b.Scale(x, x, 2)
		values, err := engine.Read[float32](x)
		require.NoError(t, err)
		require.Equal(t, float32(4), values[9])
		require.NoError(t, b.Close())
		return b
	}
	whole := t.TempDir()
	name := string(compute(whole).shaders.file)
	good, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NotEmpty(t, cacheOnDisk(name).read())
	before, err := os.Stat(name)
	require.NoError(t, err)
	compute(whole)
	after, err := os.Stat(name)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "nothing new, nothing written")

	flipped := slices.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for what, content := range map[string][]byte{"empty": {}, "short": good[:20], "cut": good[:len(good)-1], "flipped": flipped,
		"other": bytes.Repeat([]byte{7}, 1000), "longer": append(slices.Clip(good), 0)} {
		folder := t.TempDir()
		file := filepath.Join(folder, filepath.Base(name))
		require.NoError(t, os.WriteFile(file, content, 0o644))
		require.Empty(t, cacheOnDisk(file).read(), "%s: the driver does not see it", what)
		compute(folder)
		mended, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, good, mended, what)
	}
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, filepath.Base(name)), 0o755))
	compute(folder)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, folder := range []string{file, filepath.Join(file, "below"), "/dev/null", "/proc/1", "\x00"} {
		compute(folder)
	}
	fresh := filepath.Join(t.TempDir(), "a", "b")
	compute(fresh)
	require.FileExists(t, filepath.Join(fresh, filepath.Base(name)))
}
