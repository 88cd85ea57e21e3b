package engine

import (
	"math"

	"mien/asm"
	"mien/asm/vector"
)

func (c *CPU) AdamW(a AdamWArgs) {
	if len(a.Params) > 0 {
		pick(a.Params[0], adamW[float32], adamW[float64])(a)
	}
}

func adamW[F asm.Float](a AdamWArgs) {
	h := vector.AdamW{Beta1: a.Beta1, Beta2: a.Beta2, Eps: a.Eps, GradScale: 1}
	if a.GradScale != nil {
		h.GradScale = float64(host[F](a.GradScale)[0])
	}
	steps := make([]vector.AdamW, len(a.Params))
	for i := range steps {
		h.LR, h.Decay = a.LR[i], a.Decay[i]
		h.Correct1 = 1 - math.Pow(a.Beta1, float64(a.Step[i]))
		h.Correct2 = 1 - math.Pow(a.Beta2, float64(a.Step[i]))
		steps[i] = h
	}
	parallelSpans(spans(a.Params), func(_ int, s span) {
		p, g, m, v := host[F](a.Params[s.tensor]), host[F](a.Grads[s.tensor]), host[F](a.M[s.tensor]), host[F](a.V[s.tensor])
		kernels[F]().AdamW(p[s.from:s.to], g[s.from:s.to], m[s.from:s.to], v[s.from:s.to], steps[s.tensor])
	})
}

func (c *CPU) ClipScale(scale, norm *Tensor, grads []*Tensor, maxNorm float64) {
	pick(scale, clipScale[float32], clipScale[float64])(scale, norm, grads, maxNorm)
}

// clipScale sums the squares of each span, and the spans in order.
func clipScale[F asm.Float](scale, norm *Tensor, grads []*Tensor, maxNorm float64) {
	list := spans(grads)
	squares := make([]float64, len(list))
	parallelSpans(list, func(i int, s span) { squares[i] = sumOfSquares(host[F](grads[s.tensor])[s.from:s.to]) })
	total := 0.0
	for _, q := range squares {
		total += q
	}
	host[F](norm)[0] = F(math.Sqrt(total))
	host[F](scale)[0] = F(min(1, maxNorm/(math.Sqrt(total)+1e-6)))
}

// sumOfSquares sums blocks with the kernel and the blocks in float64.
func sumOfSquares[F asm.Float](x []F) (total float64) {
	const size = 4096
	for len(x) > 0 {
		n := min(size, len(x))
		total += float64(kernels[F]().Dot(x[:n], x[:n]))
		x = x[n:]
	}
	return total
}

// span is a run of elements of one tensor out of a list.
type span struct{ tensor, from, to int }

// spanSize is the length of all spans but a tensor's last. Like lanes it is fixed, so that the cuts are the same whatever
// the number of threads.
const spanSize = 1 << 16

func spans(tensors []*Tensor) (list []span) {
	for i, t := range tensors {
		for from := 0; from < t.Len(); from += spanSize {
			list = append(list, span{i, from, min(from+spanSize, t.Len())})
		}
	}
	return list
}

// parallelSpans calls fn for all spans with one start of the threads, where a start for each tensor would leave small ones
// to one thread.
func parallelSpans(list []span, fn func(i int, s span)) {
	total := 0
	for _, s := range list {
		total += s.to - s.from
	}
	parallel(len(list), 1+len(list)*elementGrain/max(total, 1), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			fn(i, list[i])
		}
	})
}
