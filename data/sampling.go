package data

import "math/rand/v2"

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

// PretrainIndices draws the frames of a pre-training window from a video of n ≥ 1 frames, exactly stride apart: a window of
// frames·stride at a random place. In a shorter video, the last frame at that spacing is repeated. As in the released code, which counts
// frames from 1 there, no step leads to the last frame of the video: of 5 frames, and 4 apart, the first alone is seen.
func PretrainIndices(n, frames, stride int, rng *rand.Rand) []int {
	return windowFrom(rng.IntN(max(n-frames*stride, 0)+1), n, stride).Indices(frames)
}

// windowFrom is the part of a video of n frames that begins with frame first and ends before the last.
func windowFrom(first, n, stride int) Window {
	return Window{first, first + max(n-2-first, 0)/stride*stride, stride}
}

// windowTo is the training window that ends before frame end.
func windowTo(end, frames, stride int) []int {
	return truncated(linspace(float64(end-frames*stride), float64(end), frames), end-1)
}

// Window is a part of a video as a model sees it: every Stride-th frame from First to Last.
type Window struct {
	First  int `json:"first"`
	Last   int `json:"last"`
	Stride int `json:"stride"`
}

// Windows returns count ≥ 1 test windows of a video of n ≥ 1 frames: of every stride-th frame runs of `frames`, evenly spread from
// the first to the last; a single one is in the middle. On a video of no more than one window all are equal.
func Windows(n, frames, stride, count int) []Window {
	sampled := sampledOf(n, stride)
	starts := Starts(n, frames, stride)
	windows := make([]Window, count)
	for i := range windows {
		start := (starts - 1) / 2
		if count > 1 {
			start = i * (starts - 1) / (count - 1)
		}
		windows[i] = Window{start * stride, min(start+frames-1, sampled-1) * stride, stride}
	}
	return windows
}

// Starts is the number of different windows of a video: one for each sampled frame at which a window can start.
func Starts(n, frames, stride int) int { return max(sampledOf(n, stride)-frames, 0) + 1 }

// Covering is the least number of windows that hold every stride-th frame of a video.
func Covering(n, frames, stride int) int { return (sampledOf(n, stride) + frames - 1) / frames }

// sampledOf is the number of frames that remain of n if every stride-th is kept, the first included.
func sampledOf(n, stride int) int { return (n + stride - 1) / stride }

// Indices returns the window's frames; to be as many as asked for, the last is repeated.
func (w Window) Indices(frames int) []int {
	indices := make([]int, frames)
	for i := range indices {
		indices[i] = min(w.First+i*w.Stride, w.Last)
	}
	return indices
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
