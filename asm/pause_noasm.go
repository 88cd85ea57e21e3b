//go:build purego || !(amd64 || arm64)

package asm

// Pause does nothing here.
func Pause() {}
