package asm

import "math"

// completeAttention builds the inner loops of attention that an implementation does not bring from its other kernels. In
// plain Go that is all of them: the twin.
func (k *Kernels[F]) completeAttention() {
	a := &k.attention
	if a.product == nil {
		const keys = 192
		a.width, a.queries, a.keys = k.NR, 48, roundUp(keys, k.NR)
		a.product = k.multiplyPanels
		a.transpose = func(dst, src []F, stride, rows, columns int) { k.Transpose(dst, k.NR, src, stride, rows, columns) }
		a.scale = k.scaleRows
	}
	if a.softmax == nil {
		a.softmax = k.onlineSoftmax
	}
	if a.grad == nil {
		a.grad = k.attentionGrad
	}
}

// multiplyPanels computes p strip by strip of MR rows. Panels are NR wide, the last one too: Lanes is NR where this runs.
func (k *Kernels[F]) multiplyPanels(p panelProduct[F]) {
	s := k.scratch.get()
	defer k.scratch.put(s)
	if p.accumulate {
		s.add.Matrices[0] = Addend[F]{p.c, p.ldc}
	}
	for i := 0; i < p.m; i += k.MR {
		rows, a, lda := min(k.MR, p.m-i), p.a[i*p.rs:], p.rs
		if p.ps != 1 {
			columns := a
			a, lda = room(&s.a, k.MR*p.k), p.k
			k.Transpose(a, lda, columns, p.ps, p.k, rows)
		}
		for q := 0; q < p.n; q += k.NR {
			s.add.Row, s.add.Column = i, q
			k.GemmStrip(rows, min(k.NR, p.n-q), p.k, a, lda, p.b[q/k.NR*p.panel:], p.c[i*p.ldc+q:], p.ldc, &s.add)
		}
	}
	s.add = Addends[F]{}
}

func (k *Kernels[F]) onlineSoftmax(s []F, lds, rows, n int, top, sum, alpha []F) {
	for r := range rows {
		row, m := s[r*lds:][:n], top[r]
		for _, v := range row {
			if v > m {
				m = v
			}
		}
		alpha[r] = shrink(top[r], m)
		k.Exp(row, row, m)
		sum[r] = alpha[r]*sum[r] + k.Sum(row)
		top[r] = m
	}
}

// shrink is exp(top − m), mostly 1 as most blocks bring no new maximum.
func shrink[F Float](top, m F) F {
	if top == m {
		return 1
	}
	return F(math.Exp(float64(top - m)))
}

func (k *Kernels[F]) scaleRows(dst []F, ldd int, src []F, lds, rows, n int, factors []F) {
	step := min(len(factors)-1, 1)
	for r := range rows {
		to, from := dst[r*ldd:][:n], src[r*lds:][:n]
		if f := factors[r*step]; f == 1 {
			copy(to, from)
		} else {
			k.Scale(to, from, f)
		}
	}
}

func (k *Kernels[F]) attentionGrad(s, dp []F, ld, rows, n int, lse, delta []F) {
	for r := range rows {
		p, g := s[r*ld:][:n], dp[r*ld:][:n]
		k.Exp(p, p, lse[r])
		k.SoftmaxGrad(g, p, g, delta[r])
	}
}
