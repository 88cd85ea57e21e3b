package run

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/augment"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// Runs that learn landmarks.

// finding is a toy run on drawn images and videos, measured on a few faces of each.
func finding(t *testing.T) Options {
	r := toy(t, "landmarks-tiny")
	r.Data.DrawnTest = 3
	return options(t, r)
}

// Landmarks of a view are those of the frame, moved with its pixels: where a point was painted, it still is.
func TestLandmarksFollowTheView(t *testing.T) {
	const size = 64
	flip := augment.Flip(0.5)
	whole := recipe.ViewSettings{Steps: []string{"resize", "crop", "flip"}, Flip: &flip, Resize: &augment.Resize{Size: 80, Interpolation: augment.Bilinear}}
	part := recipe.ViewSettings{Steps: []string{"box", "resized_crop", "flip", "jitter", "erase"}, Flip: &flip,
		Box:         &augment.Box{Top: 4, Left: 9, Height: 150, Width: 140},
		ResizedCrop: &augment.ResizedCrop{Area: augment.Range{0.5, 1}, Ratio: augment.Range{0.8, 1.25}, Interpolation: augment.Bilinear},
		Jitter:      &augment.Jitter{Brightness: 0.1},
		Erase:       &augment.Erase{Probability: 0.5, Area: augment.Range{0.01, 0.02}, Ratio: augment.Range{1, 1}, Fill: augment.Zero}}
	views := recipe.Recipe{Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: size}}, Views: recipe.Views{Image: whole, Video: part}}
	mirrored, all := map[bool]int{}, 0
	for seed := range uint64(60) {
		rng, steps := data.Stream(seed, "place"), views.Augmentation([]data.Modality{data.Image, data.Video, data.Video}[seed%3])
		frames, marks := data.NewFrames(2, 160, 170), make([]data.Landmarks, 2)
		for f := range marks {
			for _, i := range []int{36, 45} { // of a face of two dots, which take each other's place in a mirror image
				x, y := 30+rng.IntN(40), 20+rng.IntN(100)
				if i == 45 {
					x += 60
				}
				marks[f][i] = data.Point{X: (float64(x) + 0.5) / 170, Y: (float64(y) + 0.5) / 160}
				for dy := -4; dy <= 4; dy++ {
					for dx := -4; dx <= 4; dx++ {
						frames.Frame(f)[((y+dy)*170+x+dx)*3+map[int]int{36: 0, 45: 2}[i]] = 255
					}
				}
			}
		}
		before := append([]data.Landmarks(nil), marks...)
		v, points := viewWithLandmarks(steps, frames, marks, data.Stream(seed, "view"))
		require.Equal(t, before, marks)
		require.Len(t, points, 2*68*2)
		seen, planes := 0, v.Planar()
		for f := range marks {
			for _, i := range []int{36, 45} {
				x, y := float64(points[(f*68+i)*2])*size, float64(points[(f*68+i)*2+1])*size
				if x < 2 || y < 2 || x > size-2 || y > size-2 {
					continue
				}
				at := func(c int) float32 { return planes[((c*2+f)*size+int(y))*size+int(x)] }
				if at(0)+at(2) < 0.3 {
					continue // erased
				}
				seen++
				red := at(0) > at(2) // the dot that was left
				mirrored[red != (i == 36)]++
			}
		}
		require.Positive(t, seen, "view %d", seed)
		all += seen
	}
	require.Greater(t, all, 100)
	require.Greater(t, mirrored[true], 30)
	require.Greater(t, mirrored[false], 30)
}

// Only drawn faces teach landmarks; what is kept in memory has none, so that nothing is.
func TestBatchesHaveLandmarks(t *testing.T) {
	o := finding(t)
	r := prepared(t, o)
	found := map[data.Modality]int{}
	for _, b := range batchesOf(t, r.plan, 1) {
		frames := data.ByModality(b.Modality, 1, 4)
		require.Len(t, b.Points, len(b.Views)*frames*68*2)
		require.Empty(t, b.Soft)
		found[b.Modality]++
	}
	require.Equal(t, map[data.Modality]int{data.Image: 3, data.Video: 3}, found)
	r.plan.sets.Main.Image = data.Cache(r.plan.sets.Main.Image, data.NewBudget(1<<20), 18, 18)
	for _, err := range r.plan.batches(t.Context(), 0) {
		if err != nil {
			require.ErrorContains(t, err, "a sample without landmarks: only drawn faces have them")
			return
		}
	}
	t.Fatal("frames without landmarks taught some")
}

// A finished run tells how far off its landmarks are, and its model continues another run and is read by S2D as it was measured.
func TestLandmarksAreMeasured(t *testing.T) {
	o := finding(t)
	m, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Nil(t, m.Final)
	params, _, err := Outline(&mobilefacenet.System, o.Recipe)
	require.NoError(t, err)
	require.Equal(t, nn.Count(params), m.Parameters, "running statistics are of the model")
	require.Equal(t, 3, m.Landmarks[data.Image].Frames)
	require.Equal(t, 3*drawnFrames, m.Landmarks[data.Video].Frames)
	for of, e := range m.Landmarks {
		require.Greater(t, e.NME, 1.0, of)
		require.Less(t, e.NME, 100.0, of)
	}
	s, err := ReadState(o.Out)
	require.NoError(t, err)
	require.Equal(t, m, s.Metrics)
	sources := o.Watch.(*watched).sources
	require.Equal(t, Source{"test", data.Video, DrawnFaces, 3, 3}, sources[3])

	o.Resume = true
	again, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, m, again)

	more := finding(t)
	more.Init, more.Recipe.Train.LR, more.Recipe.Train.MinLR = o.Out, 1e-9, 0
	before := parameters(t, filepath.Join(o.Out, modelfile.Name))
	trained(t, more)
	after := parameters(t, filepath.Join(more.Out, modelfile.Name))
	require.InDeltaSlice(t, before["conv1.weight"], after["conv1.weight"], 1e-6, "it begins where the other ended")
	require.NotEqual(t, before["conv1.bn.running_mean"], after["conv1.bn.running_mean"])

	reader := prompted(t, data.Video)
	reader.Landmarks = o.Out
	trained(t, reader)
	folded := landmarksIn(t, reader)
	require.NotContains(t, folded, "conv1.bn.weight")
	require.NotEqual(t, before["conv1.weight"], folded["conv1.weight"])
	require.Len(t, folded["conv1.bias"], 2)
}

// A size at which test faces cannot be drawn is refused before the first step, not after the last.
func TestLandmarksOfASizeThatIsNotDrawn(t *testing.T) {
	o := finding(t)
	o.Recipe.Model.ImageSize, o.Recipe.Model.PatchSize = 15, 5
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, "model.image_size is 15: it must lie between 16 and 1024, as faces of data.drawn_test are drawn at this size")
	require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
	o.Recipe.Data.DrawnTest = 0
	prepared(t, o)
}

// Without faces to measure on, there is no measure.
func TestLandmarksWithoutATest(t *testing.T) {
	o := finding(t)
	o.Recipe.Data.DrawnTest = 0
	m, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Nil(t, m.Landmarks)
}

// A run that is interrupted goes on with the same bits, those of running statistics among them.
func TestLandmarkRunsAreResumed(t *testing.T) {
	whole := finding(t)
	whole.Recipe.Train.Epochs = 3
	want := trained(t, whole)
	for _, at := range []int{7, 13} {
		o := finding(t)
		o.Recipe.Train.Epochs = 3
		interrupt(t, o, at)
		require.Contains(t, parameters(t, filepath.Join(o.Out, checkpointFile((at-1)/6))), "param.conv_4.model.5.conv_dw.bn.running_var")
		o.Resume = true
		require.Equal(t, want, trained(t, o), "interrupted at step %d", at)
	}
	o := finding(t)
	o.Recipe.Train.Epochs, o.Recompute = 3, true
	require.Equal(t, want, trained(t, o), "recomputed")
}

// After seconds of training, landmarks are found with less error than that of a guess that is the same for all faces. How much less depends
// on the seed and on roundings: 58 to 85 % of it for six seeds.
func TestLandmarksAreLearned(t *testing.T) {
	r := toy(t, "landmarks-tiny")
	r.Model.ImageSize, r.Model.PatchSize, r.Model.LandmarkWidth = 24, 6, 4
	r.Views.Image.Decode, r.Views.Image.ResizedCrop.Area = 28, augment.Range{0.8, 1}
	r.Data.DrawnImages, r.Data.DrawnVideos, r.Data.DrawnTest, r.Data.DrawnFraming = 1024, 0, 32, 1
	r.Train.ImageBatch, r.Train.Epochs, r.Train.LR, r.Train.Clip = 32, 4, 1e-2, 5
	m, err := Train(t.Context(), options(t, r))
	require.NoError(t, err)
	sets, err := DrawnTest(modelfile.Description{Recipe: r})
	require.NoError(t, err)
	var faces []data.Landmarks
	var mean data.Landmarks
	for _, item := range sets.Image.Items {
		sample, err := item.Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		marks, err := LandmarksOf(sample, []int{0})
		require.NoError(t, err)
		for i, q := range marks[0] {
			mean[i].X, mean[i].Y = mean[i].X+q.X/32, mean[i].Y+q.Y/32
		}
		faces = append(faces, marks[0])
	}
	guess := 0.0
	for _, face := range faces {
		guess += NME(mean, face) / 32
	}
	require.Greater(t, guess, 14.0)
	require.Less(t, m.Landmarks[data.Image].NME, 0.9*guess)
}

// A window of a video is drawn as for fine-tuning, and its landmarks are those of its frames.
func TestWindowsOfLandmarks(t *testing.T) {
	r := prepared(t, finding(t))
	item := r.plan.sets.Main.Video.Items[2]
	frames, marks, err := r.plan.frames(t.Context(), &system.Batch{Epoch: 1, Step: 4, Seed: 6, Modality: data.Video}, 3, item)
	require.NoError(t, err)
	sample, err := item.Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	draw := func(window func(n, frames, stride int, rng *rand.Rand) []int) []int {
		return window(sample.Len(), 4, 3, data.Stream(6, "window", 1, 4, 3))
	}
	indices := draw(data.TrainIndices)
	require.NotEqual(t, draw(data.PretrainIndices), indices)
	want, err := sample.Read(t.Context(), indices)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want.Pix, frames.Pix))
	require.Equal(t, must(LandmarksOf(sample, indices)), marks)
}
