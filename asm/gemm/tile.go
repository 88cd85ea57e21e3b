package gemm

import "mien/asm/internal/kernel"

// tile computes a strip of one panel.
type tile[F kernel.Float] func(rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F])

// tileByTile builds a kernel for strips from one for tiles of up to nr columns, whose panels are all nr wide.
func tileByTile[F kernel.Float](nr int, tile tile[F]) Strip[F] {
	return func(rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F], _ []F) {
		first := add.Column
		for q := 0; q < columns; q += nr {
			add.Column = first + q
			tile(rows, min(nr, columns-q), k, a, lda, b[q*k:], c[q:], ldc, add)
		}
	}
}
