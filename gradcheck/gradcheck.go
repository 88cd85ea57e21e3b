// Package gradcheck compares gradients with finite differences. It is a library, independent of any backend or model, and checks the
// ops and layers of other modules as well as those of this one.
//
// A [Case] is a computation with its inputs and parameters. [Check] runs it in float64 and compares the gradients of
// Backward with central differences: the full Jacobian where inputs and outputs are few, else random projections of the outputs
// along random directions and at random elements of every input and parameter. It reports the worst element with both
// numbers, and reports when there is no gradient to check: two passes that differ ([NonDeterministic]), or a point
// where the function is not differentiable ([Kink]). [Compare] then compares another backend, float32 or training at bf16 with float64.
// [Ops] has a row for each op of package autograd; package gradcheck/cases has the layers and models.
//
// # Checking an op or a layer of your own
//
// Write the computation as a [Func] from the values on a tape to its outputs, describe the inputs, and say on which backend to run:
//
//	c := gradcheck.Case{
//		Name:   "square",
//		Inputs: []gradcheck.Input{{Name: "x", Shape: []int{2, 3}}},
//		New:    gradcheck.Stateless(gradcheck.Unary(square)),
//	}
//	newCPU := func() engine.Backend { return cpu.New() }
//	result, err := gradcheck.Check(c, gradcheck.Options{Backend: newCPU})
//
// A layer with parameters has its own New, which makes them on the given backend and in the given dtype. A test that loops over a
// table of cases checks every op and layer of a project in the same way. The examples are complete.
//
// # Relative error
//
// An analytic gradient a and a numeric one n differ by
//
//	|a − n| / max(|a|, |n|, 1e-3·G, 1e-5·max(A, Y))
//
// where G is the largest gradient of the same tensor by Backward, A the largest of all tensors and Y the size of the outputs. The
// third term makes exact zeros comparable; the last is the level below which differences are lost in rounding, and the
// only scale for a tensor whose gradient vanishes identically (a bias in front of a softmax).
//
// This file has the cases and Check; check.go has the differences. Next: engine/tensor.go, the tensors that all of this computes with.
package gradcheck

import (
	"cmp"
	"fmt"

	"mien/autograd"
	"mien/engine"
)

// Tolerance is the relative error that [Check] accepts by default.
const Tolerance = 1e-6

// Func builds a computation on a tape from its inputs and returns its outputs, of a floating point type. Parameters
// are captured. It is called many times and must compute the same each time: random numbers come from fixed keys.
type Func func(t *autograd.Tape, in []*autograd.Value) []*autograd.Value

// Input describes one input of a case.
type Input struct {
	Name   string
	Shape  []int
	Values []float64 // nil: drawn
	Lo, Hi float64   // the interval to draw from uniformly; where both are 0, N(0, 1)
	NoGrad bool      // a constant: its gradient is not checked
}

// Param is a named parameter of a module. A frozen one must not get a gradient, and is not varied.
type Param struct {
	Name string
	*autograd.Value
}

// Module is a computation with its parameters.
type Module struct {
	Params  []Param
	Forward Func
}

// Case is one computation to check. The same case runs in float64 and in float32, at the same point: drawn values are
// rounded to float32.
type Case struct {
	Name   string
	Inputs []Input
	// New builds the module. Its parameters' values must not depend on backend or dtype.
	New func(b engine.Backend, dtype engine.DType) Module
	// Jitter adds N(0, Jitter²) to every parameter, so that weights which start at 0 or 1 hide no error.
	Jitter float64
	// Seed changes what is drawn; the stream of each tensor also depends on the names of the case and the tensor.
	Seed uint64
}

// Stateless is the New of a computation without parameters.
func Stateless(f Func) func(engine.Backend, engine.DType) Module {
	return func(engine.Backend, engine.DType) Module { return Module{Forward: f} }
}

// Unary is a computation of one value from one.
func Unary(f func(x *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value { return []*autograd.Value{f(in[0])} }
}

// Binary is a computation of one value from two.
func Binary(f func(a, b *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
		return []*autograd.Value{f(in[0], in[1])}
	}
}

// Ternary is a computation of one value from three.
func Ternary(f func(a, b, c *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
		return []*autograd.Value{f(in[0], in[1], in[2])}
	}
}

// Options tune a check. Only Backend has no default.
type Options struct {
	Backend func() engine.Backend // makes the backend, with float64, that the check runs on and then closes

	Tol  float64 // accepted relative error; 1e-6
	Step float64 // of the differences; 2⁻¹¹. Inputs move by up to two steps
	// Full is how many elements, inputs, parameters and outputs together, still get the full Jacobian; 200. Less than 0
	// means never.
	Full int
}

// Element is one comparison: a derivative of one output, or of a projection of all, with respect to one element of a
// tensor, or along a direction through it.
type Element struct {
	Tensor   string  // the input's or parameter's name
	Index    []int   // nil for a random direction through the tensor
	Output   int     // position in all outputs, one after the other; −1 for a random projection of them
	Analytic float64 // computed by Backward
	Numeric  float64 // computed by differences
	RelError float64
}

func (e Element) String() string {
	return fmt.Sprintf("%s, %s: backward says %.10g, differences say %.10g (relative error %.2g)",
		place(e.Tensor, e.Index), outputName(e.Output), e.Analytic, e.Numeric, e.RelError)
}

// place names an element: weight[3 0].
func place(tensor string, index []int) string {
	if index == nil {
		return tensor + " along a random direction"
	}
	return tensor + fmt.Sprint(index)
}

func outputName(i int) string {
	if i < 0 {
		return "a random projection of the outputs"
	}
	return fmt.Sprintf("output element %d", i)
}

// Result tells how good the gradients of a case are.
type Result struct {
	Name    string
	Full    bool    // whether the full Jacobian was compared
	Checked int     // how many pairs of numbers were compared
	Worst   Element // the pair with the largest relative error
}

// Check compares the gradients of a case with central differences in float64. The error wraps a [*NonDeterministic], a
// [*Mismatch] or a [*Kink], whichever is more serious in this order, or an error inside the case: an *engine.ShapeError or an
// *engine.AllocError. The result is valid with a *Mismatch and a *Kink too.
func Check(c Case, opt Options) (res Result, err error) {
	res.Name = c.Name
	opt.Tol, opt.Full = cmp.Or(opt.Tol, Tolerance), cmp.Or(opt.Full, 200)
	opt.Step = cmp.Or(opt.Step, 0x1p-11) // a power of two: x ± step is exact for an x that float32 holds
	err = run(c, Target{Backend: opt.Backend, DType: engine.Float64}, func(p *program) (err error) {
		res, err = (&checker{program: p, opt: opt}).check()
		return err
	})
	return res, err
}
