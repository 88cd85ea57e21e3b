package mae

import (
	"math"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
)

// What the decoder learns to predict, and how a prediction becomes pixels again. Go on with mask.go.

// targetEps is added to the variance of a patch before the division.
const targetEps = 1e-6

// normed returns how many parts of a patch are normalised on their own, each colour channel or all of it, and how many values a part
// has.
func (c Config) normed() (parts, n int) {
	if c.JointTarget {
		return 1, c.Encoder.PatchDim()
	}
	return 3, c.Encoder.PatchDim() / 3
}

// Layer norm divides by √(biased variance + eps). The unbiased variance, which the targets take, is n/(n−1) times the biased one, so
// a constant scale of 1/√unbias and a smaller eps make up the difference.
func unbias(n int) float64 { return float64(n) / float64(n-1) }

// newTargetNorm makes the scale and shift of the layer norm in target.
func newTargetNorm(s *nn.Scope, c Config) [2]*ag.Value {
	_, n := c.normed()
	filled := func(v float32) *ag.Value {
		return s.Constant(func() []float32 { return slices.Repeat([]float32{v}, n) }, n)
	}
	return [2]*ag.Value{filled(float32(1 / math.Sqrt(unbias(n)))), filled(0)}
}

// target returns what the decoder is to predict for the hidden patches [B·M, P]: their pixels in [0, 1], normalised per patch and
// colour channel, or per patch, with the unbiased variance, in the order time, row, column, channel.
func (m *Model) target(pixels *ag.Value, hidden ag.Rows) *ag.Value {
	e := m.Encoder.Config
	parts, n := m.normed()
	x := ag.Patchify(pixels, m.MaskToken.Data().DType(), engine.PatchifyArgs{
		Tubelet: e.Tubelet, Patch: e.PatchSize, Std: [3]float32{1, 1, 1}, Rows: hidden.From}) // [B·M, P]
	rows := x.Dim(0)
	x = ag.Reshape(x, rows, parts, n)                              // channel by channel, or all together
	x = ag.LayerNorm(x, m.unit[0], m.unit[1], targetEps/unbias(n)) // [B·M, parts, n]
	x = ag.Reshape(x, rows, 3, e.PatchDim()/3)
	return ag.Reshape(ag.Permute(x, 0, 2, 1), rows, e.PatchDim()) // [B·M, P]
}

// Paint returns the pixels [3, T, H, W] of a sample, in [0, 1], twice: with its hidden patches in grey, and as predicted, from pred
// [M, P]. The decoder predicts normalised patches; mean and standard deviation are those of the true patch.
func (m *Model) Paint(pixels, pred []float32, mask *Mask, frames int) (masked, output []float32) {
	masked, output = slices.Clone(pixels), slices.Clone(pixels)
	parts, n := m.normed()
	at, values := make([]int, parts*n), parts*n/3 // offsets of a patch's values, of which each channel has so many
	for i, token := range mask.hidden[:mask.Hidden] {
		m.locate(at, int(token), frames)
		for part := range parts {
			mean, deviation := moments(pixels, at[part*n:(part+1)*n])
			for k := part * n; k < (part+1)*n; k++ {
				ch, j := k/values, k%values
				v := float64(pred[i*len(at)+j*3+ch])*deviation + mean
				masked[at[k]], output[at[k]] = data.Mean[ch], float32(v)
			}
		}
	}
	return masked, output
}

// locate fills at with the offsets in [3, T, H, W] of a patch, channel by channel, each in the order of the target. An image's single
// frame stands for every frame of its tubelet.
func (m *Model) locate(at []int, token, frames int) {
	c := m.Encoder.Config
	g, p, side, values := c.ImageSize/c.PatchSize, c.PatchSize, c.ImageSize, len(at)/3
	for k := range at {
		ch, i := k/values, k%values
		t, row, col := token/(g*g)*c.Tubelet+i/(p*p), token/g%g*p+i/p%p, token%g*p+i%p
		at[k] = ((ch*frames+min(t, frames-1))*side+row)*side + col
	}
}

// moments returns the mean and standard deviation of the values at the given offsets, as in target.
func moments(pixels []float32, at []int) (mean, deviation float64) {
	n := float64(len(at))
	for _, p := range at {
		mean += float64(pixels[p]) / n
	}
	squares := 0.0
	for _, p := range at {
		squares += (float64(pixels[p]) - mean) * (float64(pixels[p]) - mean)
	}
	return mean, math.Sqrt(squares/(n-1) + targetEps)
}
