package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Paths are read from plain lists and from labelled ones of every form.
func TestReadPaths(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a.png", "b c.jpg", "photo 3", "photo.jpg", "00012.mp4"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o644))
	}
	absolute := filepath.Join(root, "a.png")
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":           {"a.png\n\n# comment\r\n  b c.jpg  \r\nphoto 3", []string{"a.png", "b c.jpg", "photo 3"}},
		"missing":         {"nowhere\na.png such.png\n\xff.png", []string{"nowhere", "a.png such.png", "\xff.png"}},
		"byte-order mark": {"\xEF\xBB\xBFa.png", []string{"a.png"}},
		"labels":          {"a.png 3\nb c.jpg\t4\nb c.png happiness", []string{"a.png", "b c.jpg", "b c.jpg"}},
		"DFEW":            {"video_name,label\n00012,1\n00013,2", []string{"00012.mp4", "00013"}},
		"FERV39K":         {"path, id\n\"a.png\",1\n\"x,y\",2", []string{"a.png", "x,y"}},
		"named columns":   {"# mine\nimage,label,who\na.png,happiness,x", []string{"a.png"}},
		"commas":          {"a,b.png\npath,x", []string{"a,b.png", "path,x"}},
	} {
		paths, err := ReadPaths(strings.NewReader(c.text), root)
		require.NoError(t, err, name)
		for i := range c.want {
			c.want[i] = filepath.Join(root, c.want[i])
		}
		require.Equal(t, c.want, paths, name)
	}
	paths, err := ReadPaths(strings.NewReader("a.png\n"+absolute), "")
	require.NoError(t, err)
	require.Equal(t, []string{"a.png", absolute}, paths)
	_, err = ReadPaths(strings.NewReader("# nothing\n\n"), "")
	require.EqualError(t, err, "no paths in this list")
	_, err = ReadPathList(root, "")
	require.EqualError(t, err, root+": a folder, not a list")
}
