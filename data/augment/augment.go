// Package augment draws random views of images and videos, step by step. Steps do what those of the released code of S4D do, which
// takes them from Pillow, PyTorch, torchvision and timm: with the same choices, steps on bytes give the same bytes.
package augment

import (
	"math"
	"math/rand/v2"

	"mien/data"
)

// Step is one step of an augmentation.
type Step interface {
	// Draw makes the random choices of the step for a view of t frames of h×w pixels. They hold for all its frames.
	Draw(t, h, w int, rng *rand.Rand) Change
}

// Change is a step whose choices are made.
type Change interface {
	// Apply returns v changed. It may write to the pixels of v, and return them.
	Apply(v data.View) data.View
}

// Steps are carried out in order.
type Steps []Step

// View draws a view of f, whose pixels it may change.
func (s Steps) View(f *data.Frames, rng *rand.Rand) data.View {
	return s.Follow(f, rng, func(Change, int, int) {})
}

// Follow is View, and tells of each change to frames of h×w pixels before it is made.
func (s Steps) Follow(f *data.Frames, rng *rand.Rand, tell func(c Change, h, w int)) data.View {
	v := f.View()
	for _, step := range s {
		c := step.Draw(v.T, v.H, v.W, rng)
		tell(c, v.H, v.W)
		v = c.Apply(v)
	}
	return v
}

// nothing is a step that happens to change nothing.
type nothing struct{}

func (nothing) Apply(v data.View) data.View { return v }

// Range is a least and a largest value.
type Range [2]float64

// uniform draws a value of the range.
func (r Range) uniform(rng *rand.Rand) float64 { return r[0] + float64((r[1]-r[0])*rng.Float64()) }

// logUniform draws a value of the range, uniform in its logarithm.
func (r Range) logUniform(rng *rand.Rand) float64 { return r[0] * math.Pow(r[1]/r[0], rng.Float64()) }

// floats returns v with its pixels as floats.
func floats(v data.View) data.View {
	return data.View{T: v.T, H: v.H, W: v.W, Floats: v.Planar()}
}
