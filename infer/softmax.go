package infer

import (
	"math"
	"slices"
)

// addSoftmax adds weight·softmax(logits) to dst.
func addSoftmax(dst, logits []float64, weight float64) {
	top, sum := slices.Max(logits), 0.0
	for _, l := range logits {
		sum += math.Exp(l - top)
	}
	for i, l := range logits {
		dst[i] += weight * math.Exp(l-top) / sum
	}
}

func argmax(p []float64) int {
	best := 0
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	return best
}
