package gradcheck

import (
	"cmp"
	"fmt"

	"mien/engine"
)

// Tolerances of [Compare]: how far an output or a gradient may be from the reference, relative to the largest value of its tensor.
const (
	Tolerance32   = 2e-3 // for whole models in float32; single ops are far better
	ToleranceBF16 = 5e-2 // for training at bf16, which keeps 8 bits of each operand
)

// Target is a way to compute a case. Only Backend has no default.
type Target struct {
	Backend   func() engine.Backend // makes the backend that the case runs on and then closes
	DType     engine.DType          // of all values: Float32, the default, or Float64
	Precision engine.Precision      // of the tape: of products with weights. Float64 supports only Full
	Tol       float64               // accepted by Compare; Tolerance32 at full precision, else ToleranceBF16
}

// Tensor is a named result of a case, flattened.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float64
}

// Gradients runs a training pass of a case. The first result, "outputs", holds all outputs, one after the other; then
// comes, for each input and parameter that is not constant, the gradient of the outputs' projection on random weights.
func Gradients(c Case, on Target) (tensors []Tensor, err error) {
	err = run(c, on, func(p *program) error {
		tensors = p.tensors()
		return nil
	})
	return tensors, err
}

func (p *program) tensors() []Tensor {
	return p.gradients(1, func(n int) direction { return randomWeights(p.stream("outputs"), n) })
}

// Comparison tells how far the outputs and gradients of a case are from the reference. The error is relative to the
// largest value of the tensor in the reference, or to a share of the largest value of all gradients where that is larger: a
// thousandth in float32, a hundredth at bf16.
type Comparison struct {
	Name      string
	Backend   string
	DType     engine.DType
	Precision engine.Precision
	Tensor    string // where the worst element is: an input, a parameter or "outputs"
	Index     []int
	Got, Want float64
	RelError  float64
}

// Inexact says that a target is further from the reference than its tolerance.
type Inexact struct {
	Comparison
	Tol float64
}

func (e *Inexact) Error() string {
	at := ""
	if e.Precision != engine.Full {
		at = fmt.Sprintf(" at %v", e.Precision)
	}
	return fmt.Sprintf("%s on %s: %v%s gives %.7g for %s, the reference %.7g (error %.2g of the largest, tolerance %g)",
		e.Name, e.Backend, e.DType, at, e.Got, place(e.Tensor, e.Index), e.Want, e.RelError, e.Tol)
}

// Compare runs a case on a target and compares outputs and gradients with the reference: what [Gradients] returned for the same case,
// as a rule in float64 on the CPU. The error is an [*Inexact], with which the result is valid, or says what prevented the comparison,
// such as a precision that the backend does not support.
//
// Kernels are selected globally for a process: the caller switches them before each target.
func Compare(c Case, reference []Tensor, target Target) (Comparison, error) {
	// rounding is the share of the largest gradient of a case below which values count as rounding: a gradient that vanishes
	// identically, such as that of a bias in front of a softmax, is a sum of rounding errors.
	tol, rounding := Tolerance32, 1e-3
	if target.Precision != engine.Full {
		tol, rounding = ToleranceBF16, 1e-2
	}
	tol = cmp.Or(target.Tol, tol)
	res := Comparison{Name: c.Name, DType: cmp.Or(target.DType, engine.Float32), Precision: target.Precision}
	err := run(c, target, func(p *program) error {
		res.Backend = p.backend.Name()
		return res.worst(p.tensors(), reference, rounding)
	})
	if err == nil && res.RelError > tol {
		err = &Inexact{res, tol}
	}
	return res, err
}

// worst finds the element with the largest error. Both runs must be of one case.
func (res *Comparison) worst(got, want []Tensor, rounding float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d tensors, but %d in the reference", len(got), len(want))
	}
	all := 0.0
	for _, t := range want[1:] {
		all = max(all, largest(t.Values...))
	}
	for i, w := range want {
		g, scale := got[i], largest(w.Values...)
		if g.Name != w.Name || len(g.Values) != len(w.Values) {
			return fmt.Errorf("%s%v, but %s%v in the reference", g.Name, g.Shape, w.Name, w.Shape)
		}
		if i > 0 {
			scale = max(scale, rounding*all)
		}
		for j, v := range g.Values {
			if e := share(v-w.Values[j], scale); e > res.RelError {
				res.Tensor, res.Index = w.Name, position(w.Shape, j)
				res.Got, res.Want, res.RelError = v, w.Values[j], e
			}
		}
	}
	return nil
}
