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
	require.Equal(t, "neon", NewBF16(kernel.NEON, v).Name)
	defer func(before bool) { cpu.ARM64.HasASIMDDP = before }(cpu.ARM64.HasASIMDDP)
	for there, name := range map[bool]string{true: "neon", false: "generic"} {
		cpu.ARM64.HasASIMDDP = there
		require.Equal(t, name, NewInt8(kernel.NEON, v).Name)
	}
}
