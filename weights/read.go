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
// tensor these are the scaled values. All must be finite: a model with a single NaN would answer nonsense.
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
	if err := finite(dst, e.shape); err != nil {
		return fmt.Errorf("%s: tensor %.200q %w: the file is damaged, or its training diverged; take another", f.Path, name, err)
	}
	return nil
}

// finite returns an error that names the first value which is NaN or infinite, and its place.
func finite(values []float32, shape []int) error {
	for at, v := range values {
		if v-v == 0 {
			continue
		}
		place := make([]int, len(shape))
		for axis, d := range slices.Backward(shape) {
			place[axis], at = at%d, at/d
		}
		return fmt.Errorf("holds %v at %d", v, place)
	}
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

// reach counts the elements from the first to the last, gaps included. There is at least one.
func (e entry) reach() int64 {
	n := int64(1)
	for i, stride := range e.stride {
		n += int64(e.shape[i]-1) * int64(stride)
	}
	return n
}

// readRun converts consecutive elements.
func (f *File) readRun(e entry, dst []float32) error {
	size, at := sizes[e.dtype], e.base
	buf := make([]byte, int64(min(len(dst), readChunk))*size)
	for part := range slices.Chunk(dst, readChunk) {
		raw := buf[:int64(len(part))*size]
		if _, err := f.file.ReadAt(raw, at); err != nil {
			return err
		}
		decode(e.dtype, raw, part)
		at += int64(len(raw))
	}
	return nil
}

// readStrided reads the part of the storage that a view covers, and picks its elements. There is at least one.
func (f *File) readStrided(e entry, dst []float32) error {
	size := int(sizes[e.dtype])
	raw := make([]byte, e.reach()*int64(size))
	if _, err := f.file.ReadAt(raw, e.base); err != nil {
		return err
	}
	for i := range dst {
		at, rest := 0, i
		for axis, d := range slices.Backward(e.shape) {
			at += rest % d * e.stride[axis]
			rest /= d
		}
		decode(e.dtype, raw[at*size:], dst[i:i+1])
	}
	return nil
}

var le = binary.LittleEndian

// sizes are in bytes.
var sizes = map[DType]int64{
	"F64": 8, F32: 4, "F16": 2, BF16: 2, "I64": 8, "I32": 4, "I16": 2, I8: 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// decode converts little-endian elements.
func decode(t DType, src []byte, dst []float32) {
	switch t {
	case F32:
		each(dst, func(i int) float32 { return math.Float32frombits(le.Uint32(src[4*i:])) })
	case "F64":
		each(dst, func(i int) float32 { return float32(math.Float64frombits(le.Uint64(src[8*i:]))) })
	case "F16":
		each(dst, func(i int) float32 { return half(le.Uint16(src[2*i:])) })
	case BF16:
		each(dst, func(i int) float32 { return quantized.FromBF16(le.Uint16(src[2*i:])) })
	case "I64":
		each(dst, func(i int) float32 { return float32(int64(le.Uint64(src[8*i:]))) })
	case "I32":
		each(dst, func(i int) float32 { return float32(int32(le.Uint32(src[4*i:]))) })
	case "I16":
		each(dst, func(i int) float32 { return float32(int16(le.Uint16(src[2*i:]))) })
	case I8:
		each(dst, func(i int) float32 { return float32(int8(src[i])) })
	case "U64":
		each(dst, func(i int) float32 { return float32(le.Uint64(src[8*i:])) })
	case "U32":
		each(dst, func(i int) float32 { return float32(le.Uint32(src[4*i:])) })
	case "U16":
		each(dst, func(i int) float32 { return float32(le.Uint16(src[2*i:])) })
	default: // U8, BOOL
		each(dst, func(i int) float32 { return float32(src[i]) })
	}
}

// each is inlined together with convert, so it is as fast as a separate loop for each type.
func each(dst []float32, convert func(i int) float32) {
	for i := range dst {
		dst[i] = convert(i)
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
