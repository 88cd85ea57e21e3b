package gemm

import "mien/asm/internal/kernel"

// tile computes a strip of one panel.
type tile[F kernel.Float] func(rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F])

// tileByTile builds a kernel for strips from one for tiles of up to nr columns, whose panels are all nr wide.
func tileByTile[F kernel.Float](nr int, tile tile[F]) Strips[F] {
	return func(strips, rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F], _ []F) {
		row, column := add.Row, add.Column
		for i := 0; i < strips*rows; i += rows {
			for q := 0; q < columns; q += nr {
				add.Row, add.Column = row+i, column+q
				tile(rows, min(nr, columns-q), k, a[i*lda:], lda, b[q*k:], c[i*ldc+q:], ldc, add)
			}
		}
	}
}
