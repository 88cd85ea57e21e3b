package mobilefacenet

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/nn"
	"mien/recipe"
)

// toy is a recipe of a small network, with equal numbers nowhere.
func toy() (r recipe.Recipe) {
	r.Model.ImageSize, r.Model.PatchSize, r.Model.Frames, r.Model.LandmarkWidth = 30, 6, 4, 3
	r.Train.WeightDecay = 0.5
	return r
}

// A recipe's frames have a patch for each position of a feature, as those of the model that will read them.
func TestSizes(t *testing.T) {
	r := toy()
	require.NoError(t, System.Check(r))
	require.Equal(t, 40, SideOf(r.Model.Encoder))
	var m *model
	params, err := nn.Outline(1<<10, func(s *nn.Scope) { m = System.Build(s, r).(*model) })
	require.NoError(t, err)
	require.Equal(t, []int{3, 1, 3, 3, 3}, params[0].Shape())
	require.Equal(t, []int{40, 30}, m.images.weights.Shape())
	require.Equal(t, m.net.MACs(), m.MACs(data.Image))
	require.Equal(t, 4*m.net.MACs(), m.MACs(data.Video))
	for _, p := range params {
		scale, decay := System.Group(r, p.Name, p.Shape())
		require.Equal(t, 1.0, scale)
		require.Equal(t, len(p.Shape()) > 1, decay == 0.5, p.Name)
	}
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(r *recipe.Recipe){
		"model.landmark_width is 0: it must lie between 1 and 1024":    func(r *recipe.Recipe) { r.Model.LandmarkWidth = 0 },
		"model.landmark_width is 1025: it must lie between 1 and 1024": func(r *recipe.Recipe) { r.Model.LandmarkWidth = 1025 },
		"model.image_size is 4097: it must lie between 1 and 4096":     func(r *recipe.Recipe) { r.Model.ImageSize = 4097 },
		"model.patch_size is 31: it must lie between 1 and 30":         func(r *recipe.Recipe) { r.Model.PatchSize = 31 },
		"model.frames is 0: it must lie between 1 and 1024":            func(r *recipe.Recipe) { r.Model.Frames = 0 },
		"image size 30 is not a multiple of the patch size 7":          func(r *recipe.Recipe) { r.Model.PatchSize = 7 },
		"model.image_size is 514 and patch_size 1, for images of 4112 pixels, 8 for each patch: at most 4096 are possible": func(r *recipe.Recipe) {
			r.Model.ImageSize, r.Model.PatchSize = 514, 1
		},
		"views.image.steps has rand_augment, after which landmarks are not known: leave it out": func(r *recipe.Recipe) {
			r.Views.Image.Steps = []string{"rand_augment"}
		},
		"views.video.steps has rand_augment, after which landmarks are not known: leave it out": func(r *recipe.Recipe) {
			r.Views.Video.Steps = []string{"flip", "rand_augment"}
		},
	} {
		r := toy()
		change(&r)
		require.EqualError(t, System.Check(r), want)
	}
}

// A step of views is refused unless it is said here that runs carry landmarks along with it, or that it moves none.
func TestStepsThatLandmarksFollow(t *testing.T) {
	follow := map[string]bool{"box": true, "resize": true, "crop": true, "resized_crop": true, "flip": true, "rand_augment": false,
		"jitter": true, "erase": true}
	settings := reflect.TypeFor[recipe.ViewSettings]()
	known := []string{"crop"} // it has no settings
	for i := range settings.NumField() {
		if f := settings.Field(i); f.Type.Kind() == reflect.Pointer {
			name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
			known = append(known, name)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(follow)), known)
	for name, ok := range follow {
		r := toy()
		r.Views.Video.Steps = []string{name}
		require.Equal(t, ok, System.Check(r) == nil, name)
	}
}

// tensors are names and shapes of a file.
type tensors map[string][]int

func (f tensors) Names() []string                     { return slices.Collect(maps.Keys(f)) }
func (f tensors) Shape(name string) ([]int, bool)     { shape, ok := f[name]; return shape, ok }
func (f tensors) Read(name string, _ []float32) error { return nil }
func (f tensors) Metadata() map[string]string         { return nil }

// A run begins with a network that has batch norms, not with one in which they are folded, nor with published weights.
func TestStart(t *testing.T) {
	learner := tensors{"conv1.weight": {3, 1, 3, 3, 3}, "conv1.bn.weight": {3}}
	load, err := System.Start(learner, toy(), nil)
	require.NoError(t, err)
	require.Equal(t, nn.Weights(learner), load.File)
	for name, file := range map[string]tensors{
		"of OpenVINO":  {"Convolution.0": {64, 3, 3, 3}},
		"a checkpoint": {"conv1.conv.weight": {64, 3, 3, 3}, "conv1.bn.weight": {64}},
		"folded":       {"conv1.weight": {3, 1, 3, 3, 3}, "conv1.bias": {3}},
		"in a model":   {"landmarks.conv1.weight": {3, 1, 3, 3, 3}, "cls_token": {1, 1, 8}},
	} {
		_, err := System.Start(file, toy(), nil)
		require.EqualError(t, err, "no landmark network with batch norms as a run has them: name a run of `mien landmarks train`, or its model "+
			"(in published weights they are folded or have other names, and in models that read the network they are folded)", name)
	}
}
