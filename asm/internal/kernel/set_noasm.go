//go:build purego || !(amd64 || arm64)

package asm

// detectArch has nothing to offer here: the generic kernels serve.
func detectArch() []*Kernels[float32] { return nil }
