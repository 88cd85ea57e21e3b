package gradcheck

import "mien/engine"

// Tensor is a named block of numbers that a case yields.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float64
}

// Gradients runs a case once in the given dtype on the active kernels. The first result, "outputs", holds all outputs,
// one after the other; then comes, for each input that is not constant and each parameter, the gradient of the outputs'
// projection on random weights.
func Gradients(c Case, dtype engine.DType) (tensors []Tensor, err error) {
	err = guard(c.Name, func() error {
		p, err := build(c, engine.NewCPU(), dtype)
		if err != nil {
			return err
		}
		tensors, err = p.tensors(c)
		return err
	})
	return tensors, err
}

func (p *program) tensors(c Case) ([]Tensor, error) {
	base, err := p.outputs()
	if err != nil {
		return nil, err
	}
	outputs, grads, err := p.gradients(randomWeights(stream(c, "outputs"), len(base)))
	if err != nil {
		return nil, err
	}
	tensors := []Tensor{{"outputs", []int{len(outputs)}, outputs}}
	for i, l := range p.leaves {
		if l.constant {
			continue
		}
		if grads[i] == nil {
			grads[i] = make([]float64, len(l.origin))
		}
		tensors = append(tensors, Tensor{l.name, l.shape, grads[i]})
	}
	return tensors, nil
}
