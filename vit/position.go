package vit

import (
	"math"
	"math/rand/v2"
)

// Sinusoid returns the fixed table of positions [tokens·dim] (Vaswani et al. 2017, section 3.5): column j of row p is the
// sine, for odd j the cosine, of p/10000^(2·⌊j/2⌋/dim). Rows count patches by time, row and column, so an image
// uses the first rows: the positions of a video's first two frames. Checkpoints do not store it.
func Sinusoid(tokens, dim int) []float32 {
	table := make([]float32, tokens*dim)
	for j := range dim {
		wave, wavelength := math.Sin, math.Pow(10000, float64(2*(j/2))/float64(dim))
		if j%2 == 1 {
			wave = math.Cos
		}
		for p := range tokens {
			table[p*dim+j] = float32(wave(float64(p) / wavelength))
		}
	}
	return table
}

// SinusoidOfGrid fills the table of positions [1, 1 + side², dim] of an image, dim a multiple of 4, as the released code of the masked
// autoencoder of images does (He et al. 2022): zeros for the class token, then a row for each patch. The first half of a row says in which
// column x of the grid the patch is, the second half in which row x, both as sin(x·ω_k) for k < dim/4 and then cos(x·ω_k), with
// ω_k = 10000^(−k/(dim/4)). It is an [nn.Init] that draws nothing.
func SinusoidOfGrid(values []float32, shape []int, _ *rand.Rand) {
	dim := shape[2]
	quarter, side := dim/4, int(math.Round(math.Sqrt(float64(shape[1]-1))))
	clear(values[:dim])
	for p := range side * side {
		row := values[(1+p)*dim:]
		for k := range quarter {
			omega := math.Pow(10000, -float64(k)/float64(quarter))
			for half, x := range []int{p % side, p / side} {
				sin, cos := math.Sincos(float64(x) * omega)
				row[2*half*quarter+k], row[(2*half+1)*quarter+k] = float32(sin), float32(cos)
			}
		}
	}
}
