//go:build !purego

package vector

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

//go:noescape
func softmaxBytesAVX512Asm(dst *float32, ldd int, s *float32, lds, rows, n int, scales, top, sum, alpha *float32)

// bytesAVX512 is nil without AVX512_VNNI.
func bytesAVX512() *Bytes[float32] {
	if !cpu.X86.HasAVX512VNNI {
		return nil
	}
	return &Bytes[float32]{OnlineSoftmax: softmaxBytesAVX512}
}

func softmaxBytesAVX512(dst []float32, ldd int, s []float32, lds, rows, n int, scales, top, sum, alpha []float32) {
	_, _ = dst[(rows-1)*ldd+kernel.RoundUp(n, 32)/4-1], s[(rows-1)*lds+n-1]
	_, _, _, _ = scales[(rows-1)|15], top[rows-1], sum[rows-1], alpha[(rows-1)|15]
	softmaxBytesAVX512Asm(&dst[0], ldd, &s[0], lds, rows, n, &scales[0], &top[0], &sum[0], &alpha[0])
}
