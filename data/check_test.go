package data

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// badLists are four images and three videos, of which two and one are bad, and one more image that only decoding shows to be.
func badLists(t *testing.T) (root string, s Sets) {
	t.Helper()
	list, root := tree(t, "a.png 0\nmissing.png 0\nb.png 1\ntext.png 1\nhalf.png 1\n",
		"a.png", "b.png", "v/1.png", "v/2.png", "w/1.png", "x/1.png")
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	whole, err := os.ReadFile(filepath.Join(root, "a.png"))
	require.NoError(t, err)
	put("text.png", "not an image")
	put("half.png", string(whole[:40]))
	put("w/2.png", "not an image")
	put("list.csv", "video_name,label\nv,0\nw,1\nx,2\n")
	s, err = OpenLists(Lists{StaticList: list, StaticRoot: root, DynamicList: filepath.Join(root, "list.csv"), DynamicRoot: root})
	require.NoError(t, err)
	return root, s
}

func names(d *Dataset) (all []string) {
	for _, item := range d.Items {
		all = append(all, item.Name)
	}
	return all
}

// Samples without a readable header are left out of every copy of their set, each counted once.
func TestCheck(t *testing.T) {
	_, s := badLists(t)
	drawn := toy{name: "drawn", modality: Image, labels: []int{1, 2}, sized: new([]int)}.set()
	s.Image = Join(Repeat(s.Image, 2), drawn)
	skips, calls := &Skips{Limit: 3}, []int(nil)
	checked, err := skips.Check(t.Context(), s.Cached(NewBudget(1<<20), 4), func(n, total int) { calls = append(calls, 10*n+total) })
	require.NoError(t, err)
	require.Equal(t, []string{"a.png", "b.png", "half.png", "a.png", "b.png", "half.png", "drawn0", "drawn1"}, names(checked.Image))
	require.Equal(t, []string{"v", "x"}, names(checked.Video))
	require.Equal(t, []int{15, 25, 35, 45, 55, 13, 23, 33}, calls)
	var skipped []string
	for _, bad := range skips.Samples {
		skipped = append(skipped, string(bad.Modality)+" "+bad.Path)
	}
	require.Equal(t, []string{"image missing.png", "image text.png", "video w"}, skipped)
	require.Contains(t, skips.Samples[2].Error, filepath.Join("w", "2.png")+": not an image")
	require.Equal(t, []int{2, 1}, []int{checked.Image.Skipped, checked.Video.Skipped})
	require.Len(t, s.Video.Items, 3, "unchanged")
}

func TestCheckErrors(t *testing.T) {
	root, s := badLists(t)
	list, missing := filepath.Join(root, "list.txt"), filepath.Join(root, "missing.png")
	nothing := func(int, int) {}
	_, err := (&Skips{}).Check(t.Context(), s, nothing)
	require.EqualError(t, err, "2 of the 5 images of the list cannot be read (--skip-bad 2 or more goes on without): "+
		missing+": no such image ("+list+", line 2); is "+root+" the folder that the list's names are relative to?")
	_, err = (&Skips{Limit: 2}).Check(t.Context(), s, nothing)
	require.ErrorContains(t, err, "1 of the 3 videos of the list cannot be read (--skip-bad 3 or more goes on without): ", "both sets count")

	elsewhere, err := OpenLists(Lists{StaticList: list, StaticRoot: t.TempDir()})
	require.NoError(t, err)
	_, err = (&Skips{Limit: 100}).Check(t.Context(), elsewhere, nothing)
	require.ErrorContains(t, err, "none of the 5 images of the list can be read: ")
	videos := write(t, "videos.csv", []byte("path,label\nv,fear\nw,anger\n"))
	elsewhere, err = OpenLists(Lists{DynamicList: videos, DynamicRoot: t.TempDir()})
	require.NoError(t, err)
	_, err = (&Skips{Limit: 100}).Check(t.Context(), elsewhere, nothing)
	require.ErrorContains(t, err, "none of the 2 videos of the list can be read: ")

	ctx, cancel := context.WithCancel(t.Context())
	_, err = (&Skips{Limit: 100}).Check(ctx, s, func(n, _ int) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

func TestSkips(t *testing.T) {
	damaged := "a: damaged"
	s := &Skips{Limit: 2}
	for _, bad := range []Skipped{{Image, "a", damaged}, {Image, "b", damaged}, {Image, "a", "again"}} {
		require.NoError(t, s.Add(bad))
	}
	require.Equal(t, []Skipped{{Image, "a", damaged}, {Image, "b", damaged}}, s.Samples)
	s = &Skips{Limit: 1}
	require.NoError(t, s.Add(Skipped{Image, "a", damaged}))
	require.NoError(t, s.Add(Skipped{Image, "a", damaged}), "once more")
	require.EqualError(t, s.Add(Skipped{Video, "a", damaged}), "a: damaged; it is one more than --skip-bad 1 allows")
	require.Equal(t, []Skipped{{Image, "a", "a: damaged"}}, s.Samples)
	require.EqualError(t, (&Skips{}).Add(Skipped{Image, "a", damaged}), "a: damaged; --skip-bad N goes on without up to N such samples")
}

// Whether a damaged frame matters does not depend on the cache, which would have to read it.
func TestCacheOfDamagedVideo(t *testing.T) {
	root, _ := badLists(t)
	list := write(t, "list.csv", []byte("video_name,label\nw,0\n"))
	d, err := readList(list, root, Video, true)
	require.NoError(t, err)
	for _, budget := range []int64{0, 1 << 20} {
		c := Cache(d, NewBudget(budget), 1, 1)
		for range 2 {
			sample, err := c.Items[0].Open(t.Context(), OpenOptions{})
			require.NoError(t, err)
			_, err = sample.Read(t.Context(), []int{0})
			require.NoError(t, err)
			_, err = sample.Read(t.Context(), []int{1})
			require.ErrorContains(t, err, "not an image")
			require.True(t, strings.HasPrefix(err.Error(), root))
		}
	}
}

// What Check says of the headers of single files and of folders.
func TestCheckHeaders(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	const unknown = ": not an image: neither JPEG, PNG, GIF, WebP nor BMP"
	huge := write(t, "huge.png", pngHeader(100_000, 100_000))
	for path, want := range map[string]string{
		put("a.mp4", "text"): "", put("a.GIF", "text"): unknown, put("noname", "text"): unknown, put("heic.png", "1234ftypheic"): "",
		huge:                              ": 100000×100000 pixels are more than the limit of 64000000",
		filepath.Join(root, "none"):       ": no such file or directory",
		filepath.Dir(put("e/x.txt", "")):  ": no images (*.jpg, *.jpeg, *.png, *.bmp, *.webp, *.heic, *.heif, *.avif, *.tif, *.tiff, *.jxl) in this folder",
		filepath.Dir(put("t/2.png", "x")): "",
	} {
		for _, m := range []Modality{Image, Video} {
			err := checkHeaders(t.Context(), path, m)
			switch {
			case filepath.Base(path) == "t":
				require.EqualError(t, err, filepath.Join(path, "2.png")+unknown)
			case want == "":
				require.NoError(t, err, path)
			default:
				require.EqualError(t, err, path+want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, checkHeaders(ctx, filepath.Join(root, "t"), Video), context.Canceled)
}

// Samples are told apart by list and line, however often they are repeated; a drawn one is never left out.
func TestCheckOfJoinedLists(t *testing.T) {
	first, root := tree(t, "none.png 0\na.png 1\n", "a.png")
	second := write(t, "second.txt", []byte("gone.png 3\na.png 2\n"))
	a, err := readList(first, root, Image, true)
	require.NoError(t, err)
	b, err := readList(second, root, Image, true)
	require.NoError(t, err)
	drawn := toy{name: "drawn", modality: Image, labels: []int{4}}
	joined := Join(Join(drawn.set(), a), Join(b, Repeat(a, 2)))
	skips := &Skips{Limit: 2}
	checked, err := skips.Check(t.Context(), Sets{Image: joined}, func(n, total int) { require.Equal(t, 4, total) })
	require.NoError(t, err)
	require.Equal(t, []string{"drawn0", "a.png", "a.png", "a.png", "a.png"}, names(checked.Image))
	require.Equal(t, []int{4, 1, 2, 1, 1}, labelsOf(checked.Image))
	require.Equal(t, 2, checked.Image.Skipped)
	for i, name := range []string{"none.png", "gone.png"} {
		bad := skips.Samples[i]
		require.Equal(t, Image, bad.Modality)
		require.Equal(t, name, bad.Path)
		require.Contains(t, bad.Error, filepath.Join(root, name)+": no such image (")
	}
	fine := Dataset{Modality: Image, Items: a.Items[1:]}
	whole, err := (&Skips{}).Check(t.Context(), Sets{Image: &fine}, func(int, int) {})
	require.NoError(t, err)
	require.Same(t, &fine, whole.Image)
	good, err := (&Skips{}).Check(t.Context(), Sets{Image: drawn.set()}, func(int, int) { t.Fatal("nothing to check") })
	require.NoError(t, err)
	require.Equal(t, []string{"drawn0"}, names(good.Image))
	require.Zero(t, good.Image.Skipped)
}

// Samples that were skipped are left out of the set of their modality, wherever they stand.
func TestReadable(t *testing.T) {
	set := func(m Modality, names ...string) *Dataset {
		d := &Dataset{Modality: m, Classes: []string{"x"}}
		for _, name := range names {
			d.Items = append(d.Items, Item{Name: name})
		}
		return d
	}
	s := Skips{Samples: []Skipped{{Image, "b", "torn"}, {Video, "a", "torn"}}}
	sets := Sets{Image: set(Image, "b", "a", "c", "b"), Video: set(Video, "a", "b")}
	readable := s.Readable(sets)
	require.Equal(t, set(Image, "a", "c"), readable.Image)
	require.Equal(t, set(Video, "b"), readable.Video)
	require.Len(t, sets.Image.Items, 4)
	require.Nil(t, (&Skips{}).Readable(Sets{Video: sets.Video}).Image)
}
