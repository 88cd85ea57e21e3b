package mobilefacenet

import (
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
		"views.video.steps has rand_augment, which moves parts of a face away from its landmarks: leave it out": func(r *recipe.Recipe) {
			r.Views.Video.Steps = []string{"flip", "rand_augment"}
		},
	} {
		r := toy()
		change(&r)
		require.EqualError(t, System.Check(r), want)
	}
}
