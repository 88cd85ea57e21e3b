package engine

import "unsafe"

// Transfers between host slices and tensors. Next: backend.go, the operations on tensors.

// Zeros returns a tensor of zeros.
func Zeros(b Backend, dtype DType, shape ...int) *Tensor { return Filled(b, dtype, 0, shape...) }

// Filled returns a tensor whose elements are all value. Nothing is copied from the host.
func Filled(b Backend, dtype DType, value float64, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	b.Fill(t, value)
	return t
}

// FromSlice uploads values, converted to dtype if both are floating point types.
func FromSlice[N Number](b Backend, dtype DType, values []N, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	Write(t, values)
	return t
}

// Write replaces the contents of t. Floating point values are converted to the dtype of t; other types must match it.
func Write[N Number](t *Tensor, values []N) {
	if len(values) != t.Len() {
		panic(&ShapeError{Op: "engine.Write", Got: len(values), Want: t.Len()})
	}
	from := DTypeOf[N]()
	float := from == Float32 || from == Float64
	switch {
	case t.dtype == from:
		upload(t, values)
	case float && t.dtype == Float32:
		upload(t, convert[float32](values))
	case float && t.dtype == Float64:
		upload(t, convert[float64](values))
	case float && t.dtype == BFloat16:
		bits := make([]uint16, len(values))
		for i, v := range values {
			bits[i] = ToBFloat16(float32(v))
		}
		upload(t, bits)
	default:
		panic(&ShapeError{Op: "engine.Write", Got: from, Want: t.dtype})
	}
}

// Read waits for pending kernels and returns the contents of t as N, converting between number types. The error
// is the backend's; the CPU backend never returns one.
func Read[N Number](t *Tensor) ([]N, error) {
	dst := make([]N, t.Len())
	err := ReadInto(t, dst)
	return dst, err
}

// ReadInto is Read into dst, which has as many elements as t. If N is the element type, nothing is allocated.
func ReadInto[N Number](t *Tensor, dst []N) error {
	if len(dst) != t.Len() {
		panic(&ShapeError{Op: "engine.ReadInto", Got: len(dst), Want: t.Len()})
	}
	switch t.dtype {
	case DTypeOf[N]():
		return download(t, dst)
	case Float32:
		return readAs[float32](t, dst)
	case Float64:
		return readAs[float64](t, dst)
	case Int32:
		return readAs[int32](t, dst)
	case Uint8:
		return readAs[uint8](t, dst)
	case BFloat16:
		bits := make([]uint16, len(dst))
		err := download(t, bits)
		for i, b := range bits {
			dst[i] = N(FromBFloat16(b))
		}
		return err
	}
	panic(&ShapeError{Op: "engine.Read", Got: t.dtype, Want: "a dtype of package engine"})
}

// readAs reads elements of type E and converts them.
func readAs[E, N Number](t *Tensor, dst []N) error {
	values := make([]E, len(dst))
	err := download(t, values)
	for i, v := range values {
		dst[i] = N(v)
	}
	return err
}

func upload[E Element](t *Tensor, values []E) {
	t.store.backend.Upload(t.store.buf, t.offset*t.dtype.Size(), asBytes(values))
}

func download[E Element](t *Tensor, dst []E) error {
	return t.store.backend.Download(asBytes(dst), t.store.buf, t.offset*t.dtype.Size())
}

func convert[To, From Number](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}

func asBytes[E Element](v []E) []byte {
	var z E
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(z)))
}
