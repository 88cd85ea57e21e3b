package gradcheck

import (
	"cmp"
	"fmt"

	"mien/engine"
)

// Target is a way to compute a case. Only Backend has no default.
type Target struct {
	Backend   func() engine.Backend // makes the backend that the case runs on and then closes
	DType     engine.DType          // of all values: Float32, the default, or Float64
	Precision engine.Precision      // of the tape: of products with weights. Float64 supports only Full
	Tol       float64               // accepted by Compare; Tolerance32 at full precision, else ToleranceBF16
}

func (t Target) withDefaults() Target {
	tol := Tolerance32
	if t.Precision != engine.Full {
		tol = ToleranceBF16
	}
	t.DType, t.Tol = cmp.Or(t.DType, engine.Float32), cmp.Or(t.Tol, tol)
	return t
}

// supported returns an error if the backend cannot train at the target's precision.
func (t Target) supported(b engine.Backend) error {
	if t.Precision != engine.Full && t.DType != engine.Float32 {
		return fmt.Errorf("%v products of %v tensors: only float32 has a precision", t.Precision, t.DType)
	}
	return b.Supports(t.Precision, true)
}

// Tensor is a named result of a case, flattened.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float64
}

// Gradients runs a training pass of a case. The first result, "outputs", holds all outputs, one after the other; then
// comes, for each input and parameter that is not constant, the gradient of the outputs' projection on random weights.
func Gradients(c Case, on Target) ([]Tensor, error) {
	tensors, _, err := gradients(c, on.withDefaults())
	return tensors, err
}

// gradients also returns the name of the backend.
func gradients(c Case, on Target) (tensors []Tensor, backend string, err error) {
	err = onBackend(c.Name, on.Backend, func(b engine.Backend) error {
		backend = b.Name()
		if err := on.supported(b); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		p, err := build(c, b, on.DType)
		if err != nil {
			return err
		}
		p.precision = on.Precision
		tensors, err = p.tensors()
		return err
	})
	return tensors, backend, err
}

func (p *program) tensors() ([]Tensor, error) {
	outputs, grads, err := p.gradients(func(n int) []float64 { return randomWeights(p.stream("outputs"), n).dense })
	if err != nil {
		return nil, err
	}
	tensors := []Tensor{{"outputs", []int{len(outputs)}, outputs}}
	for i, l := range p.leaves {
		if !l.constant {
			tensors = append(tensors, Tensor{l.name, l.shape, grads[i]})
		}
	}
	return tensors, nil
}
