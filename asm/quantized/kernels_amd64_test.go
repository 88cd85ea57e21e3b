//go:build !purego

package quantized

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
	"mien/asm/vector"
)

func init() {
	if cpu.X86.HasAVX2 && cpu.X86.HasAVXVNNI {
		k := int8AVX2()
		k.vector = vector.New(kernel.AVX2)
		passedOver = append(passedOver, k)
	}
}

// What a CPU has is used, and only that.
func TestInstructionsAreChosen(t *testing.T) {
	v := vector.Reference[float32]()
	defer func(before bool) { cpu.X86.HasAVX512BF16 = before }(cpu.X86.HasAVX512BF16)
	defer func(before bool) { cpu.X86.HasAVX512VNNI = before }(cpu.X86.HasAVX512VNNI)
	defer func(before bool) { cpu.X86.HasAVXVNNI = before }(cpu.X86.HasAVXVNNI)
	cpu.X86.HasAVXVNNI = false
	require.Equal(t, 4, NewInt8(kernel.AVX2, v).MR)
	cpu.X86.HasAVXVNNI = true
	require.Equal(t, 6, NewInt8(kernel.AVX2, v).MR)
	for there, name := range map[bool]string{true: "avx512", false: "avx2"} {
		cpu.X86.HasAVX512BF16, cpu.X86.HasAVX512VNNI = there, !there
		require.Equal(t, name, NewBF16(kernel.AVX512, v).Name)
		require.NotEqual(t, name, NewInt8(kernel.AVX512, v).Name)
		cpu.X86.HasAVX512BF16, cpu.X86.HasAVX512VNNI = !there, there
		require.NotEqual(t, name, NewBF16(kernel.AVX512, v).Name)
		require.Equal(t, name, NewInt8(kernel.AVX512, v).Name)
		for _, set := range []kernel.Set{kernel.AVX2, kernel.Generic} {
			require.EqualValues(t, set, NewBF16(set, v).Name)
			require.EqualValues(t, set, NewInt8(set, v).Name)
		}
	}
}
