package attention

import (
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

// productScratch is the working memory of one product: a strip of A where that is stored by columns, and what tiles add.
type productScratch[F kernel.Float] struct {
	a   []F
	add gemm.Addends[F]
}

// productReference computes p strip by strip of MR rows. Panels are NR wide, the last one too: Lanes is NR where this runs.
func (k *Kernels[F]) productReference(p panelProduct[F]) {
	g, s := k.gemm, k.scratch.Get()
	defer k.scratch.Put(s)
	if p.accumulate {
		s.add.Matrices[0] = gemm.Addend[F]{X: p.c, LD: p.ldc}
	}
	for i := 0; i < p.m; i += g.MR {
		rows, a, lda := min(g.MR, p.m-i), p.a[i*p.rs:], p.rs
		if p.ps != 1 {
			columns := a
			a, lda = kernel.Room(&s.a, g.MR*p.k), p.k
			g.Transpose(a, lda, columns, p.ps, p.k, rows)
		}
		for q := 0; q < p.n; q += g.NR {
			s.add.Row, s.add.Column = i, q
			g.Strips(1, rows, min(g.NR, p.n-q), p.k, a, lda, p.b[q/g.NR*p.panel:], p.c[i*p.ldc+q:], p.ldc, &s.add, nil)
		}
	}
	s.add = gemm.Addends[F]{}
}
