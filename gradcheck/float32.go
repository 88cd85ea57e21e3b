package gradcheck

import (
	"errors"
	"fmt"

	"mien/asm"
	"mien/engine"
)

// Tolerance32 is how far a float32 gradient may be from the float64 one, relative to the largest value of its tensor.
const Tolerance32 = 2e-3

// Float32Result tells how good the float32 outputs and gradients of a case are on one set of kernels. The error is
// relative to the largest value of the tensor in float64, or to a thousandth of the largest value of all gradients
// where that is larger: a gradient that vanishes identically is rounding only.
type Float32Result struct {
	Name     string
	Kernels  string
	Tensor   string // where the worst element is: an input, a parameter or "outputs"
	Index    []int
	Got      float64 // in float32
	Want     float64 // in float64
	RelError float64
}

// Float32Mismatch says that float32 kernels are not good enough.
type Float32Mismatch struct{ Float32Result }

func (e *Float32Mismatch) Error() string {
	return fmt.Sprintf("%s on %s kernels: float32 gives %.7g for %s, float64 %.7g (error %.2g of the largest, tolerance %g)",
		e.Name, e.Kernels, e.Got, place(e.Tensor, e.Index), e.Want, e.RelError, Tolerance32)
}

// CheckFloat32 computes outputs and the gradients of a random projection in float32 on every set of kernels that this
// machine has, and compares them with float64. The results are in the order of asm.Implementations; the error joins a
// [*Float32Mismatch] for each set that is past [Tolerance32]. It switches the kernels of the whole process: nothing else
// may compute meanwhile.
func CheckFloat32(c Case) ([]Float32Result, error) {
	want, err := Gradients(c, engine.Float64)
	if err != nil {
		return nil, err
	}
	var results []Float32Result
	var failed []error
	for _, k := range asm.Implementations() {
		r, err := checkKernels(c, k.Name, want)
		if err != nil {
			return results, err
		}
		results = append(results, r)
		if r.RelError > Tolerance32 {
			failed = append(failed, &Float32Mismatch{r})
		}
	}
	return results, errors.Join(failed...)
}

func checkKernels(c Case, kernels string, want []Tensor) (Float32Result, error) {
	worst := Float32Result{Name: c.Name, Kernels: kernels}
	restore, err := asm.Use(kernels)
	if err != nil {
		return worst, err
	}
	defer restore()
	got, err := Gradients(c, engine.Float32)
	if err != nil {
		return worst, err
	}
	overall := 0.0
	for _, t := range want[1:] {
		overall = max(overall, largest(t.Values))
	}
	for i, w := range want {
		scale := largest(w.Values)
		if i > 0 {
			scale = max(scale, tensorShare*overall)
		}
		for j, v := range got[i].Values {
			if e := share(v-w.Values[j], scale); e > worst.RelError {
				worst.Tensor, worst.Index = w.Name, position(w.Shape, j)
				worst.Got, worst.Want, worst.RelError = v, w.Values[j], e
			}
		}
	}
	return worst, nil
}
