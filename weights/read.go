package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"mien/asm/quantized"
)

// readChunk elements are converted at a time.
const readChunk = 1 << 16

// Read converts a tensor to float32, row-major, into dst, whose length must be the number of its elements. Of a quantised tensor
// it gives the values, not the whole numbers.
func (f *File) Read(name string, dst []float32) error {
	e, ok := f.tensors[name]
	if !ok {
		return fmt.Errorf("%s: holds no tensor %q", f.path, name)
	}
	n := 1
	for _, d := range e.shape {
		n *= d
	}
	if len(dst) != n {
		return fmt.Errorf("%s: %q has %d elements, not %d", f.path, name, n, len(dst))
	}
	var err error
	if e.contiguous() {
		err = f.readRun(e, e.offset, dst)
	} else {
		err = f.readStrided(e, dst)
	}
	if err != nil {
		return fmt.Errorf("%s: %q: %w", f.path, name, cause(err))
	}
	scaleRows(dst, e.scales)
	return nil
}

// contiguous tells whether the tensor is row-major without gaps.
func (e entry) contiguous() bool {
	want := int64(1)
	for i := len(e.stride) - 1; i >= 0; i-- {
		if e.shape[i] != 1 && e.stride[i] != want {
			return false
		}
		want *= int64(e.shape[i])
	}
	return true
}

// readRun converts consecutive elements.
func (f *File) readRun(e entry, at int64, dst []float32) error {
	size := sizes[e.dtype]
	buf := make([]byte, min(int64(len(dst)), readChunk)*size)
	for len(dst) > 0 {
		n := min(len(dst), readChunk)
		part := buf[:int64(n)*size]
		if err := f.readBytes(part, e.base+at*size); err != nil {
			return err
		}
		decode(e.dtype, part, dst[:n])
		dst, at = dst[n:], at+int64(n)
	}
	return nil
}

// readStrided reads the part of the storage that a view covers, and picks its elements.
func (f *File) readStrided(e entry, dst []float32) error {
	if len(dst) == 0 {
		return nil
	}
	size, span := sizes[e.dtype], int64(1)
	for i, d := range e.shape {
		span += int64(d-1) * e.stride[i]
	}
	raw := make([]byte, span*size)
	if err := f.readBytes(raw, e.base+e.offset*size); err != nil {
		return err
	}
	index := make([]int, len(e.shape))
	for i := range dst {
		at := int64(0)
		for axis, j := range index {
			at += int64(j) * e.stride[axis]
		}
		decode(e.dtype, raw[at*size:], dst[i:i+1])
		for axis := len(index) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < e.shape[axis] {
				break
			}
			index[axis] = 0
		}
	}
	return nil
}

// readBytes fills buf. A file that ends earlier than when it was opened is an error.
func (f *File) readBytes(buf []byte, at int64) error {
	_, err := f.file.ReadAt(buf, at)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// decode converts little-endian elements.
func decode(t DType, src []byte, dst []float32) {
	le := binary.LittleEndian
	switch t {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
		}
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
		}
	case F16:
		for i := range dst {
			dst[i] = half(le.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = quantized.FromBF16(le.Uint16(src[2*i:]))
		}
	case I64:
		for i := range dst {
			dst[i] = float32(int64(le.Uint64(src[8*i:])))
		}
	case I32:
		for i := range dst {
			dst[i] = float32(int32(le.Uint32(src[4*i:])))
		}
	case I16:
		for i := range dst {
			dst[i] = float32(int16(le.Uint16(src[2*i:])))
		}
	case I8:
		for i := range dst {
			dst[i] = float32(int8(src[i]))
		}
	case U64:
		for i := range dst {
			dst[i] = float32(le.Uint64(src[8*i:]))
		}
	case U32:
		for i := range dst {
			dst[i] = float32(le.Uint32(src[4*i:]))
		}
	case U16:
		for i := range dst {
			dst[i] = float32(le.Uint16(src[2*i:]))
		}
	default: // U8, BOOL
		for i := range dst {
			dst[i] = float32(src[i])
		}
	}
}

// half converts IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31: // infinities and NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case exp == 0: // zero and denormals
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
