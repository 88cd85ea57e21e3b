//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// assembly returns the instruction sets there are.
func assembly() []Set {
	if !cpu.ARM64.HasASIMD {
		return nil
	}
	return []Set{NEON}
}
