//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// assembly returns the instruction sets there are, best first.
func assembly() []Set {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA:
		return nil
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL:
		return []Set{AVX512, AVX2}
	}
	return []Set{AVX2}
}
