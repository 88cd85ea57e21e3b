//go:build !purego

package quantized

//go:noescape
func bf16TileAVX2Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

//go:noescape
func bf16ConvertAVX2Asm(dst *uint32, x *float32, n int)
