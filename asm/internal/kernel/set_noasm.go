//go:build purego || !(amd64 || arm64)

package kernel

// assembly returns none.
func assembly() []Set { return nil }
