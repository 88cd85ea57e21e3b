package data

import (
	"math/rand/v2"
	"slices"
)

// TrainIndices draws the frames of a training window from a video of n ≥ 1 frames, about stride apart: a window of
// frames·stride at a random place, its ends included, so that the spacing is a little more than stride. A video that is not
// longer than such a window is used whole, with its last frame repeated. Rounding follows the papers' code: linspace is
// truncated, and the random end is never n.
func TrainIndices(n, frames, stride int, rng *rand.Rand) []int {
	window := frames * stride
	if n > window {
		return windowTo(window+rng.IntN(n-window), frames, stride)
	}
	x := linspace(0, float64(n), n/stride)
	for len(x) < frames {
		x = append(x, float64(n))
	}
	return truncated(x, n-1)
}

// windowTo is the training window that ends before frame end.
func windowTo(end, frames, stride int) []int {
	return truncated(linspace(float64(end-frames*stride), float64(end), frames), end-1)
}

// TestWindows returns the two test windows of a video of n ≥ 1 frames: of every stride-th frame the first and the last
// `frames`, the last frame repeated if there are fewer. On short videos both are equal.
func TestWindows(n, frames, stride int) [][]int {
	var sampled []int
	for i := 0; i < n; i += stride {
		sampled = append(sampled, i)
	}
	for len(sampled) < frames {
		sampled = append(sampled, sampled[len(sampled)-1])
	}
	return [][]int{slices.Clone(sampled[:frames]), slices.Clone(sampled[len(sampled)-frames:])}
}

// linspace equals numpy's bit for bit, because the caller truncates: one step, products, and an exact end.
func linspace(start, end float64, n int) []float64 {
	x := make([]float64, n)
	step := (end - start) / float64(max(n-1, 1))
	for i := range x {
		x[i] = float64(float64(i)*step) + start // the conversion keeps compilers from fusing product and sum
	}
	if n > 1 {
		x[n-1] = end
	}
	return x
}

// truncated drops the fractions and clips to last.
func truncated(x []float64, last int) []int {
	out := make([]int, len(x))
	for i := range x {
		out[i] = min(int(x[i]), last)
	}
	return out
}
