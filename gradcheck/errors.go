package gradcheck

import (
	"fmt"
	"math"

	"mien/engine"
)

// Mismatch says that a gradient is wrong.
type Mismatch struct {
	Case  string
	Worst Element
	Tol   float64
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("%s: wrong gradient of %v, tolerance %g", e.Case, e.Worst, e.Tol)
}

// Kink says that a function is not differentiable where it was checked: its slopes on the two sides differ. Move the inputs.
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
	return fmt.Sprintf("%s: two passes differ in %s at %d: %.10g, then %.10g; draw random numbers from fixed keys",
		e.Case, e.What, e.At, e.First, e.Second)
}

// onBackend runs fn on a backend that it makes and closes, and turns panics about shapes and memory inside into an error.
func onBackend(name string, newBackend func() engine.Backend, fn func(engine.Backend) error) (err error) {
	if newBackend == nil {
		return fmt.Errorf("%s: no backend to compute on: set Backend, for example to a function that returns cpu.New()", name)
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *engine.ShapeError, *engine.AllocError:
			err = fmt.Errorf("%s: %w", name, p.(error))
		default:
			panic(p)
		}
	}()
	b := newBackend()
	defer func() {
		if closed := b.Close(); err == nil && closed != nil {
			err = fmt.Errorf("%s: %w", name, closed)
		}
	}()
	return fn(b)
}

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
