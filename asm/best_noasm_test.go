//go:build purego || !(amd64 || arm64)

package asm

func bestHere() string { return "generic" }
