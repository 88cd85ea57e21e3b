//go:build !purego

package asm

import "golang.org/x/sys/cpu"

// detectArch returns the assembly kernels that this CPU and operating system can run, best first.
func detectArch() []*Kernels[float32] {
	var found []*Kernels[float32]
	if hasAVX512() {
		found = append(found, avx512().finish())
	}
	if hasAVX2() {
		found = append(found, avx2().finish())
	}
	return found
}

func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

// hasAVX512 asks for the parts that every server core since Skylake has.
func hasAVX512() bool {
	x := &cpu.X86
	return hasAVX2() && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL
}
