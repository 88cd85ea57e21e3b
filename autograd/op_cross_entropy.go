package autograd

import "mien/engine"

// CrossEntropy returns −Σ target·log softmax(logits)/batch as a scalar, for logits and soft targets [batch, classes];
// label smoothing and mixup are part of the targets.
//
// dlogits = (softmax(logits)·Σ target − target)/batch
func CrossEntropy(logits, target *Value) *Value {
	engine.CheckShape("CrossEntropy target", target.data, logits.Shape()...)
	return Scale(Sum(Mul(LogSoftmax(logits), target)), -1/float64(logits.Dim(0)))
}
