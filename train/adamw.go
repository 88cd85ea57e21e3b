package train

import (
	"math"
	"slices"

	"mien/engine"
	"mien/nn"
)

// AdamWConfig are the numbers of the optimizer that do not change during a run.
type AdamWConfig struct {
	Beta1, Beta2, Eps float64
	// Group returns the factor on the learning rate and the weight decay of a parameter.
	Group func(name string, shape []int) (lrScale, decay float64)
}

// AdamW is Adam with decoupled weight decay (Loshchilov & Hutter 2019). A parameter without a gradient, such as the head
// of the other modality, is left as it is, its moments and its step count included.
type AdamW struct {
	config  AdamWConfig
	backend engine.Backend
	params  []nn.Param
	m, v    []*engine.Tensor
	steps   []int
	scale   []float64
	decay   []float64
}

// NewAdamW returns an optimizer for params, its moments at 0.
func NewAdamW(b engine.Backend, params []nn.Param, c AdamWConfig) *AdamW {
	a := &AdamW{config: c, backend: b, params: params, steps: make([]int, len(params))}
	for _, p := range params {
		a.m = append(a.m, engine.Zeros(b, p.Data().DType(), p.Shape()...))
		a.v = append(a.v, engine.Zeros(b, p.Data().DType(), p.Shape()...))
		scale, decay := c.Group(p.Name, p.Shape())
		a.scale, a.decay = append(a.scale, scale), append(a.decay, decay)
	}
	return a
}

// Update takes one step with the gradients at hand and forgets them. norm is the common norm of the gradients; clip > 0 first
// scales them so that it is at most clip. Where norm is not finite nothing is updated.
func (a *AdamW) Update(lr, clip float64) (norm float64, err error) {
	args := engine.AdamWArgs{Beta1: a.config.Beta1, Beta2: a.config.Beta2, Eps: a.config.Eps}
	steps := slices.Clone(a.steps)
	for i, p := range a.params {
		if p.Grad() == nil {
			continue
		}
		steps[i]++
		args.Params = append(args.Params, p.Data())
		args.Grads = append(args.Grads, p.Grad())
		args.M, args.V = append(args.M, a.m[i]), append(args.V, a.v[i])
		args.LR, args.Decay = append(args.LR, lr*a.scale[i]), append(args.Decay, a.decay[i])
		args.Step = append(args.Step, steps[i])
	}
	if len(args.Grads) == 0 {
		return 0, nil
	}
	if clip <= 0 {
		clip = math.Inf(1)
	}
	dtype := args.Grads[0].DType()
	scale, total := engine.New(a.backend, dtype), engine.New(a.backend, dtype)
	defer scale.Free()
	defer total.Free()
	a.backend.ClipScale(scale, total, args.Grads, clip)
	values, err := engine.Read[float64](total)
	if err != nil {
		return math.NaN(), err
	}
	if norm = values[0]; finite(norm) {
		args.GradScale = scale
		a.backend.AdamW(args)
		a.steps = steps
	}
	for _, p := range a.params {
		p.ZeroGrad()
	}
	return norm, a.backend.Sync()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
