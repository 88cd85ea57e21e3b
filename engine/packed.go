package engine

import (
	"fmt"
	"slices"
)

// Precision is the number format in which a packed weight is kept and multiplied.
type Precision uint8

const (
	Full Precision = iota // the weight's own dtype, float32 outside gradient checks
	BF16                  // operands rounded to bfloat16, sums in float32
	Int8                  // operands quantised, with a scale for each row of the weight and of the activations; sums are exact
)

var precisions = [...]string{Full: "f32", BF16: "bf16", Int8: "int8"}

func (p Precision) String() string { return precisions[p] }

// ParsePrecision returns the precision of that name: f32, bf16 or int8.
func ParsePrecision(name string) (Precision, error) {
	if i := slices.Index(precisions[:], name); i >= 0 {
		return Precision(i), nil
	}
	return Full, fmt.Errorf("precision %q: choose f32, bf16 or int8", name)
}

// MarshalText is String for JSON.
func (p Precision) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePrecision for flags.
func (p *Precision) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePrecision(string(text))
	return err
}

// PackedWeight is the weight [N, K] of a linear layer in the order in which a backend's Gemm reads it, made once by PackWeight
// and used many times. It keeps nothing of the tensor it was made from. Free gives its memory back.
type PackedWeight struct {
	N, K      int
	Precision Precision
	Form      any // what the backend made: only it looks inside
	free      func()
}

// NewPackedWeight is for backends. Free will call free, once.
func NewPackedWeight(n, k int, p Precision, form any, free func()) *PackedWeight {
	return &PackedWeight{N: n, K: k, Precision: p, Form: form, free: free}
}

// low tells whether products with w run in another number format than their result.
func (w *PackedWeight) low() bool { return w != nil && w.Precision != Full }

// Free gives the memory back. A nil weight is ignored.
func (w *PackedWeight) Free() {
	if w == nil {
		return
	}
	if w.free == nil {
		panic("engine: packed weight freed twice")
	}
	w.free()
	w.free, w.Form = nil, nil
}
