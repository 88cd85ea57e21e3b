//go:build unix

package atomicfile

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A device, a pipe, a socket and a folder stay what they are; as root, a rename would replace even /dev/null.
func TestOnlyFilesAreReplaced(t *testing.T) {
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, syscall.Mkfifo(place("fifo"), 0o666))
	require.NoError(t, os.Mkdir(place("folder"), 0o777))
	socket, err := net.Listen("unix", place("socket"))
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, os.Symlink("nothing", place("dangling")))
	require.NoError(t, os.Symlink(os.DevNull, place("device"))) // whose replacement would fail the test, not the machine
	for _, name := range []string{"fifo", "folder", "socket", "dangling", "device"} {
		before, err := os.Lstat(place(name))
		require.NoError(t, err)
		err = Write(place(name), func(*os.File) error {
			t.Errorf("%s: work was begun", name)
			return os.ErrInvalid
		})
		what := "a folder or device"
		if name == "dangling" {
			what = "a link to nothing"
		}
		require.EqualError(t, err, "replace "+place(name)+": it is "+what+", which is not replaced: name another file")
		after, err := os.Lstat(place(name))
		require.NoError(t, err)
		require.True(t, os.SameFile(before, after), name)
	}
	require.NoFileExists(t, place("nothing"))
}

// Through a link, or a link to a link into another folder, the file at its end is replaced; the links stay.
func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	file, link, far := filepath.Join(dir, "deep", "file"), filepath.Join(dir, "link"), filepath.Join(dir, "far")
	require.NoError(t, os.Mkdir(filepath.Dir(file), 0o777))
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o666))
	require.NoError(t, os.Symlink(filepath.Join("deep", "file"), link))
	require.NoError(t, os.Symlink("link", far))
	for i, path := range []string{link, far} {
		want := []string{"new", "newer"}[i]
		require.NoError(t, WriteBytes(path, []byte(want)))
		require.Equal(t, want, content(t, file))
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, os.ModeSymlink, info.Mode().Type())
	}
}

// A new file has the permissions that the umask leaves, a replaced one those that it had, also while it is written.
func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	mask := syscall.Umask(0o007)
	defer syscall.Umask(mask)
	for name, c := range map[string]struct{ old, want os.FileMode }{
		"new": {0, 0o660}, "secret": {0o600, 0o600}, "shared": {0o666, 0o666}, "read-only": {0o444, 0o444}, "script": {0o751, 0o751},
	} {
		path := filepath.Join(dir, name)
		if c.old != 0 {
			require.NoError(t, os.WriteFile(path, []byte("old"), c.old))
			require.NoError(t, os.Chmod(path, c.old))
		}
		require.NoError(t, Write(path, func(f *os.File) error {
			info, err := f.Stat()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&^c.want, "%s: others can read the temporary file", name)
			return err
		}))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, c.want, info.Mode(), name)
	}
}
