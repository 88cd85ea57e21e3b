package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"mien/asm/quantized"
)

// Reading a tensor's values as float32, whatever its type and strides.

// readChunk elements are converted at a time.
const readChunk = 1 << 16

// Read converts a tensor to float32, row-major, into dst, whose length must be the number of its elements. For a quantized
// tensor these are the scaled values.
func (f *File) Read(name string, dst []float32) error {
	e, ok := f.tensors[name]
	if !ok {
		return fmt.Errorf("%s: holds no tensor %q", f.Path, name)
	}
	if n, _ := elements(e.shape, math.MaxInt64); int64(len(dst)) != n {
		return fmt.Errorf("%s: %q has %d elements, not %d", f.Path, name, n, len(dst))
	}
	read := f.readStrided
	if len(dst) == 0 || e.contiguous() {
		read = f.readRun
	}
	if err := read(e, dst); err != nil {
		return fmt.Errorf("%s: %q: %w", f.Path, name, cause(err))
	}
	scaleRows(dst, e.scales)
	return nil
}

// contiguous reports whether the tensor is row-major without gaps.
func (e entry) contiguous() bool {
	want := 1
	for i, stride := range slices.Backward(e.stride) {
		if e.shape[i] != 1 && stride != want {
			return false
		}
		want *= e.shape[i]
	}
	return true
}

// readRun converts consecutive elements.
func (f *File) readRun(e entry, dst []float32) error {
	dtype, at := dtypes[e.dtype], e.base
	buf := make([]byte, int64(min(len(dst), readChunk))*dtype.size)
	for part := range slices.Chunk(dst, readChunk) {
		raw := buf[:int64(len(part))*dtype.size]
		if _, err := f.file.ReadAt(raw, at); err != nil {
			return err
		}
		dtype.decode(part, raw)
		at += int64(len(raw))
	}
	return nil
}

// readStrided reads the part of the storage that a view covers, and picks its elements. There is at least one.
func (f *File) readStrided(e entry, dst []float32) error {
	dtype, span := dtypes[e.dtype], 1
	for i, d := range e.shape {
		span += (d - 1) * e.stride[i]
	}
	raw := make([]byte, int64(span)*dtype.size)
	if _, err := f.file.ReadAt(raw, e.base); err != nil {
		return err
	}
	for i := range dst {
		at, rest := 0, i
		for axis, d := range slices.Backward(e.shape) {
			at += rest % d * e.stride[axis]
			rest /= d
		}
		dtype.decode(dst[i:i+1], raw[int64(at)*dtype.size:])
	}
	return nil
}

// dtype is a type's size in bytes and the conversion of its elements, which are little-endian.
type dtype struct {
	size   int64
	decode func(dst []float32, src []byte)
}

var (
	le     = binary.LittleEndian
	dtypes = map[DType]dtype{
		F32:    {4, floats},
		"F64":  each(8, func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) }),
		"F16":  each(2, func(b []byte) float32 { return half(le.Uint16(b)) }),
		BF16:   each(2, func(b []byte) float32 { return quantized.FromBF16(le.Uint16(b)) }),
		"I64":  each(8, func(b []byte) float32 { return float32(int64(le.Uint64(b))) }),
		"I32":  each(4, func(b []byte) float32 { return float32(int32(le.Uint32(b))) }),
		"I16":  each(2, func(b []byte) float32 { return float32(int16(le.Uint16(b))) }),
		I8:     each(1, func(b []byte) float32 { return float32(int8(b[0])) }),
		"U64":  each(8, func(b []byte) float32 { return float32(le.Uint64(b)) }),
		"U32":  each(4, func(b []byte) float32 { return float32(le.Uint32(b)) }),
		"U16":  each(2, func(b []byte) float32 { return float32(le.Uint16(b)) }),
		"U8":   each(1, func(b []byte) float32 { return float32(b[0]) }),
		"BOOL": each(1, func(b []byte) float32 { return float32(b[0]) }),
	}
)

func each(size int, convert func(b []byte) float32) dtype {
	return dtype{int64(size), func(dst []float32, src []byte) {
		for i := range dst {
			dst[i] = convert(src[i*size:])
		}
	}}
}

// floats is the loop for most files. As convert is inlined here, it is twice as fast as those of each.
func floats(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
	}
}

// half converts IEEE 754 binary16. Its bits, moved to where a float32 has them, make a number that is too small by 2^112; so do those
// of denormals.
func half(h uint16) float32 {
	v := math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112
	if h&0x7c00 == 0x7c00 { // infinities and NaN
		v = math.Float32frombits(0xff<<23 | uint32(h&0x3ff)<<13)
	}
	return math.Float32frombits(math.Float32bits(v) | uint32(h>>15)<<31)
}
