package autograd

import "mien/engine"

// CrossEntropy returns −Σ target·log softmax(logits)/batch as a scalar, for logits and soft targets [batch, classes];
// label smoothing and mixup are part of the targets (SmoothTargets).
//
// dlogits = (softmax(logits)·Σ target − target)/batch
func CrossEntropy(logits, target *Value) *Value {
	engine.CheckShape("CrossEntropy target", target.data, logits.Shape()...)
	return Scale(Sum(Mul(LogSoftmax(logits), target)), -1/float64(logits.Dim(0)))
}

// SmoothTargets returns soft targets [len(labels)·classes] with label smoothing (Szegedy et al. 2016): every class gets
// smoothing/classes and the true class 1 − smoothing on top.
func SmoothTargets(labels []int, classes int, smoothing float64) []float32 {
	t := make([]float32, len(labels)*classes)
	for i := range t {
		t[i] = float32(smoothing / float64(classes))
	}
	for i, label := range labels {
		t[i*classes+label] = float32(1 - smoothing + smoothing/float64(classes))
	}
	return t
}
