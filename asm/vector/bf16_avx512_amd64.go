//go:build !purego

package vector

//go:noescape
func roundAVX512Asm(dst *uint16, x *float32, n int)

//go:noescape
func widenAVX512Asm(dst *float32, x *uint16, n int)

func roundAVX512(dst []uint16, x []float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { roundAVX512Asm(&dst[i], &x[i], n) })
}

func widenAVX512(dst []float32, x []uint16) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { widenAVX512Asm(&dst[i], &x[i], n) })
}
