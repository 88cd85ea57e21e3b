//go:build !purego

package vector

//go:noescape
func geluNEONAsm(dst, x *float32, n int)

//go:noescape
func geluBackwardNEONAsm(dx, x, dy *float32, n int)

func geluVectors(dst, x *float32, n int) { geluNEONAsm(dst, x, n) }

func geluBackwardVectors(dx, x, dy *float32, n int) { geluBackwardNEONAsm(dx, x, dy, n) }
