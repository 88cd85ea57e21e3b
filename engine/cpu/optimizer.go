package cpu

import (
	"math"

	"mien/asm"
	"mien/asm/vector"
	"mien/engine"
)

func (c *Backend) StepFigures(a engine.FiguresArgs) {
	defer c.timed("StepFigures", 0, a.Grads...)()
	sameDType("StepFigures", a.Figures, a.Grads...)
	pick(a.Figures, stepFigures[float32], stepFigures[float64])(a)
}

// stepFigures sums the squares of each span, and the spans in order.
func stepFigures[F asm.Float](a engine.FiguresArgs) {
	list := spans(a.Grads)
	squares := make([]float64, len(list))
	parallelSpans(list, func(i int, s span) {
		squares[i] = sumBlocks(host[F](a.Grads[s.tensor])[s.from:s.to], func(x []F) F { return kernels[F]().Dot(x, x) })
	})
	total := 0.0
	for _, q := range squares {
		total += q
	}
	norm, loss, scale := math.Sqrt(total), float64(host[F](a.Loss)[0]), 1.0
	if a.MaxNorm > 0 {
		scale = min(1, a.MaxNorm/(norm+1e-6))
	}
	f := host[F](a.Figures)
	ok := F(0)
	if finite(norm) && finite(loss) && (a.Previous == nil || host[F](a.Previous)[engine.FigureOK] == 1) {
		ok = 1
	}
	f[engine.FigureLoss], f[engine.FigureNorm], f[engine.FigureScale], f[engine.FigureOK] = F(loss), F(norm), F(scale), ok
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (c *Backend) AdamW(a engine.AdamWArgs) {
	defer c.timedLists("AdamW", 0, a.Params, a.Grads, a.M, a.V)()
	if len(a.Params) == 0 {
		return
	}
	for _, list := range [][]*engine.Tensor{a.Params, a.Grads, a.M, a.V} {
		sameDType("AdamW", a.Figures, list...)
	}
	pick(a.Figures, adamW[float32], adamW[float64])(a)
}

func adamW[F asm.Float](a engine.AdamWArgs) {
	figures := host[F](a.Figures)
	if figures[engine.FigureOK] != 1 {
		return
	}
	h := vector.AdamW{Beta1: a.Beta1, Beta2: a.Beta2, Eps: a.Eps, GradScale: float64(figures[engine.FigureScale])}
	counts := host[int32](a.Steps)
	steps := make([]vector.AdamW, len(a.Params))
	for i := range steps {
		count := &counts[a.Index[i]]
		*count++
		h.LR, h.Decay = a.LR[i], a.Decay[i]
		h.Correct1 = 1 - math.Pow(a.Beta1, float64(*count))
		h.Correct2 = 1 - math.Pow(a.Beta2, float64(*count))
		steps[i] = h
	}
	parallelSpans(spans(a.Params), func(_ int, s span) {
		p, g, m, v := host[F](a.Params[s.tensor]), host[F](a.Grads[s.tensor]), host[F](a.M[s.tensor]), host[F](a.V[s.tensor])
		kernels[F]().AdamW(p[s.from:s.to], g[s.from:s.to], m[s.from:s.to], v[s.from:s.to], steps[s.tensor])
	})
}

// span is a run of elements of one tensor out of a list.
type span struct{ tensor, from, to int }

// spanSize is the length of all spans but a tensor's last. Like lanes it is fixed, so that the cuts do not depend on
// the number of threads.
const spanSize = 1 << 16

func spans(tensors []*engine.Tensor) (list []span) {
	for i, t := range tensors {
		for from := 0; from < t.Len(); from += spanSize {
			list = append(list, span{i, from, min(from+spanSize, t.Len())})
		}
	}
	return list
}

// parallelSpans calls fn for all spans in one parallel region: with one for each tensor, small tensors would run on one
// thread.
func parallelSpans(list []span, fn func(i int, s span)) {
	total := 0
	for _, s := range list {
		total += s.to - s.from
	}
	parallelRows(len(list), 1+len(list)*elementGrain/max(total, 1), func(i int) {
		fn(i, list[i])
	})
}
