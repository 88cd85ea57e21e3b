// Package gradcheck compares the gradients of package autograd with finite differences.
//
// A [Case] is a computation with its inputs and parameters. [Check] runs it in float64 and compares what Backward says
// with central differences: the full Jacobian where inputs and outputs are few, else random projections of the outputs
// along random directions and at random elements of every input and parameter. It reports the worst element with both
// numbers, and it says so where the question itself is wrong: two passes that differ ([NonDeterministic]), or a point
// where the function has no gradient ([Kink]). [CheckFloat32] compares float32 gradients on every set of kernels with
// the float64 ones. [Ops] holds a row for each op of package autograd.
//
// # Relative error
//
// An analytic gradient a and a numeric one n differ by
//
//	|a − n| / max(|a|, |n|, 1e-3·G, 1e-5·max(A, Y))
//
// where G is the largest gradient of the same tensor, A the largest of all tensors and Y the size of the outputs. The
// third term makes exact zeros comparable; the last is where differences drown in rounding, and a tensor whose
// gradient vanishes identically (a bias in front of a softmax) has nothing else to be compared with.
package gradcheck

import (
	"fmt"
	"math"

	"mien/autograd"
	"mien/engine"
)

// Tolerance is the relative error that [Check] accepts by default.
const Tolerance = 1e-6

// Func builds a computation on a tape from its inputs and returns its outputs, of a floating point type. Parameters
// are captured. It is called many times and must compute the same each time: random streams start inside it.
type Func func(t *autograd.Tape, in []*autograd.Value) []*autograd.Value

// Input describes one input of a case.
type Input struct {
	Name   string
	Shape  []int
	Values []float64 // nil: drawn
	Lo, Hi float64   // the interval to draw from uniformly; where both are 0, N(0, 1)
	NoGrad bool      // a constant: no gradient is asked for
}

// Param is a named parameter of a module. It converts from package nn's type of that name.
type Param struct {
	Name string
	*autograd.Value
}

// Module is a computation with parameters of its own.
type Module struct {
	Params  []Param
	Forward Func
}

// Case is one computation to check. The same case runs in float64 and in float32, at the same point: what is drawn is
// rounded to float32.
type Case struct {
	Name   string
	Inputs []Input
	// New builds the module. Its parameters' values must not depend on dtype.
	New func(b engine.Backend, dtype engine.DType) Module
	// Jitter adds N(0, Jitter²) to every parameter, so that weights which start at 0 or 1 hide nothing.
	Jitter float64
	// Seed changes what is drawn; the stream of each tensor also depends on the names of the case and the tensor.
	Seed uint64
}

// Stateless is the New of a computation without parameters.
func Stateless(f Func) func(engine.Backend, engine.DType) Module {
	return func(engine.Backend, engine.DType) Module { return Module{Forward: f} }
}

// Options tune a check; the zero value is the default.
type Options struct {
	Tol  float64 // accepted relative error; 1e-6
	Step float64 // of the differences; 2⁻¹¹. Inputs move by up to two steps
	// Full is how many elements, inputs, parameters and outputs together, still get the full Jacobian; 200. Less than 0
	// means never.
	Full int
	// Otherwise: random projections of the outputs, and as many random directions through each tensor; 2.
	Projections int
	// And single elements of each tensor; 4.
	Elements int
}

func (o Options) withDefaults() Options {
	if o.Tol == 0 {
		o.Tol = Tolerance
	}
	if o.Step == 0 {
		o.Step = 0x1p-11 // a power of two: x ± step is exact for an x that float32 holds
	}
	if o.Full == 0 {
		o.Full = 200
	}
	if o.Projections == 0 {
		o.Projections = 2
	}
	if o.Elements == 0 {
		o.Elements = 4
	}
	return o
}

// Element is one comparison: a derivative of one output, or of a projection of all, with respect to one element of a
// tensor, or along a direction through it.
type Element struct {
	Tensor   string  // the input's or parameter's name
	Index    []int   // nil for a random direction through the tensor
	Output   int     // position in all outputs, one after the other; −1 for a random projection of them
	Analytic float64 // what Backward says
	Numeric  float64 // what differences say
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
	Checked int     // how many pairs of numbers were
	Worst   Element // the pair with the largest relative error
}

// Check compares the gradients of a case with central differences in float64 on the CPU. The error is a
// [*NonDeterministic], a [*Mismatch] or a [*Kink], the graver first, or that of an *engine.ShapeError panic inside
// the case; the result is valid with a *Mismatch and a *Kink too.
func Check(c Case, opt Options) (res Result, err error) {
	res.Name = c.Name
	err = guard(c.Name, func() error {
		p, err := build(c, engine.NewCPU(), engine.Float64)
		if err != nil {
			return err
		}
		res, err = newChecker(c, p, opt.withDefaults()).run()
		return err
	})
	return res, err
}

// guard turns a panic about shapes inside fn into an error.
func guard(name string, fn func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *engine.ShapeError:
			err = fmt.Errorf("%s: %w", name, p)
		default:
			panic(p)
		}
	}()
	return fn()
}

// Mismatch says that a gradient is wrong.
type Mismatch struct {
	Case  string
	Worst Element
	Tol   float64
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("%s: wrong gradient of %v, tolerance %g", e.Case, e.Worst, e.Tol)
}

// Kink says that a function has no gradient where it was checked: its slopes on the two sides differ. Move the inputs.
type Kink struct {
	Case        string
	Tensor      string
	Index       []int // nil for a random direction
	Output      int   // as in Element
	Left, Right float64
}

func (e *Kink) Error() string {
	return fmt.Sprintf("%s: no gradient at %s, %s: the slope is %.6g on one side and %.6g on the other; choose other inputs",
		e.Case, place(e.Tensor, e.Index), outputName(e.Output), e.Left, e.Right)
}

// NonDeterministic says that two passes over the same inputs differ.
type NonDeterministic struct {
	Case          string
	What          string // "outputs", or "gradient of " and a name
	At            int    // flat position of the first difference
	First, Second float64
}

func (e *NonDeterministic) Error() string {
	return fmt.Sprintf("%s: two passes differ in %s at %d: %.10g, then %.10g; start random streams inside the function",
		e.Case, e.What, e.At, e.First, e.Second)
}

// relError is |a − n| relative to the larger or the floor.
func relError(a, n, floor float64) float64 { return share(a-n, max(math.Abs(a), math.Abs(n), floor)) }

// share is |difference|/scale; what is not finite is infinitely wrong.
func share(difference, scale float64) float64 {
	if difference == 0 {
		return 0
	}
	if e := math.Abs(difference) / scale; e == e {
		return e
	}
	return math.Inf(1)
}

func (r Result) String() string {
	how := "projections"
	if r.Full {
		how = "full Jacobian"
	}
	return fmt.Sprintf("%s: %s, %d pairs, worst %.1e", r.Name, how, r.Checked, r.Worst.RelError)
}
