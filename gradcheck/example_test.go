package gradcheck_test

import (
	"fmt"

	"mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
)

// elementwise multiplies tensors of one shape.
func elementwise(a, b *engine.Tensor) *engine.Tensor {
	out := engine.New(a.Backend(), a.DType(), a.Shape()...)
	a.Backend().Binary(engine.Mul, out, a, b)
	return out
}

// square is an op of one's own, x² elementwise, whose derivative is factor·x·dy: 2 is right.
func square(x *autograd.Value, factor float64) *autograd.Value {
	return autograd.Custom("square",
		func(x []*engine.Tensor) *engine.Tensor { return elementwise(x[0], x[0]) },
		func(dy, y *engine.Tensor, x []*engine.Tensor) []*engine.Tensor {
			dx := elementwise(dy, x[0])
			dx.Backend().Scale(dx, dx, factor)
			return []*engine.Tensor{dx}
		}, x)
}

// squareCase checks it at three points.
func squareCase(factor float64) gradcheck.Case {
	return gradcheck.Case{
		Name:   "square",
		Inputs: []gradcheck.Input{{Name: "x", Shape: []int{3}, Values: []float64{0.5, 1, 3}}},
		New: gradcheck.Stateless(func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
			return []*autograd.Value{square(in[0], factor)}
		}),
	}
}

// An op of one's own is made with autograd.Custom. The second case has lost the factor of its derivative.
func ExampleCheck() {
	options := gradcheck.Options{Backend: func() engine.Backend { return cpu.New() }}
	result, err := gradcheck.Check(squareCase(2), options)
	fmt.Println(result.Checked, "pairs:", err)
	_, err = gradcheck.Check(squareCase(1), options)
	fmt.Println(err)
	// Output:
	// 9 pairs: <nil>
	// square: wrong gradient of x[0], output element 0: backward says 0.5, differences say 1 (relative error 0.5), tolerance 1e-06
}

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
