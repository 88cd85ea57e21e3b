package s2d

import (
	ag "mien/autograd"
	"mien/engine"
)

// Emotion-anchor self-distillation (SDL): the model's own answers to earlier samples like one at hand are a second target for it.

// Anchors are queues of features and of the answers to them, one for each class.
type Anchors struct {
	Features      *engine.Tensor // [C, size, D]
	Probabilities *engine.Tensor // [C, size, C]
	Nearest       int            // K, of each class that count for a sample

	next []int // place in each queue that is overwritten next
}

// NewAnchors makes queues of size anchors, drawn from U(0, 1) as released.
func NewAnchors(b engine.Backend, classes, size, dim, nearest int, fill func(t *engine.Tensor)) *Anchors {
	a := &Anchors{engine.New(b, engine.Float32, classes, size, dim), engine.New(b, engine.Float32, classes, size, classes), nearest, make([]int, classes)}
	fill(a.Features)
	fill(a.Probabilities)
	return a
}

// Targets are soft targets [B, C] of features [B, D]: the answers p of the K anchors of each class that are nearest, by the cosine s of
// their features with the sample's,
//
//	target = Σ s·p / Σ s
//
// No gradient flows into them.
func (a *Anchors) Targets(feature *ag.Value) *ag.Value {
	t, batch, dim := feature.Tape(), feature.Dim(0), feature.Dim(1)
	classes, size := a.Features.Dim(0), a.Features.Dim(1)
	n := classes * size
	s := ag.MatMul(unit(t.Const(feature.Data().Retain())), unit(t.Const(a.Features.View(n, dim))), false, true) // [B, C·size]
	nearest := engine.New(t.Backend(), engine.Int32, batch*classes, a.Nearest)
	t.Backend().TopK(nearest, t.Const(s.Data().View(batch*classes, size)).Data())
	rows := ag.Rows{From: t.Const(nearest.View(batch, classes*a.Nearest)).Data()}
	nearest.Free()
	answers := ag.Mul(ag.Reshape(s, batch, n, 1), t.Const(a.Probabilities.View(n, classes))) // [B, C·size, C]
	sum := ag.Gather(ag.Reshape(answers, batch*n, classes), rows)                            // [B, C]
	return ag.Div(sum, ag.Gather(ag.Reshape(s, batch*n, 1), rows))
}

// unit divides rows by their lengths.
func unit(x *ag.Value) *ag.Value {
	rows, width := x.Dim(0), x.Dim(1)
	return ag.Mul(x, ag.Rsqrt(ag.Reshape(ag.SumAxis(ag.Reshape(ag.Mul(x, x), rows, width, 1), 1), rows, 1)))
}

// Push puts the features [B, D] of samples and the answers to them [B, C] into the queues of their classes, in place of the oldest.
func (a *Anchors) Push(labels []int, features, answers *engine.Tensor) {
	size := a.Features.Dim(1)
	for i, class := range labels {
		at := class*size + a.next[class]
		a.next[class] = (a.next[class] + 1) % size
		copyRow(a.Features, at, features, i)
		copyRow(a.Probabilities, at, answers, i)
	}
}

// copyRow copies row from of src to row to of dst, along the last axis.
func copyRow(dst *engine.Tensor, to int, src *engine.Tensor, from int) {
	width := src.Dim(-1)
	dst.Backend().Copy(engine.CopyArgs{Dst: dst, DstOffset: to * width, DstStride: width, Src: src, SrcOffset: from * width, SrcStride: width,
		Block: width, Count: 1})
}

// DistillationLoss is the binary cross-entropy of logits [B, C] with soft targets, mean over all of them:
//
//	log(1 + exp(x)) − x·t
func DistillationLoss(logits, target *ag.Value) *ag.Value {
	return ag.Mean(ag.Sub(ag.Softplus(logits), ag.Mul(logits, target)))
}

// DistillationWeight is the published factor of the loss in an epoch, counted from 0.
func DistillationWeight(epoch int) float64 {
	switch {
	case epoch < 30:
		return 0
	case epoch < 50:
		return 0.01
	case epoch < 60:
		return 0.1
	case epoch < 80:
		return 0.5
	}
	return 1
}
