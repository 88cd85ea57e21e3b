package mobilefacenet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// How runs use a Learner: package mobilefacenet as a [system.System].

// System is the landmark network, which learns from drawn faces.
var System = system.System{
	Name: "mobilefacenet", Kind: recipe.Landmarks, Keys: []string{"model.landmark_width"},
	Check: check,
	Build: func(s *nn.Scope, r recipe.Recipe) system.Model {
		m := r.Model
		return &model{NewLearner(s, m.LandmarkWidth, m.ImageSize, SideOf(m.Encoder)), m.Frames}
	},
	Start: start,
	Heads: func(recipe.Recipe) map[data.Modality]string { return nil },
	Group: group,
}

// SideOf is the size, in pixels, of the images that the network sees of frames of an image model, which has a patch for each position of
// a feature.
func SideOf(e recipe.Encoder) int { return e.ImageSize / e.PatchSize * Stride }

// Bounds of a network, far above any use.
const (
	MaxWidth  = 1 << 10 // keeps its memory small, far above the published 64
	maxSide   = 1 << 12
	maxFrames = 1 << 10
)

func check(r recipe.Recipe) error {
	m := r.Model
	if err := cmp.Or(recipe.Within("model.landmark_width", m.LandmarkWidth, 1, MaxWidth), recipe.Within("model.image_size", m.ImageSize, 1, maxSide),
		recipe.Within("model.patch_size", m.PatchSize, 1, m.ImageSize), recipe.Within("model.frames", m.Frames, 1, maxFrames)); err != nil {
		return err
	}
	switch side := SideOf(m.Encoder); {
	case m.ImageSize%m.PatchSize != 0:
		return fmt.Errorf("image size %d is not a multiple of the patch size %d", m.ImageSize, m.PatchSize)
	case side > maxSide:
		return fmt.Errorf("model.image_size is %d and patch_size %d, for images of %d pixels, 8 for each patch: at most %d are possible",
			m.ImageSize, m.PatchSize, side, maxSide)
	}
	return cmp.Or(checkSteps("views.image.steps", r.Views.Image.Steps), checkSteps("views.video.steps", r.Views.Video.Steps))
}

// followed are steps of views that a run carries landmarks along with, and those that move no part of a face.
var followed = []string{"box", "resize", "crop", "resized_crop", "flip", "jitter", "erase"}

func checkSteps(name string, listed []string) error {
	for _, step := range listed {
		if !slices.Contains(followed, step) {
			return fmt.Errorf("%s has %s, after which landmarks are not known: leave it out", name, step)
		}
	}
	return nil
}

// start begins with a Learner's parameters, batch norms among them. Other files of the network have these folded, or named otherwise.
func start(file nn.Weights, _ recipe.Recipe, _ nn.Source) (*nn.Load, error) {
	for _, name := range []string{firstOwn, "conv1." + normScope + ".weight"} {
		if _, ok := file.Shape(name); !ok {
			return nil, errors.New("no landmark network with batch norms as a run has them: name a run of `mien landmarks train`, or its model " +
				"(in published weights they are folded or have other names, and in models that read the network they are folded)")
		}
	}
	return &nn.Load{File: file}, nil
}

// group decays weights, not what batch norms, biases and PReLU add and multiply with.
func group(r recipe.Recipe, _ string, shape []int) (lrScale, decay float64) {
	if len(shape) == 1 {
		return 1, 0
	}
	return 1, r.Train.WeightDecay
}

// model is a Learner as runs use it.
type model struct {
	*Learner
	frames int // of a video
}

// Loss implements system.Model.
func (m *model) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	points := m.Train(b.Pixels(t))
	return Loss(points, t.Const(engine.FromSlice(t.Backend(), engine.Float32, b.Points, points.Shape()...)))
}

// AfterStep implements system.Follower. Of a step in parts the last one's statistics count.
func (m *model) AfterStep(*system.Batch) { m.Update() }

// MACs implements system.Model.
func (m *model) MACs(of data.Modality) int { return data.ByModality(of, 1, m.frames) * m.net.MACs() }
