package engine

import (
	"fmt"
	"slices"
)

// Precision is the number format in which the operands of products are multiplied. It is the only such enumeration: tapes, product
// and attention arguments, packed weights, stored files and flags all use it.
type Precision uint8

const (
	Full Precision = iota // the operands' own dtype, float32 outside gradient checks
	BF16                  // operands rounded to bfloat16, sums in float32
	Int8                  // operands quantized, with a scale for each row of weight and activations; sums are exact. For inference
)

var precisions = [...]string{Full: "f32", BF16: "bf16", Int8: "int8"}

func (p Precision) String() string {
	if int(p) >= len(precisions) {
		return fmt.Sprintf("Precision(%d)", uint8(p))
	}
	return precisions[p]
}

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
