package gradcheck

import "fmt"

// Mismatch says that a gradient is wrong.
type Mismatch struct {
	Worst Element
	Tol   float64
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("wrong gradient of %v, tolerance %g", e.Worst, e.Tol)
}

// Kink says that a function is not differentiable where it was checked: its slopes on the two sides differ. Move the inputs.
type Kink struct {
	Element
	Left, Right float64
}

func (e *Kink) Error() string {
	return fmt.Sprintf("no gradient at %s, %s: the slope is %.6g on one side and %.6g on the other; choose other inputs",
		place(e.Tensor, e.Index), outputName(e.Output), e.Left, e.Right)
}

// NonDeterministic says that two passes over the same inputs differ.
type NonDeterministic struct {
	What          string // "outputs", or "gradient of " and a name
	At            int    // flat position of the first difference
	First, Second float64
}

func (e *NonDeterministic) Error() string {
	return fmt.Sprintf("two passes differ in %s at %d: %.10g, then %.10g; draw random numbers from fixed keys",
		e.What, e.At, e.First, e.Second)
}
