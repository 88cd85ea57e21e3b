package run

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Check says beforehand what Train would say, and writes nothing: of a new run, and of one that goes on.
func TestCheckIsWhatTrainWouldSay(t *testing.T) {
	for want, change := range map[string]func(o *Options){
		"":                              func(*Options) {},
		"an epoch has no full batch":    func(o *Options) { o.Recipe.Train.VideoBatch = 30 },
		"no parameter matches":          func(o *Options) { o.Recipe.Train.Freeze = []string{"decoder.*"} },
		"need at least":                 func(o *Options) { o.Memory = 1 << 10 },
		"train.best_set is dynamic":     func(o *Options) { o.Recipe.Train.BestSet, o.Validation.DynamicList = "dynamic", "" },
		"no such weights file":          func(o *Options) { o.Init = "none" },
		"of the 3 images of the list c": func(o *Options) { o.Validation.StaticRoot = t.TempDir(); copyFace(t, o) },
		"of the 4 images of the list c": func(o *Options) {
			o.Validation.StaticRoot = t.TempDir()
			copyFace(t, o)
			o.Train.StaticRoot, o.Validation.StaticRoot = o.Validation.StaticRoot, o.Train.StaticRoot
		},
	} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Train, o.Validation = faceList(t, 4), faceList(t, 3)
		change(&o)
		err := Check(t.Context(), o, true)
		require.NoDirExists(t, o.Out)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		_, again := Train(t.Context(), o)
		require.EqualError(t, again, err.Error())
		if o.Validation.StaticRoot != o.Train.StaticRoot {
			require.NoError(t, Check(t.Context(), o, false), "without a look at the files")
		}
	}

	o := options(t, toy(t, "s4d-tiny"))
	_, err := Train(t.Context(), o)
	require.NoError(t, err)
	o.Resume = true
	require.NoError(t, Check(t.Context(), o, true))
	other := o
	other.Recipe.Train.LR = 0.5
	require.ErrorContains(t, Check(t.Context(), other, true), "belongs to another run: train.lr is 0.01 there and 0.5 here")
	o.Memory = 1 << 10
	require.ErrorContains(t, Check(t.Context(), o, true), "need at least", "it is the same run, and does not fit")
}

// copyFace puts one of the images for validation into their folder, so that some can be read.
func copyFace(t *testing.T, o *Options) {
	text, err := os.ReadFile(o.Train.StaticRoot + "/clip/000.png")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(o.Validation.StaticRoot+"/clip", 0o755))
	require.NoError(t, os.WriteFile(o.Validation.StaticRoot+"/clip/000.png", text, 0o644))
}
