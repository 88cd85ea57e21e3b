package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	"image"
)

// Of each class that has published counts, they make up the published number of samples.
func TestPublishedCounts(t *testing.T) {
	counted := 0
	for _, name := range PublishedNames() {
		p, ok := Published(name)
		require.True(t, ok)
		require.Equal(t, name, p.Name)
		if p.Counts == nil {
			continue
		}
		counted++
		require.Len(t, p.Counts, len(p.Classes), name)
		sum := 0
		for _, n := range p.Counts {
			sum += n
		}
		require.Equal(t, p.Samples, sum, name)
	}
	require.Equal(t, 5, counted)
	_, ok := Published("dfew-fd6-test")
	require.False(t, ok)
}

// Counts belong to classes by name, as the papers and the released lists have them.
func TestPublishedClasses(t *testing.T) {
	byName := func(p PublishedSet) map[string]int {
		counts := map[string]int{}
		for label, n := range p.Counts {
			counts[p.Classes[label]] = n
		}
		return counts
	}
	found := map[string]map[string]int{}
	for _, name := range PublishedNames() {
		if p, _ := Published(name); p.Counts != nil {
			found[name] = byName(p)
		}
	}
	require.Equal(t, map[string]map[string]int{
		"affectnet7-train": {"neutral": 74_874, "happiness": 134_415, "sadness": 25_459, "surprise": 14_090, "fear": 6378, "disgust": 3803, "anger": 24_882},
		"affectnet7-test":  {"neutral": 471, "happiness": 457, "sadness": 473, "surprise": 458, "fear": 469, "disgust": 469, "anger": 470},
		"dfew-fd1-train":   {"happiness": 1956, "sadness": 1515, "neutral": 2135, "anger": 1738, "surprise": 1175, "disgust": 116, "fear": 721},
		"dfew-fd1-test":    {"happiness": 489, "sadness": 379, "neutral": 534, "anger": 435, "surprise": 294, "disgust": 29, "fear": 181},
		"ferv39k-test":     {"anger": 1487, "disgust": 467, "fear": 431, "happiness": 1473, "neutral": 1958, "sadness": 1393, "surprise": 638},
	}, found)
	// A fifth of each class of DFEW is for testing.
	train, test := found["dfew-fd1-train"], found["dfew-fd1-test"]
	for class, n := range test {
		require.InDelta(t, train[class], 4*n, 4, class)
	}
}

// Every list has its own size, modality and classes.
func TestPublishedLists(t *testing.T) {
	type list struct {
		m       Modality
		samples int
		classes []string
	}
	found := map[string]list{}
	for _, name := range PublishedNames() {
		p, _ := Published(name)
		found[name] = list{p.Modality, p.Samples, p.Classes}
	}
	want := map[string]list{
		"affectnet7-train": {Image, 283_901, AffectNet7}, "affectnet7-test": {Image, 3267, AffectNet7}, "affectnet8-train": {Image, 287_568, AffectNet8},
		"ferv39k-train": {Video, 31_088, FERV39K}, "ferv39k-test": {Video, 7847, FERV39K}, "voxceleb2-train": {Video, 1_092_009, nil},
	}
	for i, tested := range []int{2341, 2341, 2340, 2339, 2336} {
		name := fmt.Sprintf("dfew-fd%d", i+1)
		want[name+"-train"], want[name+"-test"] = list{Video, 11_697 - tested, DFEW}, list{Video, tested, DFEW}
	}
	for i, tested := range []int{1839, 1837, 1833, 1832, 1831} {
		name := fmt.Sprintf("mafw-set%d", i+1)
		want[name+"-train"], want[name+"-test"] = list{Video, 9172 - tested, MAFW}, list{Video, tested, MAFW}
	}
	require.Equal(t, want, found)
}

// A set of each fold holds every video once: its two lists together are the dataset.
func TestPublishedFolds(t *testing.T) {
	total := func(prefix string) int {
		train, _ := Published(prefix + "-train")
		test, ok := Published(prefix + "-test")
		require.True(t, ok, prefix)
		return train.Samples + test.Samples
	}
	for _, fold := range []string{"fd1", "fd2", "fd3", "fd4", "fd5"} {
		require.Equal(t, 11_697, total("dfew-"+fold))
	}
	require.Equal(t, 38_935, total("ferv39k"))
	for _, set := range []string{"set1", "set2", "set3", "set4", "set5"} {
		require.Equal(t, 9172, total("mafw-"+set))
	}
}

// writeShade writes a picture of one grey, as PNG or BMP.
func writeShade(t *testing.T, path string, shade uint8) {
	t.Helper()
	f := NewFrames(1, 5, 4)
	for i := range f.Pix {
		f.Pix[i] = shade
	}
	if filepath.Ext(path) != ".bmp" {
		writePNG(t, path, f)
		return
	}
	m := image.NewGray(image.Rect(0, 0, 4, 5))
	for i := range m.Pix {
		m.Pix[i] = shade
	}
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, bmp.Encode(file, m))
}

// Each kind of finding, in the order of the lists; a copy in another format is a duplicate, also of a sample in another list. A video
// may be both short and a duplicate.
func TestInspect(t *testing.T) {
	list, root := tree(t, "a.png 0\nhalf.png 1\nb.bmp 2\ncopy.bmp 0\nother.png 3\ngone.png 0\n")
	for name, shade := range map[string]uint8{
		"a.png": 10, "copy.bmp": 10, "other.png": 10, "b.bmp": 20, "half.png": 30, "test/again.png": 20,
		"v/1.png": 40, "v/2.png": 41, "v/3.png": 42, "w/1.png": 40, "w/2.png": 41, "x/1.png": 40, "x/2.png": 41, "x/3.png": 43,
		"y/1.png": 40, "y/2.png": 41,
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		writeShade(t, path, shade)
	}
	half := filepath.Join(root, "half.png")
	whole, err := os.ReadFile(half)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(half, whole[:len(whole)-20], 0o644))
	videos, test := filepath.Join(root, "list.csv"), filepath.Join(root, "test.txt")
	require.NoError(t, os.WriteFile(videos, []byte("video_name,label\nv,0\nw,1\nx,2\ny,1\n"), 0o644))
	require.NoError(t, os.WriteFile(test, []byte("test/again.png 2\n"), 0o644))

	train, err := OpenLists(Lists{StaticList: list, StaticRoot: root, DynamicList: videos, DynamicRoot: root})
	require.NoError(t, err)
	tests, err := OpenLists(Lists{StaticList: test, StaticRoot: root})
	require.NoError(t, err)
	inspector, looked, found := Inspector{Frames: 3}, 0, []Finding(nil)
	for _, d := range append(train.All(), tests.All()...) {
		more, err := inspector.Inspect(t.Context(), d, func(n int) { looked += n })
		require.NoError(t, err)
		found = append(found, more...)
	}
	require.Equal(t, 11, looked)
	for i, f := range found {
		if f.Kind == Missing || f.Kind == Unreadable {
			require.Contains(t, f.Detail, filepath.Join(root, f.Path))
			require.Equal(t, f.Detail, f.Text())
			found[i].Detail = ""
		}
	}
	require.Equal(t, []Finding{
		{Unreadable, list, 2, "half.png", ""},
		{Duplicate, list, 4, "copy.bmp", "the same as " + list + ": line 1: a.png"},
		{Duplicate, list, 5, "other.png", "the same as " + list + ": line 1: a.png, which has another label"},
		{Missing, list, 6, "gone.png", ""},
		{Short, videos, 3, "w", "2 frames, of which the last is repeated up to 3"},
		{Short, videos, 5, "y", "2 frames, of which the last is repeated up to 3"},
		{Duplicate, videos, 5, "y", "the same as " + videos + ": line 3: w"},
		{Duplicate, test, 1, "test/again.png", "the same as " + list + ": line 3: b.bmp"},
	}, found)
	require.Equal(t, videos+": line 3: w: 2 frames, of which the last is repeated up to 3", found[4].Text())
}

// Images that differ in one pixel by one level, or in nothing but their shape, are no duplicates.
// Lists may number the same classes differently: labels are compared by name where both lists have names.
func TestDuplicatesAcrossClassOrders(t *testing.T) {
	root := t.TempDir()
	for name, shade := range map[string]uint8{"a.png": 10, "b.png": 20, "c.png": 30, "d.png": 40} {
		writeShade(t, filepath.Join(root, name), shade)
	}
	list := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
		return filepath.Join(root, name)
	}
	train := list("train.csv", "path,label\na.png,fear\nb.png,anger\nc.png,happiness\nd.png,fear\n") // happiness, fear, anger
	named := list("named.csv", "path,label\na.png,fear\nb.png,anger\nc.png,fear\n")                  // fear, anger
	numbers := list("numbers.txt", "a.png 1\nb.png 1\n")
	paths := list("paths.txt", "a.png\n")
	inspector, found := Inspector{}, []string(nil)
	for _, list := range []string{train, named, numbers, paths} {
		s, err := OpenUnlabelled(Lists{StaticList: list, StaticRoot: root})
		require.NoError(t, err)
		findings, err := inspector.Inspect(t.Context(), s.Image, func(int) {})
		require.NoError(t, err)
		for _, f := range findings {
			found = append(found, filepath.Base(f.List)+" "+f.Path+": "+strings.ReplaceAll(f.Detail, train, "train"))
		}
	}
	require.Equal(t, []string{
		"named.csv a.png: the same as train: line 2: a.png", "named.csv b.png: the same as train: line 3: b.png",
		"named.csv c.png: the same as train: line 4: c.png, which has another label",
		"numbers.txt a.png: the same as train: line 2: a.png",
		"numbers.txt b.png: the same as train: line 3: b.png, which has another label",
		"paths.txt a.png: the same as train: line 2: a.png, which has another label",
	}, found)
}

func TestInspectComparesAllPixels(t *testing.T) {
	list, root := tree(t, "a.png 0\nnext.png 0\nwide.png 0\ncopy.png 0\n")
	write := func(name string, h, w, level int) {
		f := NewFrames(1, h, w)
		for i := range f.Pix {
			f.Pix[i] = 100
		}
		f.Pix[len(f.Pix)/2] += uint8(level)
		writePNG(t, filepath.Join(root, name), f)
	}
	write("a.png", 300, 200, 0)
	write("next.png", 300, 200, 1)
	write("wide.png", 200, 300, 0)
	write("copy.png", 300, 200, 0)
	d, err := readList(list, root, Image, true)
	require.NoError(t, err)
	found, err := new(Inspector).Inspect(t.Context(), d, func(int) {})
	require.NoError(t, err)
	require.Equal(t, []Finding{{Duplicate, list, 4, "copy.png", "the same as " + list + ": line 1: a.png"}}, found)

	ctx, cancel := context.WithCancel(t.Context())
	found, err = new(Inspector).Inspect(ctx, d, func(int) { cancel() })
	require.ErrorIs(t, err, context.Canceled, "interrupted after the first")
	require.Empty(t, found)
}

// A missing sample can be told from a damaged one.
func TestMissingSampleIsNoFile(t *testing.T) {
	list, root := tree(t, "a.png 0\n")
	d, err := readList(list, root, Image, true)
	require.NoError(t, err)
	_, err = d.Items[0].Open(t.Context(), OpenOptions{})
	require.True(t, errors.Is(err, fs.ErrNotExist))
	require.Contains(t, err.Error(), "no such image")
}
