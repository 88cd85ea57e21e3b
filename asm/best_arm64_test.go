//go:build !purego

package asm

// bestHere: every arm64 CPU that Go runs on has NEON.
func bestHere() string { return "neon" }
