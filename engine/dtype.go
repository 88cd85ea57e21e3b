package engine

import (
	"fmt"
	"math"
)

// DType is the type of a tensor's elements, known at run time.
type DType uint8

const (
	Float32  DType = iota + 1 // the fast path
	Float64                   // for gradient checks
	BFloat16                  // storage, and operands of products whose sums are float32
	Int32                     // row indices, expert offsets, step counts
	Uint8                     // pixels
)

var dtypes = [...]struct {
	name string
	size int
}{Float32: {"float32", 4}, Float64: {"float64", 8}, BFloat16: {"bfloat16", 2}, Int32: {"int32", 4}, Uint8: {"uint8", 1}}

func (d DType) known() bool { return d >= Float32 && int(d) < len(dtypes) }

// Size returns the bytes of one element.
func (d DType) Size() int {
	if !d.known() {
		panic(&ShapeError{Op: "DType.Size", Got: d, Want: "a dtype of package engine"})
	}
	return dtypes[d].size
}

func (d DType) String() string {
	if !d.known() {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

// ToBFloat16 returns the bits of the bfloat16 nearest to v, ties to even. Subnormal numbers are rounded like all others; NaN
// becomes a quiet NaN.
func ToBFloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// FromBFloat16 returns the number with these bits.
func FromBFloat16(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// Number is the set of Go types that elements are read and written as. BFloat16 is transferred as float32.
type Number interface {
	float32 | float64 | int32 | uint8
}

// Element is what tensors hold in memory; bfloat16 as its 16 bits.
type Element interface{ Number | uint16 }

// DTypeOf returns the dtype whose elements are held as E.
func DTypeOf[E Element]() DType {
	var z E
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int32:
		return Int32
	case uint16:
		return BFloat16
	}
	return Uint8
}
