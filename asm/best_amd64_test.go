//go:build !purego

package asm

import "golang.org/x/sys/cpu"

// bestHere is what a CPU with these features should run.
func bestHere() string {
	switch x := &cpu.X86; {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL:
		return "avx512"
	case x.HasAVX2 && x.HasFMA:
		return "avx2"
	}
	return "generic"
}
