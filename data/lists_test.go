package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// tree makes a folder with one-pixel images at the given paths and a list file in it.
func tree(t *testing.T, list string, images ...string) (listPath, root string) {
	t.Helper()
	root = t.TempDir()
	for _, p := range images {
		writePNG(t, filepath.Join(root, filepath.FromSlash(p)), NewFrames(1, 1, 1))
	}
	listPath = filepath.Join(root, "list.txt")
	require.NoError(t, os.WriteFile(listPath, []byte(list), 0o644))
	return listPath, root
}

// samples are a Dataset's names and labels.
func samples(d *Dataset) map[string]int {
	m := map[string]int{}
	for i := range d.Items {
		m[d.Items[i].Name] = d.Items[i].Label
	}
	return m
}

func TestStaticList(t *testing.T) {
	list, root := tree(t, "\xEF\xBB\xBF680/ab_aligned/face 0.bmp 3\r\n\r\nb.png\t0\r\n  c.jpg   11  \nb.png 0",
		"680/ab_aligned/face 0.png", "b.png", "c.jpg")
	d, err := readList(list, root, Image)
	require.NoError(t, err)
	require.Equal(t, Image, d.Modality)
	require.Equal(t, 4, len(d.Items), "duplicates stay")
	require.Nil(t, d.Classes)
	require.Empty(t, cmp.Diff(map[string]int{"680/ab_aligned/face 0.bmp": 3, "b.png": 0, "c.jpg": 11}, samples(d)))
	for i := range d.Items {
		sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, sample.Len())
	}
}

func TestDynamicLists(t *testing.T) {
	for _, c := range []struct{ list, id, class string }{
		{"video_name,label\n02522,5\n", "02522", "disgust"},
		{"path,id\r\nCrime/Angry/0063,5\r\n", "Crime/Angry/0063", "sadness"},
		{"\xEF\xBB\xBFvideo_name, labels\n\n\"03747\",5", "03747", "fear"},
	} {
		list, root := tree(t, c.list, c.id+"/1.png", c.id+"/2.png")
		d, err := readList(list, root, Video)
		require.NoError(t, err, c.list)
		require.Equal(t, Video, d.Modality)
		require.Equal(t, map[string]int{c.id: 5}, samples(d))
		require.Equal(t, c.class, d.Classes[5], "the header tells the order of the classes")
		sample, err := d.Items[0].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 2, sample.Len())
	}
}

func TestDynamicListNamesFiles(t *testing.T) {
	gif, err := os.ReadFile("testdata/images/animated.gif")
	require.NoError(t, err)
	list, root := tree(t, "video_name,label\na.gif,0\na,1\na.mp4,2\n")
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.gif"), gif, 0o644))
	d, err := readList(list, root, Video)
	require.NoError(t, err)
	for i := range d.Items {
		sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 6, sample.Len())
	}
}

func TestAbsolutePathsIgnoreRoot(t *testing.T) {
	_, root := tree(t, "", "a.png")
	list := write(t, "list.txt", []byte(filepath.Join(root, "a.png")+" 0"))
	d, err := readList(list, "elsewhere", Image)
	require.NoError(t, err)
	_, err = d.Items[0].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
}

func TestBadStaticLists(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"", "no samples in this list"},
		{"a.png 0\na.png", `line 2: "a.png" is not of the form "path label"`},
		{"a.png 0\n\na.png -1", `line 3: label "-1" is not a whole number from 0 to 999`},
		{"a.png happy", `line 1: label "happy" is not a whole number from 0 to 999`},
		{"a.png 1e9", `line 1: label "1e9" is not`},
		{"a.png 1000", `line 1: label "1000" is not`},
		{"a.png 0\nb.png 1", "line 2: ROOT/b.png: no such image; is "},
		{"sub 0", "line 1: ROOT/sub: no such image; is "},
		{strings.Repeat("a", 1<<20), "line 1: too long for a list"},
		{"\x00 1", `line 1: "\x00" is not a name`},
	} {
		list, root := tree(t, c.list, "a.png", "sub/a.png")
		_, err := readList(list, root, Image)
		require.ErrorContains(t, err, list+": "+strings.ReplaceAll(c.want, "ROOT/", root+string(filepath.Separator)), "%.50q", c.list)
	}
}

func TestBadDynamicLists(t *testing.T) {
	const headers = `but must be "video_name,label" (DFEW), "path,id" (FERV39K), "video_name,labels" (MAFW)`
	for _, c := range []struct{ list, want string }{
		{"", `the first line is "", ` + headers},
		{"02522,5\n", `the first line is "02522,5", ` + headers},
		{"video_name,label\n", "no samples in this list"},
		{"video_name,label\na,1\nb", "line 3: 1 columns instead of 2"},
		{"video_name,label\na,1\nb,2,3", "line 3: 3 columns instead of 2"},
		{"video_name,label\na,", `line 2: label "" is not a whole number`},
		{"video_name,label\na,-3", `line 2: label "-3" is not a whole number`},
		{"video_name,label\na,1\nmissing,2", "line 3: ROOT/missing: no such folder or video; is "},
		{"video_name,label\n\"a,1", `parse error on line 2, column 5: extraneous or missing " in quoted-field`},
	} {
		list, root := tree(t, c.list, "a/0.png")
		_, err := readList(list, root, Video)
		require.ErrorContains(t, err, list+": "+strings.ReplaceAll(c.want, "ROOT/", root+string(filepath.Separator)), c.list)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestMissingList(t *testing.T) {
	for _, m := range []Modality{Image, Video} {
		_, err := readList("no/list.txt", ".", m)
		require.EqualError(t, err, "no/list.txt: no such file or directory")
		_, err = readList(".", ".", m)
		require.EqualError(t, err, ".: a folder, not a list")
	}
}

// The class orders of the datasets' lists, label by label, as they come out of each.
func TestClassOrders(t *testing.T) {
	for header, want := range map[string]string{
		"video_name,label":  "happiness sadness neutral anger surprise disgust fear",
		"path,id":           "anger disgust fear happiness neutral sadness surprise",
		"video_name,labels": "anger anxiety contempt disappointment disgust fear happiness helplessness neutral sadness surprise",
	} {
		list, root := tree(t, header+"\na,0\n", "a/0.png")
		d, err := readList(list, root, Video)
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(d.Classes, " "), header)
	}
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger", strings.Join(AffectNet7, " "))
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger contempt", strings.Join(AffectNet8, " "))
}

func TestDefaultLabels(t *testing.T) {
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger", strings.Join(DefaultLabels(Image, 7), " "))
	require.Equal(t, "contempt", DefaultLabels(Image, 8)[7])
	require.Equal(t, "happiness sadness neutral anger surprise disgust fear", strings.Join(DefaultLabels(Video, 7), " "))
	require.Equal(t, "helplessness", DefaultLabels(Video, 11)[7])
	require.Equal(t, []string{"class_0", "class_1"}, DefaultLabels(Video, 2))
	require.Equal(t, "class_7", DefaultLabels(Video, 8)[7])
	DefaultLabels(Image, 7)[0] = "changed"
	require.Equal(t, "neutral", AffectNet7[0])
}

func FuzzParseStatic(f *testing.F) {
	f.Add([]byte("680/ab_aligned/face_det_000000.bmp 3\r\nb.png\t0\n"))
	f.Add([]byte("a 1\n\n b c 2 \n"))
	f.Fuzz(func(t *testing.T, text []byte) { checkRows(t, text, parseStatic) })
}

func FuzzParseDynamic(f *testing.F) {
	f.Add([]byte("video_name,label\n02522,5\n"))
	f.Add([]byte("path,id\r\nCrime/Angry/0063,0\r\n"))
	f.Add([]byte("video_name,labels\n\"03747\",10"))
	f.Fuzz(func(t *testing.T, text []byte) { checkRows(t, text, parseDynamic) })
}

func checkRows(t *testing.T, text []byte, parse func([]byte, func(row) error) ([]string, error)) {
	last := 0
	classes, err := parse(text, func(r row) error {
		require.Greater(t, r.line, last)
		last = r.line
		id, label, err := r.check()
		if err == nil {
			require.NotEmpty(t, id)
			require.True(t, label >= 0 && label <= maxLabel)
		}
		return err
	})
	if err != nil {
		require.Nil(t, classes)
		require.NotContains(t, err.Error(), "\n")
	}
}
