package engine

import "unsafe"

// Zeros returns a tensor of zeros.
func Zeros(b Backend, dtype DType, shape ...int) *Tensor { return Filled(b, dtype, 0, shape...) }

// Filled returns a tensor whose elements are all value. Nothing travels from the host.
func Filled(b Backend, dtype DType, value float64, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	b.Fill(t, value)
	return t
}

// FromSlice uploads values, converted between floating point types where dtype asks for it.
func FromSlice[N Number](b Backend, dtype DType, values []N, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	Write(t, values)
	return t
}

// Write replaces the contents of t. Floating point numbers are converted to the dtype of t; other types must be its own.
func Write[N Number](t *Tensor, values []N) {
	if len(values) != t.Len() {
		panic(&ShapeError{Op: "engine.Write", Got: len(values), Want: t.Len()})
	}
	from := dtypeOf[N]()
	float := from == Float32 || from == Float64
	switch {
	case t.dtype == from:
		upload(t, values)
	case float && t.dtype == Float32:
		upload(t, convert[float32](values))
	case float && t.dtype == Float64:
		upload(t, convert[float64](values))
	case float && t.dtype == BFloat16:
		upload(t, toBFloat16(convert[float32](values)))
	default:
		panic(&ShapeError{Op: "engine.Write", Got: from, Want: t.dtype})
	}
}

// Read waits for pending kernels and returns the contents of t as N, converting between number types. Its error
// is the backend's: the CPU has none.
func Read[N Number](t *Tensor) ([]N, error) {
	switch t.dtype {
	case Float32:
		v, err := download[float32](t)
		return convert[N](v), err
	case Float64:
		v, err := download[float64](t)
		return convert[N](v), err
	case Int32:
		v, err := download[int32](t)
		return convert[N](v), err
	case Uint8:
		v, err := download[uint8](t)
		return convert[N](v), err
	case BFloat16:
		v, err := download[uint16](t)
		return convert[N](fromBFloat16(v)), err
	}
	panic(&ShapeError{Op: "engine.Read", Got: t.dtype, Want: "a dtype of package engine"})
}

// ReadInto is Read into dst, which has as many elements as t. Where N is the element type, nothing is allocated.
func ReadInto[N Number](t *Tensor, dst []N) error {
	if len(dst) != t.Len() {
		panic(&ShapeError{Op: "engine.ReadInto", Got: len(dst), Want: t.Len()})
	}
	if t.dtype == dtypeOf[N]() {
		return t.store.backend.Download(asBytes(dst), t.store.buf, t.offset*t.dtype.Size())
	}
	values, err := Read[N](t)
	copy(dst, values)
	return err
}

// element is what travels between host and backend; bfloat16 as its 16 bits.
type element interface{ Number | uint16 }

func upload[E element](t *Tensor, values []E) {
	t.store.backend.Upload(t.store.buf, t.offset*t.dtype.Size(), asBytes(values))
}

func download[E element](t *Tensor) ([]E, error) {
	dst := make([]E, t.Len())
	err := t.store.backend.Download(asBytes(dst), t.store.buf, t.offset*t.dtype.Size())
	return dst, err
}

// convert returns values itself where the types agree.
func convert[To, From Number](values []From) []To {
	if same, ok := any(values).([]To); ok {
		return same
	}
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}

func toBFloat16(values []float32) []uint16 {
	out := make([]uint16, len(values))
	for i, v := range values {
		out[i] = ToBFloat16(v)
	}
	return out
}

func fromBFloat16(bits []uint16) []float32 {
	out := make([]float32, len(bits))
	for i, b := range bits {
		out[i] = FromBFloat16(b)
	}
	return out
}

func asBytes[E element](v []E) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
}
