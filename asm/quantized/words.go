package quantized

import (
	"unsafe"

	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

// wordKernels make words of two bfloat16s of operands that are not packed before, for at least one line and step. Rounding is left to
// Kernels.convert where lines follow each other.
type wordKernels struct {
	// pairs32 and pairs16 make words of two rows of memory, of lines that stand across, in panels: dst[i/NR*panel+s*ldd+i%NR] holds
	// x[2s*ldx+i] and, in its upper half, x[(2s+1)*ldx+i].
	pairs32 func(dst []uint32, ldd, panel int, x []float32, ldx, lines, steps int)
	pairs16 func(dst []uint32, ldd, panel int, x []uint16, ldx, lines, steps int)
	// copy makes words of a line of bfloat16s.
	copy func(dst []uint32, x []uint16)
	// transpose writes src [rows, columns] as dst [columns, rows].
	transpose func(dst []uint32, ldd int, src []uint32, lds, rows, columns int)
}

// wordsReference is the reference of the assembly.
func wordsReference() *wordKernels {
	return &wordKernels{pairs32: pairsReference[float32], pairs16: pairsReference[uint16], copy: copyReference,
		transpose: wordTranspose(gemm.Transpose(kernel.Generic))}
}

func pairsReference[T float32 | uint16](dst []uint32, ldd, panel int, x []T, ldx, lines, steps int) {
	for s := range steps {
		low, high := x[2*s*ldx:][:lines], x[(2*s+1)*ldx:][:lines]
		for i := range lines {
			dst[i/NR*panel+s*ldd+i%NR] = uint32(toBits(low[i])) | uint32(toBits(high[i]))<<16
		}
	}
}

// toBits returns the bits of a number as a bfloat16, which it may be already.
func toBits[T float32 | uint16](x T) uint16 {
	if v, ok := any(x).(float32); ok {
		return ToBF16(v)
	}
	return uint16(x)
}

func copyReference(dst []uint32, x []uint16) {
	clear(dst)
	for i, v := range x {
		dst[i/2] |= uint32(v) << (16 * (i % 2))
	}
}

// wordTranspose transposes words as if they were floats, which are only moved.
func wordTranspose(fn func(dst []float32, ldd int, src []float32, lds, rows, columns int)) func([]uint32, int, []uint32, int, int, int) {
	floats := func(x []uint32) []float32 { return unsafe.Slice((*float32)(unsafe.Pointer(&x[0])), len(x)) }
	return func(dst []uint32, ldd int, src []uint32, lds, rows, columns int) {
		fn(floats(dst), ldd, floats(src), lds, rows, columns)
	}
}
