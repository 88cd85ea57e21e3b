//go:build !purego

package quantized

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
)

// What a CPU has is used, and only that.
func TestLowInstructionsAreChosen(t *testing.T) {
	require.Equal(t, "neon", bf16NEON().Name)
	defer func(before bool) { cpu.ARM64.HasASIMDDP = before }(cpu.ARM64.HasASIMDDP)
	for there, name := range map[bool]string{true: "neon", false: "generic"} {
		cpu.ARM64.HasASIMDDP = there
		require.Equal(t, name, int8NEON().Name)
	}
}
