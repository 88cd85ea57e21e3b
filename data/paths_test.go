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
	for _, name := range []string{"clip", "clip 3"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, name), 0o755))
	}
	absolute := filepath.Join(root, "a.png")
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":           {"a.png\n\n# comment\r\n  b c.jpg  \r\nphoto 3", []string{"a.png", "b c.jpg", "photo 3"}},
		"missing":         {"nowhere\na.png such.png\n\xff.png\nno where", []string{"nowhere", "a.png such.png", "\xff.png", "no where"}},
		"byte-order mark": {"\xEF\xBB\xBFa.png", []string{"a.png"}},
		"labels":          {"a.png 3\nb c.jpg\t4\nb c.png happiness", []string{"a.png", "b c.jpg", "b c.jpg"}},
		"folders":         {"clip 3\nclip 4\nclip", []string{"clip 3", "clip", "clip"}},
		"DFEW":            {"video_name,label\n00012,1\n00013,2", []string{"00012.mp4", "00013"}},
		"FERV39K":         {"path, id\n\"a.png\",1\n\"x,y\",2", []string{"a.png", "x,y"}},
		"named columns":   {"# mine\nimage,label,who\na.png,happiness,x", []string{"a.png"}},
		"capitals":        {"Label, subDirectory_filePath\n3,a.png\n1,b c.jpg", []string{"a.png", "b c.jpg"}},
		"commas":          {"a,b.png\npath,x", []string{"a,b.png", "path,x"}},
	} {
		paths, err := ReadPaths(strings.NewReader(c.text), root)
		require.NoError(t, err, name)
		for i := range c.want {
			c.want[i] = filepath.Join(root, c.want[i])
		}
		require.Equal(t, c.want, paths, name)
	}
	paths, err := ReadPaths(strings.NewReader("a.png\n./b/../c.png\n"+absolute), "")
	require.NoError(t, err)
	require.Equal(t, []string{"a.png", "./b/../c.png", absolute}, paths, "as written")
	paths, err = ReadPaths(strings.NewReader("a.png\n"+absolute), "elsewhere")
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join("elsewhere", "a.png"), absolute}, paths)
	_, err = ReadPaths(strings.NewReader("# nothing\n\n"), "")
	require.EqualError(t, err, "no paths in this list")
	_, err = ReadPaths(strings.NewReader("label,path\n3,a.png\n4"), root)
	require.EqualError(t, err, `"4" is no row of a CSV`)
	_, err = ReadPathList(root, "")
	require.EqualError(t, err, root+": a folder, not a list")
}

// Rows of lists of paths that are not what they seem.
func TestOddLinesOfPathLists(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a.png", "v.mp4", "v.jpg", "f.png"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(root, "f"), 0o755))
	for text, want := range map[string]string{
		"a.png x/y": "a.png x/y", "a.png x.y": "a.png x.y", "b.png 3": "b.png 3", "v happiness": "v.mp4", "v\t3": "v.mp4", "path\nb.png,1": "path|b.png,1", "v": "v",
		"path,label\na.bmp,3": "a.png", "path,label\n\"v\",3": "v.mp4", "label,path\n3,a.png": "a.png",
		"f 3": "f", "path,label\nf,3": "f", "path,label\nf.jpg,3": "f.png", // the video, of two samples of one name
		"a.png\npath,label": "a.png|path,label", "Path,label\na.png,1": "a.png",
	} {
		paths, err := ReadPaths(strings.NewReader(text), root)
		require.NoError(t, err)
		for i := range paths {
			paths[i] = strings.TrimPrefix(paths[i], root+string(filepath.Separator))
		}
		require.Equal(t, want, strings.Join(paths, "|"), "%q", text)
	}
	_, err := ReadPaths(strings.NewReader("path,label\na.png,1\n\"a.png,1"), root)
	require.EqualError(t, err, `"\"a.png,1" is no row of a CSV`)
	list := write(t, "list.txt", []byte("v 1\n"))
	paths, err := ReadPathList(list, root)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "v.mp4")}, paths)
	_, err = ReadPathList(write(t, "empty.txt", nil), root)
	require.ErrorContains(t, err, "empty.txt: no paths in this list")
}
