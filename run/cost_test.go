package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/mae"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

// modelOf is the model of a recipe, as shapes.
func modelOf(t *testing.T, r recipe.Recipe) (net system.Model) {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	_, net, err = Outline(s, r)
	require.NoError(t, err)
	return net
}

// releasedExtra is what the released code computes beyond mien on a sample: it embeds hidden patches, too, which the encoder then does
// not see, and predicts visible ones, which the loss then leaves out.
func releasedExtra(c mae.Config, visible, tokens int) float64 {
	return float64((tokens-visible)*c.Encoder.PatchDim()*c.Encoder.Dim + visible*c.DecoderDim*c.Encoder.PatchDim())
}

// Table IV of S4D: the cost of pre-training in 10¹², called TFLOPs there, is that of the multiply-adds of one forward pass on each sample
// in each of 100 epochs. The image-only row is that of MAE's mask, 75 %, the video-only row that of VideoMAE's, 90 %. docs/cost.md has
// these numbers.
func TestCostOfPretraining(t *testing.T) {
	const affectNet, voxCeleb2 = 287_568, 1_092_009
	for name, c := range map[string]struct {
		images, videos       int
		imageMask, videoMask float64
		mien, released       float64 // in 10¹²
		paper, within        float64
	}{
		"images":     {images: affectNet, imageMask: 0.75, mien: 8.498e4, released: 8.795e4, paper: 8.8e4, within: 0.002},
		"videos":     {videos: voxCeleb2, videoMask: 0.9, mien: 1.647e6, released: 1.745e6, paper: 1.8e6, within: 0.031},
		"dual-modal": {images: affectNet, videos: voxCeleb2, imageMask: 0.9, videoMask: 0.95, mien: 1.310e6, released: 1.414e6, paper: 1.4e6, within: 0.011},
	} {
		r, err := recipe.Load("s4d-pretrain")
		require.NoError(t, err)
		r.Train.ImageMask, r.Train.VideoMask = max(c.imageMask, 0.5), max(c.videoMask, 0.5)
		net := modelOf(t, r)
		cost := CostOf(r, net, map[data.Modality]int{data.Image: c.images, data.Video: c.videos})
		require.InEpsilon(t, c.mien, cost.ForwardMACs/1e12, 5e-4, name)
		require.InEpsilon(t, 3*c.mien, cost.TrainingMACs/1e12, 5e-4, name)

		released, sizes := cost.ForwardMACs, mae.FromRecipe(r)
		for m, mask := range map[data.Modality]float64{data.Image: r.Train.ImageMask, data.Video: r.Train.VideoMask} {
			tokens := sizes.Encoder.TokensOf(m)
			released += float64(cost.Views[m]) * releasedExtra(sizes, tokens-mae.HiddenPatches(tokens, mask), tokens)
		}
		require.InEpsilon(t, c.released, released/1e12, 5e-4, name)
		require.InEpsilon(t, c.paper, released/1e12, c.within, name)
	}
}

// Every epoch of a run has the steps that are counted, whatever the set is made of.
func TestCostIsThatOfThePlan(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.Epochs, r.Train.StaticShare, r.Train.DynamicShare, r.Train.VideoRepeat = 5, 0.8, 1.3, 2
	s, err := systems.Of(r)
	require.NoError(t, err)
	sets, err := TrainingSets(r, s, data.Lists{})
	require.NoError(t, err)
	p, err := newPlan(r, sets)
	require.NoError(t, err)
	net := modelOf(t, r)
	cost := CostOf(r, net, nil)
	require.Equal(t, map[data.Modality]int{data.Image: 5 * p.images, data.Video: 5 * p.videos}, cost.Steps)
	require.Equal(t, map[data.Modality]int{data.Image: 5 * 3 * 16, data.Video: 5 * 5 * 8}, cost.Views, "51 images and 20 videos an epoch")
	forward := float64(240*net.MACs(data.Image) + 200*net.MACs(data.Video))
	require.Equal(t, []float64{forward, 3 * forward}, []float64{cost.ForwardMACs, cost.TrainingMACs})
	require.Equal(t, map[data.Modality]float64{data.Image: float64(3 * 16 * net.MACs(data.Image)), data.Video: float64(3 * 8 * net.MACs(data.Video))}, cost.StepMACs)
}

// Where most is frozen, a step costs its forward pass and what the model says of its backward pass, which is less than twice that, whether
// the recipe freezes it or nothing.
func TestCostOfFrozenModels(t *testing.T) {
	for name, m := range map[string]data.Modality{"feadapter-tiny": data.Video, "s2d-tiny": data.Video, "image-tiny": data.Image} {
		r, err := recipe.Load(name)
		require.NoError(t, err)
		s, err := systems.Of(r)
		require.NoError(t, err)
		params, net, err := Outline(s, r)
		require.NoError(t, err)
		_, err = nn.Freeze(params, s.FrozenBy(r))
		require.NoError(t, err)
		cost := CostOf(r, net, nil)
		forward := float64(net.MACs(m))
		step := forward + float64(net.(system.Tuned).GradientMACs(m))
		require.Less(t, step, 3*forward, name)
		require.Equal(t, map[data.Modality]float64{m: step * float64(r.Batch(m))}, cost.StepMACs, name)
		require.InEpsilon(t, forward*float64(cost.Views[m]), cost.ForwardMACs, 1e-12, name)
		require.InEpsilon(t, step*float64(cost.Views[m]), cost.TrainingMACs, 1e-12, name)
	}
}

// Samples of lists count beside drawn faces, or after them, and as often as the recipe says.
func TestCostOfLists(t *testing.T) {
	r, err := recipe.Load("s4d-tiny") // draws 64 images and 16 videos
	require.NoError(t, err)
	net := modelOf(t, r)
	steps := func(images, videos int) []int {
		c := CostOf(r, net, map[data.Modality]int{data.Image: images, data.Video: videos})
		return []int{c.Steps[data.Image] / r.Train.Epochs, c.Steps[data.Video] / r.Train.Epochs}
	}
	require.Equal(t, []int{4, 2}, steps(0, 0))
	require.Equal(t, []int{10, 2}, steps(100, 0), "164 and 16 in batches of 16 and 8")
	r.Data.ListRepeat = 3
	require.Equal(t, []int{22, 5}, steps(100, 10))
	r.Train.DrawnEpochs = 1
	require.Equal(t, []int{18, 0}, steps(100, 0), "drawn faces come before the lists")
	require.Equal(t, []int{4, 2}, steps(0, 0))

	one, err := recipe.Load("vit-demo")
	require.NoError(t, err)
	one.Data.DrawnVideos, one.Train.DynamicShare = 100, 1
	c := CostOf(one, modelOf(t, one), nil)
	require.Equal(t, map[data.Modality]int{data.Image: 1000}, c.Steps, "no head for videos")
	require.NotContains(t, c.StepMACs, data.Video)

	one.Model.ImageClasses, one.Model.VideoClasses, one.Train.VideoBatch = 0, 7, 4
	c = CostOf(one, modelOf(t, one), nil)
	require.Equal(t, map[data.Modality]int{data.Video: 250}, c.Steps, "no head for images")
	require.NotContains(t, c.StepMACs, data.Image)
}
