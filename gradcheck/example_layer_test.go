package gradcheck_test

import (
	"fmt"

	"mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
)

// Gated is a layer of one's own: (x·wᵀ + b)·(x·vᵀ), elementwise.
type Gated struct{ W, B, V *autograd.Value }

// NewGated returns the layer for a width of in and out. A model would draw its weights.
func NewGated(b engine.Backend, dtype engine.DType, in, out int) *Gated {
	return &Gated{
		W: autograd.Weight(engine.Filled(b, dtype, 0.1, out, in)),
		B: autograd.Param(engine.Zeros(b, dtype, out)),
		V: autograd.Weight(engine.Filled(b, dtype, -0.2, out, in)),
	}
}

// Forward takes x [rows, in] to [rows, out].
func (g *Gated) Forward(x *autograd.Value) *autograd.Value {
	return autograd.Mul(autograd.Linear(x, g.W, g.B), autograd.Linear(x, g.V, nil))
}

// gatedCase makes the layer anew in every dtype. Jitter moves the parameters, so that equal weights and biases of 0 hide nothing.
func gatedCase() gradcheck.Case {
	return gradcheck.Case{
		Name:   "Gated",
		Inputs: []gradcheck.Input{{Name: "x", Shape: []int{4, 6}}},
		Jitter: 0.3,
		New: func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			layer := NewGated(b, dtype, 6, 5)
			return gradcheck.Module{
				Params: []gradcheck.Param{{"w", layer.W}, {"b", layer.B}, {"v", layer.V}},
				Forward: func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
					return []*autograd.Value{layer.Forward(in[0])}
				},
			}
		},
	}
}

// A layer with parameters is checked in float64, and then compared with float32 and with training at bf16.
func ExampleCompare() {
	newCPU := func() engine.Backend { return cpu.New() }
	result, err := gradcheck.Check(gatedCase(), gradcheck.Options{Backend: newCPU})
	fmt.Println(result.Name, "in float64:", result.Worst.RelError < 1e-8, err)

	reference, err := gradcheck.Gradients(gatedCase(), gradcheck.Target{Backend: newCPU, DType: engine.Float64})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, precision := range []engine.Precision{engine.Full, engine.BF16} {
		r, err := gradcheck.Compare(gatedCase(), reference, gradcheck.Target{Backend: newCPU, Precision: precision})
		fmt.Println(r.Name, "at", precision, r.RelError < 1e-6, r.RelError < 2e-2, err)
	}
	// Output:
	// Gated in float64: true <nil>
	// Gated at f32 true true <nil>
	// Gated at bf16 false true <nil>
}
