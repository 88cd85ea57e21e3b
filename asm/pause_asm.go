//go:build !purego && (amd64 || arm64)

package asm

// Pause tells the processor that a loop waits, so that it leaves a core's units to the other thread on it.
func Pause()
