//go:build !purego

package quantized

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
	"mien/asm/vector"
)

// What a CPU has is used, and only that.
func TestInstructionsAreChosen(t *testing.T) {
	v := vector.Reference[float32]()
	defer func(before bool) { cpu.X86.HasAVX512BF16 = before }(cpu.X86.HasAVX512BF16)
	defer func(before bool) { cpu.X86.HasAVX512VNNI = before }(cpu.X86.HasAVX512VNNI)
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
