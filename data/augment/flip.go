package augment

import (
	"math/rand/v2"
	"slices"

	"mien/data"
)

// Flip is the probability of a horizontal mirror image.
type Flip float64

// Mirror is a horizontal mirror image.
type Mirror struct{}

// Draw implements Step.
func (p Flip) Draw(_, _, _ int, rng *rand.Rand) Change {
	if rng.Float64() < float64(p) {
		return Mirror{}
	}
	return nothing{}
}

// Apply implements Change.
func (Mirror) Apply(v data.View) data.View {
	if v.Bytes != nil {
		data.Mirror(v.Frames())
		return v
	}
	for row := range slices.Chunk(v.Floats, v.W) {
		slices.Reverse(row)
	}
	return v
}
