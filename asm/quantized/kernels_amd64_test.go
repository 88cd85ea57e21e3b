//go:build !purego

package quantized

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
)

// What a CPU has is used, and only that.
func TestLowInstructionsAreChosen(t *testing.T) {
	has := func(has bool) string { return map[bool]string{true: "avx512", false: "avx2"}[has] }
	for _, k := range Implementations() {
		switch k.Name {
		case "avx512":
			require.Equal(t, has(cpu.X86.HasAVX512BF16), k.BF16.Name)
			require.Equal(t, has(cpu.X86.HasAVX512VNNI), k.Int8.Name)
		default:
			require.Equal(t, k.Name, k.BF16.Name)
			require.Equal(t, k.Name, k.Int8.Name)
		}
	}
	defer func(before bool) { cpu.X86.HasAVX512BF16 = before }(cpu.X86.HasAVX512BF16)
	defer func(before bool) { cpu.X86.HasAVX512VNNI = before }(cpu.X86.HasAVX512VNNI)
	for _, there := range []bool{true, false} {
		cpu.X86.HasAVX512BF16, cpu.X86.HasAVX512VNNI = there, there
		require.Equal(t, has(there), bf16AVX512().Name)
		require.Equal(t, has(there), int8AVX512().Name)
	}
}
