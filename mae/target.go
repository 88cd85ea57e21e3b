package mae

import (
	"math"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
)

// targetEps is added to the variance of a patch before it divides.
const targetEps = 1e-6

// target returns what the decoder is to predict [B, N, patch]: the pixels in [0, 1], normalised per patch and colour
// channel with the unbiased variance, in the order time, row, column, channel.
func (m *Model) target(pixels *ag.Value) *ag.Value {
	t, c := pixels.Tape(), m.Encoder
	constant := func(values []float32, shape ...int) *ag.Value {
		return t.Const(engine.FromSlice(t.Backend(), pixels.Data().DType(), values, shape...))
	}
	plain := ag.Add(ag.Mul(pixels, constant(data.Std[:], 3, 1, 1, 1)), constant(data.Mean[:], 3, 1, 1, 1))
	patches := c.Patchify(plain)
	batch, tokens, n := patches.Dim(0), patches.Dim(1), c.PatchDim()/3

	// Layer norm divides by √(biased variance + eps). The unbiased variance is n/(n−1) times the biased one, so a
	// constant scale and a smaller eps make up the difference.
	unbias := float64(n) / float64(n-1)
	scale, zero := make([]float32, n), make([]float32, n)
	for i := range scale {
		scale[i] = float32(1 / math.Sqrt(unbias))
	}
	x := ag.Reshape(patches, batch, tokens, 3, n)
	x = ag.LayerNorm(x, constant(scale, n), constant(zero, n), targetEps/unbias)
	return ag.Reshape(ag.Permute(x, 0, 1, 3, 2), batch, tokens, 3*n)
}

// Painted is a sample of the masked autoencoder as pixels [3, T, H, W], normalised like its input.
type Painted struct {
	Masked []float32 // hidden patches are grey
	Output []float32 // hidden patches are predicted
}

// Paint shows a prediction [N, patch] for the sample pixels [3, T, H, W]. The decoder predicts patches that are normalised by
// their own mean and deviation; these two numbers are taken from the true patch.
func (m *Model) Paint(pixels, pred []float32, mask *Mask, frames int) Painted {
	out := Painted{Masked: make([]float32, len(pixels)), Output: make([]float32, len(pixels))}
	copy(out.Masked, pixels)
	copy(out.Output, pixels)
	c := m.Encoder
	n := c.PatchDim() / 3
	at := make([]int, n) // where a patch's values of one channel are
	for token := range mask.Tokens {
		if mask.Hidden[token] == 0 {
			continue
		}
		for ch := range 3 {
			m.locate(at, token, ch, frames)
			mean, deviation := moments(pixels, at, ch)
			for i, p := range at {
				if p < 0 {
					continue // the copied frame of a picture
				}
				out.Masked[p] = 0
				v := float64(pred[token*c.PatchDim()+i*3+ch])*deviation + mean
				out.Output[p] = (float32(v) - data.Mean[ch]) / data.Std[ch]
			}
		}
	}
	return out
}

// locate fills in the places in [3, T, H, W] of one channel of a patch, in the order of the target; −1 is beyond the
// frames of a picture.
func (m *Model) locate(at []int, token, ch, frames int) {
	c := m.Encoder
	g, p, side := c.ImageSize/c.PatchSize, c.PatchSize, c.ImageSize
	for i := range at {
		t, row, col := token/(g*g)*c.Tubelet+i/(p*p), token/g%g*p+i/p%p, token%g*p+i%p
		at[i] = ((ch*frames+t)*side+row)*side + col
		if t >= frames {
			at[i] = -1
		}
	}
}

// moments returns mean and deviation, in [0, 1], of the values at the given places.
func moments(pixels []float32, at []int, ch int) (mean, deviation float64) {
	sum, squares, n := 0.0, 0.0, 0.0
	for _, p := range at {
		if p >= 0 {
			v := float64(pixels[p]*data.Std[ch] + data.Mean[ch])
			sum, squares, n = sum+v, squares+v*v, n+1
		}
	}
	mean = sum / n
	return mean, math.Sqrt(max(squares/n-mean*mean, 0) + targetEps)
}
