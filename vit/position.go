package vit

import "math"

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
