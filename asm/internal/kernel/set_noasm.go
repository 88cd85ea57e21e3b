//go:build purego || !(amd64 || arm64)

package kernel

// assembly has nothing to offer here.
func assembly() []Set { return nil }
