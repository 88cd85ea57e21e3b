package s2d

import (
	"math/rand/v2"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
)

// Emotion-anchor self-distillation (SDL): the model's own answers to earlier samples like one at hand are a second target for it.

// Anchors are queues of features and of the answers to them, one for each class, the latest first. They are states of training: a
// checkpoint keeps them.
type Anchors struct {
	recipe.Distillation
	Features      *engine.Tensor // [C, size, D]
	Probabilities *engine.Tensor // [C, size, C]

	labels   []int          // of the samples of a step
	features *engine.Tensor // [B, D], of these
	answers  *engine.Tensor // [B, C]
}

// NewAnchors makes queues, drawn from U(0, 1) as released, with room for the samples of a batch. It returns nil in a scope for inference,
// and in one of shapes alone.
func NewAnchors(s *nn.Scope, d recipe.Distillation, seed uint64, batch, classes, dim int) *Anchors {
	drawn := func(name string, shape ...int) *engine.Tensor {
		return s.State(name, func() []float32 {
			values := make([]float32, engine.Elements(shape))
			nn.Random{Seed: seed}.Fill(values, name, shape, func(values []float32, _ []int, rng *rand.Rand) {
				for i := range values {
					values[i] = rng.Float32()
				}
			})
			return values
		}, shape...)
	}
	a := &Anchors{Distillation: d, labels: make([]int, batch),
		Features: drawn("anchors.features", classes, d.Anchors, dim), Probabilities: drawn("anchors.probabilities", classes, d.Anchors, classes)}
	if a.Features == nil {
		return nil
	}
	room := func(width int) *engine.Tensor {
		return s.Constant(func() []float32 { return make([]float32, batch*width) }, batch, width).Data()
	}
	a.features, a.answers = room(dim), room(classes)
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

// Hold remembers features [n, D] of samples, and the answers to them [n, C], until Push. They are those from place at on of a step.
func (a *Anchors) Hold(at int, labels []int, features, answers *engine.Tensor) {
	copy(a.labels[at:], labels)
	copyRows(a.features, at, features, 0, len(labels))
	copyRows(a.answers, at, answers, 0, len(labels))
}

// Push puts the first n samples that are held into the queues of their classes, in place of the oldest.
func (a *Anchors) Push(n int) {
	for i, class := range a.labels[:n] {
		push(a.Features, class, a.features, i)
		push(a.Probabilities, class, a.answers, i)
	}
}

// push puts row i of rows [B, W] first in a queue of queues [C, size, W]. All others move on by one, and the last falls out.
func push(queues *engine.Tensor, class int, rows *engine.Tensor, i int) {
	size, width := queues.Dim(1), queues.Dim(2)
	if first := class * size; size > 1 {
		kept := engine.New(queues.Backend(), queues.DType(), size-1, width)
		copyRows(kept, 0, queues, first, size-1)
		copyRows(queues, first+1, kept, 0, size-1)
		kept.Free()
	}
	copyRows(queues, class*size, rows, i, 1)
}

// copyRows copies n rows along the last axis, from row from of src on to row to of dst on.
func copyRows(dst *engine.Tensor, to int, src *engine.Tensor, from, n int) {
	width := src.Dim(-1)
	dst.Backend().Copy(engine.CopyArgs{Dst: dst, DstOffset: to * width, DstStride: width, Src: src, SrcOffset: from * width, SrcStride: width,
		Block: width, Count: n})
}

// DistillationLoss is the binary cross-entropy of logits [B, C] with soft targets, mean over all of them:
//
//	log(1 + exp(x)) − x·t
func DistillationLoss(logits, target *ag.Value) *ag.Value {
	return ag.Mean(ag.Sub(ag.Softplus(logits), ag.Mul(logits, target)))
}

// Weight is the factor of the loss in an epoch of so many, counted from 0.
func (a *Anchors) Weight(epoch, epochs int) (weight float64) {
	for i, start := range a.Starts {
		if reached(epoch, epochs, start) {
			weight = a.Weights[i]
		}
	}
	return weight
}

// Takes reports whether queues take the samples of an epoch of so many.
func (a *Anchors) Takes(epoch, epochs int) bool {
	return reached(epoch, epochs, a.TakesFrom) && epoch%max(a.UpdateEvery, 1) == 0
}

// reached reports whether a share of all epochs is over when an epoch begins, but for the rounding of the share.
func reached(epoch, epochs int, share float64) bool {
	return float64(epoch)+1e-6 >= share*float64(epochs)
}
