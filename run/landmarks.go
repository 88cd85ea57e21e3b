package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"mien/data"
	"mien/data/augment"
	"mien/data/drawn"
	"mien/modelfile"
	"mien/recipe"
	"mien/system"
)

// Runs that learn landmarks: points that follow the views, and how far off the finished model is.

// viewWithLandmarks draws a view of frames whose landmarks are known, and returns those of the view, x and y one after the other. Without
// landmarks it is the view alone.
func viewWithLandmarks(steps augment.Steps, frames *data.Frames, landmarks []data.Landmarks, rng *rand.Rand) (view data.View, points []float32) {
	landmarks = slices.Clone(landmarks)
	view = steps.Follow(frames, rng, func(c augment.Change, h, w int) {
		for i := range landmarks {
			landmarks[i] = follow(landmarks[i], c, h, w)
		}
	})
	for _, face := range landmarks {
		for _, q := range face {
			points = append(points, float32(q.X), float32(q.Y))
		}
	}
	return view, points
}

// follow returns landmarks after a change of frames of h×w pixels. Package mobilefacenet refuses steps that move parts of a face in other ways.
func follow(l data.Landmarks, c augment.Change, h, w int) data.Landmarks {
	switch c := c.(type) {
	case augment.Mirror:
		return l.Mirrored()
	case augment.Cut:
		return l.Cut(data.Box(c), h, w)
	case augment.Resized:
		return l.Cut(c.Box, h, w)
	}
	return l
}

// prepareLandmarks draws the faces on which the finished model is measured, of people who are in no training set.
func (r *run) prepareLandmarks(net system.Locator, d modelfile.Description) error {
	if r.Recipe.Data.DrawnTest == 0 {
		return nil
	}
	if err := recipe.Within("model.image_size", r.Recipe.Model.ImageSize, drawn.MinSize, drawn.MaxSize); err != nil {
		return fmt.Errorf("%w, as faces of data.drawn_test are drawn at this size", err)
	}
	sets, err := DrawnTest(d)
	if err != nil {
		return err
	}
	r.sources = append(r.sources, SourcesOf("test", sets)...)
	model := &Locator{Description: d, Net: net, size: d.Recipe.Model.ImageSize, backend: r.Backend}
	r.locate = func(ctx context.Context) (map[data.Modality]LandmarkError, error) {
		return model.Measure(ctx, sets)
	}
	return nil
}
