//go:build !purego

package asm

import "golang.org/x/sys/cpu"

// bestHere is what a CPU with these features should run.
func bestHere() string {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return "avx2"
	}
	return "generic"
}
