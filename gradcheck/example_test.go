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
		New: gradcheck.Stateless(gradcheck.Unary(func(x *autograd.Value) *autograd.Value {
			return square(x, factor)
		})),
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
