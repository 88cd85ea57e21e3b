package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/modelfile"
	"mien/weights"
)

// Runs of S2D: the landmark network that they begin with, and the queues that they keep.

// landmarksIn reads the landmark network of a run's model.
func landmarksIn(t *testing.T, o Options) map[string][]float32 {
	t.Helper()
	extractor := map[string][]float32{}
	for name, v := range parameters(t, filepath.Join(o.Out, modelfile.Name)) {
		if match, _ := filepath.Match("landmarks.*", name); match {
			extractor[name[len("landmarks."):]] = v
		}
	}
	require.NotEmpty(t, extractor)
	return extractor
}

// The model's file holds the landmark network as its file had it, and is enough to go on from: image model, then video model.
func TestLandmarksAreOfTheModel(t *testing.T) {
	images := prompted(t, data.Image)
	trained(t, images)
	want := parameters(t, images.Landmarks)
	require.Equal(t, want, landmarksIn(t, images))

	videos := prompted(t, data.Video)
	videos.Init, videos.Landmarks = images.Out, ""
	require.NoError(t, os.Remove(images.Landmarks))
	trained(t, videos)
	require.Equal(t, want, landmarksIn(t, videos))
	notes := videos.Watch.(*watched).notes
	require.Contains(t, notes[1], "prompt_blocks.*.TMA.T_Adapter.D_fc1.weight ×2")
	require.NotContains(t, notes[1], "landmarks")
	require.NotContains(t, notes[1], "conv0_0", "which the image model has")

	// Another network replaces that of --init; it may be that of a model, too.
	another := prompted(t, data.Image)
	for _, v := range want {
		for i := range v {
			v[i] += 0.125
		}
	}
	another.Landmarks = rewritten(t, landmarks(t, 2), want)
	trained(t, another)
	videos = prompted(t, data.Video)
	videos.Init, videos.Landmarks = images.Out, another.Out
	trained(t, videos)
	require.Equal(t, want, landmarksIn(t, videos))
}

// rewritten writes a weights file with other values.
func rewritten(t *testing.T, path string, values map[string][]float32) string {
	t.Helper()
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		tensors = append(tensors, weights.Tensor{Name: name, Shape: shape, Fill: func(dst []float32) error {
			copy(dst, values[name])
			return nil
		}})
	}
	to := filepath.Join(t.TempDir(), "other.safetensors")
	require.NoError(t, weights.WriteSafetensors(to, tensors, nil))
	return to
}

// Without weights of the landmark network, or with others, a run says what to do, and writes nothing.
func TestLandmarksAreNeeded(t *testing.T) {
	feadapter := adapted(t, data.Image)
	trained(t, feadapter)
	const needed = "system s2d reads the features of a landmark network: give its weights as --landmarks, a run of `mien landmarks train`, " +
		"or MobileFaceNet's .pth.tar or OpenVINO .xml; or begin with a model that has them, as --init"
	small := landmarks(t, 3)
	for _, c := range []struct {
		want   string
		change func(o *Options)
	}{
		{needed, func(o *Options) { o.Landmarks = "" }},
		{needed, func(o *Options) { o.Landmarks, o.Init = "", feadapter.Out }},
		{"none: no such weights file", func(o *Options) { o.Landmarks = "none" }},
		{"--landmarks " + feadapter.Out + ": a model without a landmark network: name one that has it", func(o *Options) { o.Landmarks = feadapter.Out }},
		{"--landmarks " + small + ": a landmark network 3 wide, and the model reads one of 2: name another, or set model.prompter.landmark_width to 3", func(o *Options) { o.Landmarks = small }},
		{": models of recipe s2d-tiny read no landmarks: leave it out", func(o *Options) { o.Recipe.Model.Prompter = nil }},
		{": models of recipe s4d-tiny read no landmarks: leave it out", func(o *Options) { o.Recipe = toy(t, "s4d-tiny") }},
	} {
		o := prompted(t, data.Video)
		c.change(&o)
		_, err := Train(t.Context(), o)
		require.ErrorContains(t, err, c.want)
		require.NoDirExists(t, o.Out)
	}
	o := prompted(t, data.Video)
	o.Recipe.Model.Prompter, o.Landmarks = nil, ""
	trained(t, o)
}

// A run that distils and is interrupted goes on with the same bits: its queues are in the checkpoint, and not in the model.
func TestDistillationIsResumed(t *testing.T) {
	base := func() Options {
		o := prompted(t, data.Video)
		o.Recipe.Train.Epochs = 4
		return o
	}
	whole := base()
	want := trained(t, whole)
	steps := len(whole.Watch.(*watched).steps) / 4
	for _, at := range []int{steps + 1, 3 * steps} {
		o := base()
		interrupt(t, o, at)
		kept := parameters(t, filepath.Join(o.Out, checkpointFile((at-1)/steps)))
		queue := kept["param.anchors.features"]
		require.Len(t, queue, 7*4*16)
		taken := 0
		for _, v := range queue {
			if v < 0 { // they begin with numbers from 0 to 1
				taken++
			}
		}
		require.Positive(t, taken)
		require.Contains(t, kept, "param.anchors.probabilities")
		o.Resume = true
		require.Equal(t, want, trained(t, o), "interrupted at step %d", at)
	}
	state, err := ReadState(whole.Out)
	require.NoError(t, err)
	model := parameters(t, filepath.Join(whole.Out, modelfile.Name))
	require.NotContains(t, model, "anchors.features")
	elements := 0
	for name, v := range model {
		if !strings.HasPrefix(name, "landmarks.") {
			elements += len(v)
		}
	}
	require.Equal(t, elements, state.Metrics.Parameters, "of the model itself, without queues")

	other := base()
	interrupt(t, other, steps+1)
	other.Resume, other.Landmarks = true, rewritten(t, whole.Landmarks, map[string][]float32{})
	_, err = Train(t.Context(), other)
	require.ErrorContains(t, err, "belongs to another run: --landmarks is ")
}

// Parts of a step fill the queues as the whole does, in its order.
func TestDistillationInParts(t *testing.T) {
	queues := func(parts int) []float32 {
		o := prompted(t, data.Video)
		o.Recipe.Train.Accumulate, o.Recipe.Train.VideoRepeat, o.Recipe.Model.Dropout = parts, 1, 0
		interrupt(t, o, len(prepared(t, o).plan.sets.Main.Video.Items)/o.Recipe.Train.VideoBatch+1)
		return parameters(t, filepath.Join(o.Out, checkpointFile(1)))["param.anchors.probabilities"]
	}
	whole := queues(0)
	require.InDeltaSlice(t, whole, queues(3), 1e-5)
}
