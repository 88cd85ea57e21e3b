package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpenLists(t *testing.T) {
	static, staticRoot := tree(t, "a.png 3\nb.png 0\n", "a.png", "b.png")
	dynamic, dynamicRoot := tree(t, "path,id\nv,5\n", "v/1.png", "v/2.png")
	require.True(t, Lists{StaticRoot: "x", DynamicRoot: "y"}.Empty())
	require.False(t, Lists{StaticList: "x"}.Empty())
	require.False(t, Lists{DynamicList: "x"}.Empty())

	s, err := OpenLists(Lists{static, staticRoot, dynamic, dynamicRoot})
	require.NoError(t, err)
	require.Equal(t, []int{3, 0}, labelsOf(s.Of(Image)))
	require.Equal(t, map[string]int{"v": 5}, samples(s.Of(Video)))
	require.Equal(t, FERV39K, s.Video.Classes)
	require.Equal(t, []*Dataset{s.Image, s.Video}, s.All())

	s, err = OpenLists(Lists{DynamicList: dynamic, DynamicRoot: dynamicRoot})
	require.NoError(t, err)
	require.Nil(t, s.Of(Image))
	require.Equal(t, []*Dataset{s.Video}, s.All())
	s, err = OpenLists(Lists{StaticList: static, StaticRoot: staticRoot})
	require.NoError(t, err)
	require.Equal(t, []*Dataset{s.Image}, s.All())
	require.Nil(t, s.Of(Video))
	s, err = OpenLists(Lists{})
	require.NoError(t, err)
	require.Empty(t, s.All())

	for _, l := range []Lists{{static, staticRoot, "none", ""}, {"none", "", dynamic, dynamicRoot}} {
		s, err = OpenLists(l)
		require.EqualError(t, err, "none: no such file or directory")
		require.Empty(t, s.All())
	}
}

// A sample says which list names it, whatever becomes of its set.
func TestSamplesKnowTheirList(t *testing.T) {
	list, root := tree(t, "path,id\nv,5\nw,0\n", "v/1.png", "w/1.png")
	s, err := OpenLists(Lists{DynamicList: list, DynamicRoot: root})
	require.NoError(t, err)
	relabelled, _, err := Relabel(s.Cached(NewBudget(0), 6).Video, DFEW)
	require.NoError(t, err)
	drawn := toy{name: "a", modality: Video, labels: []int{0}, classes: DFEW}
	var lists []string
	for _, item := range Join(Repeat(relabelled, 2), drawn.set()).Items {
		lists = append(lists, item.List)
	}
	require.Equal(t, []string{list, list, list, list, ""}, lists)
}

// The sets share a budget; a sample that fits is opened once, at the size of the cache.
func TestCachedSets(t *testing.T) {
	d := toy{name: "a", modality: Image, labels: []int{0}}
	video := &counted{}
	memory := NewBudget(6*6*3 + 5*6*6*3)
	s := Sets{Image: d.set(), Video: video.set()}.Cached(memory, 6)
	require.Equal(t, Image, s.Image.Modality)
	for range 2 {
		sample, err := s.Image.Items[0].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, [2]int{6, 6}, [2]int{f.H, f.W})
		readFrom(t, s.Video, 2)
	}
	require.Equal(t, int32(1), video.opened.Load())
	require.Zero(t, memory.free.Load())
	require.Equal(t, Sets{}, Sets{}.Cached(memory, 6))
}

// Images and videos are kept at sizes of their own, or an image at that of its file.
func TestSetsCachedApart(t *testing.T) {
	images := toy{name: "a", modality: Image, labels: []int{0, 1}}.set()
	own, err := images.Items[1].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
	file, err := own.Read(t.Context(), []int{0})
	require.NoError(t, err)
	for _, size := range []struct{ image, video, kept int }{{6, 7, 6}, {9, 5, 9}, {0, 7, file.W}} {
		s := Sets{Image: images, Video: (&counted{}).set()}.CachedApart(NewBudget(1<<20), size.image, size.video)
		for d, want := range map[*Dataset]int{s.Image: size.kept, s.Video: size.video} {
			sample, err := d.Items[1].Open(t.Context(), OpenOptions{})
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{0})
			require.NoError(t, err)
			require.Equal(t, want, f.W, "%+v", size)
		}
	}
}
