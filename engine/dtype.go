package engine

import "fmt"

// DType is the type of a tensor's elements, known at run time.
type DType uint8

const (
	Float32 DType = iota + 1 // the fast path
	Float64                  // plain Go, for gradient checks
	Int32                    // row indices and expert offsets
)

// Size returns the bytes of one element.
func (d DType) Size() int {
	switch d {
	case Float64:
		return 8
	case Float32, Int32:
		return 4
	}
	panic(fmt.Sprintf("engine: no such dtype %d", d))
}

func (d DType) String() string {
	switch d {
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Int32:
		return "int32"
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Number is the set of Go types that tensors hold.
type Number interface{ float32 | float64 | int32 }

// dtypeOf returns the DType of a Go element type.
func dtypeOf[N Number]() DType {
	var z N
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	}
	return Int32
}
