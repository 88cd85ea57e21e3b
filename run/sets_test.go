package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/recipe"
)

// A label without a class is told once, also where warm-up and main part have the same sets.
func TestLabelsAreCheckedOnce(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	require.Positive(t, r.Data.DrawnPictures)
	r.Model.ImageClasses = 2
	_, err = TrainingSets(r, Lists{})
	require.ErrorContains(t, err, "head has classes 0 to 1")
	require.NotContains(t, err.Error(), "\n")
}

// A warm-up draws from the drawn faces alone, in epochs of the usual length, and is over when it should be.
func TestDrawnEpochs(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.DrawnEpochs = 1
	few := drawn.Pictures(5, 32, 36)
	warm := Sets{Static: few, Dynamic: drawn.Clips(5, 8, drawnFrames, 36)}
	all := Sets{Static: join(repeat(drawn.Pictures(6, 32, 36), 3), few), Dynamic: warm.Dynamic}
	p, err := newPlan(r, Training{Main: all, Warm: warm})
	require.NoError(t, err)
	require.Equal(t, 128/r.Train.ImageBatch, p.images)
	for epoch, largest := range []int{31, 127} {
		samples := p.draw(data.Image, p.images*r.Train.ImageBatch, epoch)
		require.Len(t, samples, 128)
		top := 0
		for _, i := range samples {
			top = max(top, i)
		}
		require.Equal(t, largest, top, "epoch %d", epoch)
	}
	require.Equal(t, all.Static.Label(33), all.Static.Label(1), "a repeated sample keeps its label")
	require.Equal(t, all.Static.Name(96), few.Name(0))
}

// clipList writes a list of one clip, a folder of 20 frames, of which those with a number from 4 to 15 are damaged.
func clipList(t *testing.T, header string) Lists {
	dir := t.TempDir()
	l := Lists{DynamicList: filepath.Join(dir, "list.csv"), DynamicRoot: dir}
	require.NoError(t, os.WriteFile(l.DynamicList, []byte(header+"\nclip,0\n"), 0o644))
	face, err := os.ReadFile(goldenDir + "face.png")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "clip"), 0o755))
	for i := range 20 {
		frame := face
		if i >= 4 && i < 16 {
			frame = []byte("damaged")
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "clip", fmt.Sprintf("%02d.png", i)), frame, 0o644))
	}
	return l
}

// The header of a list tells the order of the classes; drawn clips follow it, wherever they stand.
func TestClassOrderOfLists(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	for header, classes := range map[string][]string{"video_name,label": data.DFEW, "path,id": data.FERV39K, "video_name,labels": data.MAFW} {
		r.Model.VideoClasses = len(classes)
		for r.Train.DrawnEpochs = range 2 {
			sets, err := TrainingSets(r, clipList(t, header))
			require.NoError(t, err)
			require.Equal(t, classes, sets.Labels[data.Video])
			require.Equal(t, data.AffectNet7, sets.Labels[data.Image])
			test, err := (&Model{Recipe: r, Labels: sets.Labels}).TestSets(Lists{})
			require.NoError(t, err)
			seen := 0
			for _, s := range []Sets{sets.Main, sets.Warm, test} {
				for _, d := range s.each() {
					for i := range d.Len() {
						if _, name, drawn := strings.Cut(d.Name(i), "drawn/"); drawn {
							require.Equal(t, sets.Labels[d.Modality()][d.Label(i)], strings.ToLower(name[strings.LastIndex(name, "-")+1:]))
							seen++
						}
					}
				}
			}
			require.Equal(t, r.Data.DrawnPictures+r.Data.DrawnClips+2*r.Data.DrawnTest, seen)
		}
	}
}

// An order that is not the head's names nothing.
func TestLabelsOfAnotherNumber(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Model.VideoClasses = 8
	sets, err := TrainingSets(r, clipList(t, "path,id"))
	require.NoError(t, err)
	require.Equal(t, "class_0", sets.Labels[data.Video][0])
	require.Equal(t, sets.Main.Dynamic.Label(1), 0, "a drawn clip keeps its label")
}

// An evaluation reads the frames that it looks at, and no more.
func TestEvaluationReadsItsWindows(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Data.Stride = 1
	m := &Model{Recipe: r}
	sets, err := m.TestSets(clipList(t, "path,id"))
	require.NoError(t, err)
	clip, err := sets.Dynamic.Open(0)
	require.NoError(t, err)
	views, err := m.views(clip, data.Video)
	require.NoError(t, err)
	require.Len(t, views, 2)
	_, err = clip.Read([]int{4})
	require.Error(t, err)
}
