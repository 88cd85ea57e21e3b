package run

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/modelfile"
	"mien/recipe"
	"mien/s4d"
	"mien/system"
	"mien/systems"
)

// Runs on drawn onsets and offsets.

// reversed is a toy recipe of which the drawn videos are those.
func reversed(t *testing.T) recipe.Recipe {
	r := toy(t, "s4d-tiny")
	r.Model.VideoClasses, r.Data.DrawnReversed, r.Data.DrawnFraming = 2, true, 0.75
	r.Data.DrawnVideos, r.Data.DrawnTest, r.Data.Stride = 9, 4, 3
	return r
}

// Drawn onsets and offsets are as long as a window, in the framing of the recipe, and of people who are not those of the test. Images are
// drawn as ever.
func TestReversedFaces(t *testing.T) {
	r := reversed(t)
	plain := r
	plain.Model.VideoClasses, plain.Data.DrawnReversed = 7, false
	sets, err := TrainingSets(r, &s4d.System, data.Lists{})
	require.NoError(t, err)
	require.Equal(t, Labels{data.Image: data.AffectNet7, data.Video: {"onset", "offset"}}, sets.Labels)
	test, err := DrawnTest(modelfile.Description{Recipe: r, Labels: sets.Labels})
	require.NoError(t, err)
	frames := r.Model.Frames * 3
	style := drawn.Style{Framing: 0.75}
	for seed, c := range map[uint64]struct {
		set  *data.Dataset
		n    int
		size int
	}{1: {sets.Main.Video, 9, r.Views.Video.Decode}, 1_000_003: {test.Video, 4, r.Model.ImageSize}} {
		want := style.Reversed(seed, c.n, frames, c.size)
		require.Len(t, c.set.Items, c.n)
		for i, item := range c.set.Items {
			require.Equal(t, i%2, item.Label)
			got, err := item.Open(t.Context(), data.OpenOptions{})
			require.NoError(t, err)
			require.Equal(t, frames, got.Len())
			expected, err := want.Items[i].Open(t.Context(), data.OpenOptions{})
			require.NoError(t, err)
			a, err := got.Read(t.Context(), []int{0, frames - 1})
			require.NoError(t, err)
			b, err := expected.Read(t.Context(), []int{0, frames - 1})
			require.NoError(t, err)
			require.Equal(t, b.Pix, a.Pix)
		}
	}
	usual, err := TrainingSets(plain, &s4d.System, data.Lists{})
	require.NoError(t, err)
	require.Len(t, sets.Main.Image.Items, len(usual.Main.Image.Items))
	require.Equal(t, usual.Main.Image.Items[3].Name, sets.Main.Image.Items[3].Name)
	require.Equal(t, data.DFEW, usual.Labels[data.Video])

	// Two classes of others have no such names.
	plain.Model.VideoClasses, plain.Data.DrawnVideos = 2, 0
	others, err := TrainingSets(plain, &s4d.System, data.Lists{})
	require.NoError(t, err)
	require.Equal(t, data.Unnamed(2), others.Labels[data.Video])
	r.Model.ImageClasses, r.Data.DrawnImages = 2, 0
	sets, err = TrainingSets(r, &s4d.System, data.Lists{})
	require.NoError(t, err)
	require.Equal(t, Labels{data.Image: data.Unnamed(2), data.Video: {"onset", "offset"}}, sets.Labels)
}

// A head with other classes, of the recipe or of a list, is refused; a run that draws no videos, or has no heads, has nothing to refuse.
func TestReversedFacesNeedTheirHead(t *testing.T) {
	open := func(r recipe.Recipe, s *system.System, l data.Lists) error {
		_, err := TrainingSets(r, s, l)
		return err
	}
	r := reversed(t)
	r.Model.VideoClasses = 7
	const refusal = "data.drawn_reversed draws videos of onset and offset, and the classes of the video head of recipe s4d-tiny are "
	require.EqualError(t, open(r, &s4d.System, data.Lists{}), refusal+strings.Join(data.DFEW, ", ")+
		": set model.video_classes to 2 and give no list of videos, or set data.drawn_videos to 0")
	r.Data.DrawnVideos = 0
	require.NoError(t, open(r, &s4d.System, data.Lists{}))
	r = reversed(t)
	listed := videoList(t, "")
	require.NoError(t, os.WriteFile(listed.DynamicList, []byte("video_name,label\nvideo,awake\nvideo/,tired\n"), 0o644))
	require.ErrorContains(t, open(r, &s4d.System, listed), refusal+"awake, tired: set")
	pre := toy(t, "s4d-tiny-pretrain")
	pre.Data.DrawnReversed = true
	s, err := systems.Of(pre)
	require.NoError(t, err)
	require.NoError(t, open(pre, s, data.Lists{}))
}

// The log calls them by their name, and the model its classes by theirs; its record counts them as drawn.
func TestRunOnReversedFaces(t *testing.T) {
	o := options(t, reversed(t))
	trained(t, o)
	require.Equal(t, []Source{{"training", data.Image, DrawnFaces, 12, 7}, {"training", data.Video, DrawnReversed, 9, 2},
		{"validation", data.Image, DrawnFaces, 4, 4}, {"validation", data.Video, DrawnReversed, 4, 2}}, o.Watch.(*watched).sources)
	require.True(t, Source{Origin: DrawnReversed}.Drawn() && Source{Origin: DrawnFaces}.Drawn())
	require.False(t, Source{Origin: "drawn.csv"}.Drawn())
	d := described(t, o, modelfile.Name)
	require.Equal(t, drawn.Courses, d.Labels[data.Video])
	require.Equal(t, modelfile.Origins{Drawn: 9}, d.Trained[data.Video])
}
