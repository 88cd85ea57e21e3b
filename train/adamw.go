package train

import (
	"slices"

	"mien/engine"
	"mien/nn"
)

// Hyperparameters of AdamW that are the same in all runs.
const (
	beta1 = 0.9
	eps   = 1e-8
)

// AdamW is Adam with decoupled weight decay (Loshchilov & Hutter 2019). A parameter without a gradient, such as the head of the
// other modality, is left unchanged, including its moments and step count, unless IdleSteps says otherwise. A frozen parameter has no
// moments.
type AdamW struct {
	// IdleSteps has a parameter without a gradient step with one of zero from its first update on, so that its weight decays and its
	// moments go on: as PyTorch's DistributedDataParallel does, whose zero_grad keeps a gradient of zeros, before version 2.
	IdleSteps bool

	beta2   float64
	backend engine.Backend
	params  []nn.Param // those that are trained
	m, v    []*engine.Tensor
	steps   *engine.Tensor // Int32, one per parameter
	begun   []bool         // whether a parameter was ever updated
	figures *engine.Tensor // of the last step
	scale   []float64
	decay   []float64
}

// NewAdamW returns an optimizer for those of params that need a gradient, with moments of 0. group returns the learning-rate
// factor and the weight decay of a parameter.
func NewAdamW(b engine.Backend, params []nn.Param, beta2 float64, group func(name string, shape []int) (lrScale, decay float64)) *AdamW {
	a := &AdamW{beta2: beta2, backend: b}
	defer func() {
		if a.steps == nil { // memory ran out on the way
			a.Free()
		}
	}()
	for _, p := range params {
		if !p.NeedsGrad() {
			continue
		}
		a.params = append(a.params, p)
		a.m = append(a.m, engine.Zeros(b, p.Data().DType(), p.Shape()...))
		a.v = append(a.v, engine.Zeros(b, p.Data().DType(), p.Shape()...))
		scale, decay := group(p.Name, p.Shape())
		a.scale, a.decay = append(a.scale, scale), append(a.decay, decay)
	}
	a.steps, a.begun = engine.Zeros(b, engine.Int32, len(a.params)), make([]bool, len(a.params))
	return a
}

// Update takes one step with the current gradients and clears them. clip > 0 first scales them so that their common norm is at
// most clip. It does not wait for the backend: the figures of the step (engine.FigureLoss, …) are a tensor, which the caller
// frees. If the scalar loss or the norm is not finite, neither this nor any later call changes anything.
func (a *AdamW) Update(loss *engine.Tensor, lr, clip float64) (figures *engine.Tensor) {
	args := engine.AdamWArgs{Beta1: beta1, Beta2: a.beta2, Eps: eps, Steps: a.steps}
	for i, p := range a.params {
		grad := p.Grad()
		if grad == nil && a.IdleSteps && a.begun[i] {
			grad = engine.Zeros(a.backend, p.Data().DType(), p.Shape()...)
			defer grad.Free()
		}
		if grad == nil {
			continue
		}
		a.begun[i] = true
		args.Params, args.Grads = append(args.Params, p.Data()), append(args.Grads, grad)
		args.M, args.V = append(args.M, a.m[i]), append(args.V, a.v[i])
		args.LR, args.Decay = append(args.LR, lr*a.scale[i]), append(args.Decay, a.decay[i])
		args.Index = append(args.Index, i)
	}
	figures = engine.New(a.backend, loss.DType(), engine.FigureCount)
	a.backend.StepFigures(engine.FiguresArgs{Figures: figures, Previous: a.figures, Loss: loss, Grads: args.Grads, MaxNorm: clip})
	args.Figures = figures
	a.backend.AdamW(args)
	for _, p := range a.params {
		p.ZeroGrad()
	}
	a.figures.Free()
	a.figures = figures.Retain()
	return figures
}

// Free releases the optimizer's memory at the end of a run.
func (a *AdamW) Free() {
	for _, t := range slices.Concat(a.m, a.v, []*engine.Tensor{a.steps, a.figures}) {
		t.Free()
	}
}
