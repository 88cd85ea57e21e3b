package gradcheck

import (
	"fmt"

	"mien/engine"
)

// Tolerances of [Compare]: how far an output or a gradient may be from the reference, relative to the largest value of its tensor.
const (
	Tolerance32   = 2e-3 // for whole models in float32; single ops are far better
	ToleranceBF16 = 5e-2 // for training at bf16, which keeps 8 bits of each operand
)

// roundingShare is the share of the largest gradient of a case below which values count as rounding: a gradient that vanishes
// identically, such as that of a bias in front of a softmax, is a sum of rounding errors.
func roundingShare(p engine.Precision) float64 {
	if p == engine.Full {
		return 1e-3
	}
	return 1e-2
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
	target = target.withDefaults()
	res := Comparison{Name: c.Name, DType: target.DType, Precision: target.Precision}
	got, backend, err := gradients(c, target)
	if err != nil {
		return res, err
	}
	res.Backend = backend
	if err := sameTensors(got, reference); err != nil {
		return res, fmt.Errorf("%s on %s: %w", c.Name, backend, err)
	}
	res.worst(got, reference)
	if res.RelError > target.Tol {
		return res, &Inexact{res, target.Tol}
	}
	return res, nil
}

// sameTensors tells whether two runs are of one case.
func sameTensors(got, want []Tensor) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d tensors, but %d in the reference", len(got), len(want))
	}
	for i, g := range got {
		if w := want[i]; g.Name != w.Name || len(g.Values) != len(w.Values) {
			return fmt.Errorf("%s%v, but %s%v in the reference", g.Name, g.Shape, w.Name, w.Shape)
		}
	}
	return nil
}

// worst finds the element with the largest error.
func (res *Comparison) worst(got, want []Tensor) {
	rounding := 0.0
	for _, t := range want[1:] {
		rounding = max(rounding, largest(t.Values...))
	}
	rounding *= roundingShare(res.Precision)
	for i, w := range want {
		scale := largest(w.Values...)
		if i > 0 {
			scale = max(scale, rounding)
		}
		for j, v := range got[i].Values {
			if e := share(v-w.Values[j], scale); e > res.RelError {
				res.Tensor, res.Index = w.Name, position(w.Shape, j)
				res.Got, res.Want, res.RelError = v, w.Values[j], e
			}
		}
	}
}
