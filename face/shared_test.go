package face

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Pictures that are not part of this repository, and the frames a second of its clips.
const (
	shared    = "../../shared/data/"
	frameRate = 12.
)

// All sitters of the London set are found in their portraits, and nothing beside them. No portrait is taken for a crop, and nearly all pictures
// that were cut to the face are.
func TestSitters(t *testing.T) {
	files, err := filepath.Glob(shared + "london/portraits/*/*.jpg")
	require.NoError(t, err)
	if len(files) == 0 || testing.Short() {
		t.Skip("no portraits beside this repository, or -short")
	}
	d := own(t)
	for _, file := range files {
		f, err := data.OpenImage(t.Context(), file, data.OpenOptions{})
		require.NoError(t, err)
		found, err := d.Detect(f, DefaultOptions)
		require.NoError(t, err)
		require.Len(t, found[0], 1, file)
		require.False(t, Drawn.Holds(found[0][0], f.H, f.W) || BoxRotate.Holds(found[0][0], f.H, f.W), file)
	}
	if files, err = filepath.Glob(shared + "london/faces/*/*.jpg"); err != nil || len(files) == 0 {
		t.Skip("no faces beside this repository")
	}
	drawn, box := 0, 0
	for _, file := range files {
		f, err := data.OpenImage(t.Context(), file, data.OpenOptions{})
		require.NoError(t, err)
		if Drawn.Holds(best(t, f), f.H, f.W) {
			drawn++
		}
		if BoxRotate.Holds(best(t, f), f.H, f.W) {
			box++
		}
	}
	require.GreaterOrEqual(t, drawn, len(files)*95/100)
	require.GreaterOrEqual(t, box, len(files)*99/100)
}

// All people are found in every frame and keep their numbers: four sit in a classroom, two turn their heads, one does, two walk up. So they
// do where only a few frames a second are looked at.
func TestClips(t *testing.T) {
	for name, people := range map[string]int{
		"classroom": 4, "head-pose-face-detection-female-and-male": 2, "head-pose-face-detection-female": 1, "face-demographics-walking": 2,
	} {
		t.Run(name, func(t *testing.T) {
			file := shared + "clips_unlabelled/" + name + ".gif"
			if files, _ := filepath.Glob(file); len(files) == 0 || testing.Short() {
				t.Skip("no clips beside this repository, or -short")
			}
			clip, modality, err := data.Open(t.Context(), file, data.OpenOptions{})
			require.NoError(t, err)
			require.Equal(t, data.Video, modality)
			all := make([]int, clip.Len())
			for i := range all {
				all[i] = i
			}
			f, err := clip.Read(t.Context(), all)
			require.NoError(t, err)
			found, err := own(t).Detect(f, DefaultOptions)
			require.NoError(t, err)
			require.Len(t, found, clip.Len())
			for i, faces := range found {
				require.Len(t, faces, people, "frame %d", i)
			}
			for _, every := range []int{1, 5} {
				tracker, seen := NewTracker(DefaultTrackOptions), map[int]int{}
				for i := 0; i < len(found); i += every {
					for _, id := range tracker.Next(float64(i)/frameRate, found[i]) {
						seen[id]++
					}
				}
				require.Len(t, seen, people, "each %d", every)
				for id := range people {
					require.Equal(t, (len(found)+every-1)/every, seen[id+1], "each %d: face %d", every, id+1)
				}
			}
		})
	}
}
