package vit

import (
	"math"

	ag "mien/autograd"
	"mien/nn"
)

// AddToClass is AddTo for the class tokens of x [F, S, D] alone, and their residual [F, 1, D]. A single query needs neither keys nor values: in
// a head, on rows of width d,
//
//	q·k   = q·(W_k·x + b_k) = (W_kᵀ·q)·x + q·b_k     the last is the same for all tokens: their softmax does not see it
//	Σ P·v = Σ P·(W_v·x + b_v) = W_v·(Σ P·x) + b_v    as Σ P = 1
//
// so that each head's query, taken back to the width of tokens, attends to x itself. This is 2·heads·D multiply-adds a token, where keys and
// values alone would be 2·D². All but the projection is computed at full precision.
func (a *Attention) AddToClass(residual, x *ag.Value) *ag.Value {
	tape, frames, dim := x.Tape(), x.Dim(0), x.Dim(2)
	d := dim / a.Heads
	weights := ag.Reshape(tape.Use(a.QKVWeight), 3, a.Heads, d, dim)
	weight := func(i int) *ag.Value { return ag.Reshape(ag.Slice(weights, 0, i, i+1), a.Heads, d, dim) }
	byHead := func(x *ag.Value) *ag.Value { return ag.Permute(x, 1, 0, 2) } // [F, heads, …] and [heads, F, …]
	qBias, vBias := a.biases(tape)

	q := ag.Linear(ClassTokens(x), ag.Reshape(weight(0), dim, dim), qBias)   // [F, 1, D]
	q = ag.Scale(ag.Reshape(q, frames, a.Heads, d), 1/math.Sqrt(float64(d))) // [F, heads, d]
	q = byHead(ag.MatMul(byHead(q), weight(1), false, false))                // [F, heads, D]  W_kᵀ·q
	o, p := ag.Attend(q, x, x)                                               // [F, heads, D]  Σ P·x
	if tape.Attended != nil {
		tape.Attended(ag.Reshape(p, frames, a.Heads, 1, x.Dim(1)))
	}
	o = byHead(ag.MatMul(byHead(o), weight(2), false, true)) // [F, heads, d]  W_v·Σ P·x
	o = ag.Add(ag.Reshape(o, frames, 1, dim), vBias)         // [F, 1, D]
	return a.Proj.AddTo(residual, o)                         // [F, 1, D]
}

// biases returns those of queries and values, [D].
func (a *Attention) biases(tape *ag.Tape) (q, v *ag.Value) {
	if a.QKVBias == nil {
		return a.QBias, a.VBias
	}
	all, dim := tape.Use(a.QKVBias), a.QKVBias.Dim(0)/3
	return ag.Slice(all, 0, 0, dim), ag.Slice(all, 0, 2*dim, 3*dim)
}

// classWork counts Attend of class tokens of n sequences: n·(4·D² + 2·heads·tokens·D). Its backward pass is counted as if a gradient reached
// the other tokens in any case.
func (b *Block) classWork(w *nn.Work, n, tokens int) {
	a, dim := b.Attn, b.Attn.Proj.Weight.Dim(0)
	w.Learns(b.Norm1.Weight, b.Norm1.Bias)
	w.Product(n*dim*dim, a.QKVWeight) // W_q·x
	w.Learns(a.QKVBias, a.QBias)
	w.Product(n*dim*dim, a.QKVWeight)     // W_kᵀ·q
	w.Mix(2 * n * a.Heads * tokens * dim) // q·xᵀ and P·x
	w.Product(n*dim*dim, a.QKVWeight)     // W_v·Σ P·x
	w.Learns(a.VBias)
	w.Linear(n, a.Proj)
}
