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

// argmax returns the first of the largest, 0 if there are NaNs.
func argmax(p []float64) int { return max(slices.Index(p, slices.Max(p)), 0) }
