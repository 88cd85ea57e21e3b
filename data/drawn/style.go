package drawn

import "math/rand/v2"

// Style is by how much drawn faces are nearer to those of photographs than the faces of the zero value, which are framed nearly alike,
// express everything clearly, and in videos let go of it again. Each number is from 0 to 1. Sample i of a seed is the same person in
// every style.
type Style struct {
	Framing float64 // spread of size and place, as of faces that are cut loosely
	Faint   float64 // how much fainter than others a smile may be
	Held    float64 // how much longer an expression may last: at 1, half of them do not end before the video

	Classes []string // that are shown in turn; none are all
}

// frame moves a face and changes its size.
func (y Style) frame(c *Conditions, rng *rand.Rand) {
	c.Scale += y.Framing * (0.06 + normal(rng, 0.08))
	c.X += y.Framing * normal(rng, 0.05)
	c.Y += y.Framing * (normal(rng, 0.06) - 0.02)
}

// faintest is the lowest intensity at which a class is performed: of all expressions, smiles are the ones that people show faintly.
func (y Style) faintest(class string) float64 {
	if class == "happiness" {
		return 0.6 - 0.35*y.Faint
	}
	return 0.6
}
