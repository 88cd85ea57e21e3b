//go:build !purego && (amd64 || arm64)

package vector

//go:noescape
func roundSIMDAsm(dst *uint16, x *float32, n int)

//go:noescape
func widenSIMDAsm(dst *float32, x *uint16, n int)

func roundSIMD(dst []uint16, x []float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { roundSIMDAsm(&dst[i], &x[i], n) })
	roundReference(dst[i:], x[i:])
}

func widenSIMD(dst []float32, x []uint16) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { widenSIMDAsm(&dst[i], &x[i], n) })
	widenReference(dst[i:], x[i:])
}
