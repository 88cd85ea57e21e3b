//go:build !purego

package attention

import (
	"golang.org/x/sys/cpu"

	"mien/asm/internal/kernel"
)

//go:noescape
func int8TileAVX512Asm(m, n, k int, a *float32, lda int, b, c *float32, ldc int, start, scales, alpha *float32)

//go:noescape
func int8RowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, n int, flip uint32, scales, starts *float32)

//go:noescape
func int8TopsAVX512Asm(tops, src *float32, stride, rows, n int)

//go:noescape
func int8PackAVX512Asm(dst, a, b, c, d *float32, stride, groups, n int, inverse *float32)

// int8AVX512 is nil without AVX512_VNNI.
func int8AVX512() *int8Kernels[float32] {
	if !cpu.X86.HasAVX512VNNI {
		return nil
	}
	return &int8Kernels[float32]{product: int8ProductAVX512, rows: int8RowsAVX512, tops: int8TopsAVX512, pack: int8PackAVX512}
}

// int8ProductAVX512 calls the tile on every panel.
func int8ProductAVX512(p int8Product[float32]) {
	_ = p.a[(p.m-1)*p.lda+p.k-1]
	var alpha *float32
	if p.alpha != nil {
		alpha = &p.alpha[:p.m][0]
	}
	for q := 0; q < p.n; q += avx512Width {
		n, b, c, start, scales := min(avx512Width, p.n-q), p.b[q/avx512Width*p.panel:], p.c[q:], p.start[q:], p.scales[q:]
		wide := kernel.RoundUp(n, avx512Lanes)
		_, _, _, _ = b[(p.k-1)*avx512Width+wide-1], c[(p.m-1)*p.ldc+wide-1], start[wide-1], scales[wide-1]
		int8TileAVX512Asm(p.m, n, p.k, &p.a[0], p.lda, &b[0], &c[0], p.ldc, &start[0], &scales[0], alpha)
	}
}

func int8RowsAVX512(dst []float32, ldd int, src []float32, lds, rows, n int, flip uint32, scales, starts []float32) {
	_, _, _, _ = dst[(rows-1)*ldd+quad(n)-1], src[(rows-1)*lds+n-1], scales[rows-1], starts[rows-1]
	int8RowsAVX512Asm(&dst[0], ldd, &src[0], lds, rows, n, flip, &scales[0], &starts[0])
}

func int8TopsAVX512(tops, src []float32, stride, rows, n int) {
	_, _ = tops[n-1], src[(rows-1)*stride+n-1]
	int8TopsAVX512Asm(&tops[0], &src[0], stride, rows, n)
}

// int8PackAVX512 fills up an incomplete group of rows with zeros.
func int8PackAVX512(dst, src []float32, stride, rows, n int, inverse []float32) {
	wide := kernel.RoundUp(n, avx512Lanes)
	_, _, _ = dst[(quarter(rows)-1)*avx512Width+wide-1], src[(rows-1)*stride+n-1], inverse[wide-1]
	if groups := rows / 4; groups > 0 {
		int8PackAVX512Asm(&dst[0], &src[0], &src[stride], &src[2*stride], &src[3*stride], stride, groups, n, &inverse[0])
	}
	if left := rows % 4; left > 0 {
		var zeros [avx512Width]float32
		row := [4]*float32{&zeros[0], &zeros[0], &zeros[0], &zeros[0]}
		for i := range left {
			row[i] = &src[(rows-left+i)*stride]
		}
		int8PackAVX512Asm(&dst[rows/4*avx512Width], row[0], row[1], row[2], row[3], 0, 1, n, &inverse[0])
	}
}
