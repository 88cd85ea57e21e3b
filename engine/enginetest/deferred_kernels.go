package enginetest

import (
	"slices"

	"mien/engine"
)

// The kernels of Deferred: each hands its tensors on, copies its lists, and joins the queue.

func (d *Deferred) Fill(dst *engine.Tensor, value float64) {
	dst = d.borrow(dst)
	d.enqueue(func() { d.inner.Fill(dst, value) })
}

func (d *Deferred) Cast(dst, src *engine.Tensor) {
	d.borrowIn(&dst, &src)
	d.enqueue(func() { d.inner.Cast(dst, src) })
}

func (d *Deferred) Copy(a engine.CopyArgs) {
	d.borrowIn(&a.Dst, &a.Src)
	d.enqueue(func() { d.inner.Copy(a) })
}

func (d *Deferred) Permute(dst, src *engine.Tensor, perm []int) {
	d.borrowIn(&dst, &src)
	perm = slices.Clone(perm)
	d.enqueue(func() { d.inner.Permute(dst, src, perm) })
}

func (d *Deferred) Patchify(a engine.PatchifyArgs) {
	d.borrowIn(&a.Dst, &a.Pixels, &a.Rows)
	d.enqueue(func() { d.inner.Patchify(a) })
}

func (d *Deferred) Binary(op engine.BinaryOp, dst, a, b *engine.Tensor) {
	d.borrowIn(&dst, &a, &b)
	d.enqueue(func() { d.inner.Binary(op, dst, a, b) })
}

func (d *Deferred) Axpy(dst *engine.Tensor, s float64, x *engine.Tensor) {
	d.borrowIn(&dst, &x)
	d.enqueue(func() { d.inner.Axpy(dst, s, x) })
}

func (d *Deferred) Scale(dst, x *engine.Tensor, s float64) {
	d.borrowIn(&dst, &x)
	d.enqueue(func() { d.inner.Scale(dst, x, s) })
}

func (d *Deferred) SumTo(dst, src *engine.Tensor, accumulate bool) {
	d.borrowIn(&dst, &src)
	d.enqueue(func() { d.inner.SumTo(dst, src, accumulate) })
}

func (d *Deferred) Unary(op engine.UnaryOp, dst, x *engine.Tensor) {
	d.borrowIn(&dst, &x)
	d.enqueue(func() { d.inner.Unary(op, dst, x) })
}

func (d *Deferred) UnaryBackward(op engine.UnaryOp, dx, x, dy *engine.Tensor) {
	d.borrowIn(&dx, &x, &dy)
	d.enqueue(func() { d.inner.UnaryBackward(op, dx, x, dy) })
}

// Gemm leaves out the operand that a packed weight replaces.
func (d *Deferred) Gemm(a engine.GemmArgs) {
	packed := packs(a.Packed)
	if a.Packed != nil {
		a.B = nil
	}
	d.borrowIn(&a.C, &a.A, &a.B, &a.Bias, &a.Pre, &a.Residual, &a.Slope, &a.RowSums)
	d.enqueue(func() {
		a.Packed = made(packed)[0]
		d.inner.Gemm(a)
	})
}

func (d *Deferred) GroupedGemm(a engine.GroupedArgs) {
	packed := packs(a.Packed...)
	d.borrowIn(&a.X, &a.Y, &a.Offsets, &a.Pre)
	a.B = d.borrowAll(a.B)
	if a.Packed != nil {
		a.W = nil
	} else {
		a.W = d.borrowAll(a.W)
	}
	d.enqueue(func() {
		if a.Packed != nil {
			a.Packed = made(packed)
		}
		d.inner.GroupedGemm(a)
	})
}

// packs returns the packed weights in the queue, which may be freed before they are used.
func packs(weights ...*engine.PackedWeight) []*pack {
	out := make([]*pack, len(weights))
	for i, w := range weights {
		if w != nil {
			out[i] = w.Form.(*pack)
		}
	}
	return out
}

// made returns the packed weights of the inner backend, once the queue has reached their use.
func made(packed []*pack) []*engine.PackedWeight {
	out := make([]*engine.PackedWeight, len(packed))
	for i, p := range packed {
		if p != nil {
			out[i] = p.inner
		}
	}
	return out
}

func (d *Deferred) Softmax(dst, x *engine.Tensor) {
	d.borrowIn(&dst, &x)
	d.enqueue(func() { d.inner.Softmax(dst, x) })
}

func (d *Deferred) SoftmaxBackward(dx, y, dy *engine.Tensor) {
	d.borrowIn(&dx, &y, &dy)
	d.enqueue(func() { d.inner.SoftmaxBackward(dx, y, dy) })
}

func (d *Deferred) LogSoftmax(dst, x *engine.Tensor) {
	d.borrowIn(&dst, &x)
	d.enqueue(func() { d.inner.LogSoftmax(dst, x) })
}

func (d *Deferred) LogSoftmaxBackward(dx, y, dy *engine.Tensor) {
	d.borrowIn(&dx, &y, &dy)
	d.enqueue(func() { d.inner.LogSoftmaxBackward(dx, y, dy) })
}

func (d *Deferred) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	d.borrowIn(&dst, &mean, &rstd, &x, &gamma, &beta)
	d.enqueue(func() { d.inner.LayerNorm(dst, mean, rstd, x, gamma, beta, eps) })
}

func (d *Deferred) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor, accumulate bool) {
	d.borrowIn(&dx, &dgamma, &dbeta, &x, &gamma, &dy, &mean, &rstd)
	d.enqueue(func() { d.inner.LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd, accumulate) })
}

func (d *Deferred) Attention(a engine.AttentionArgs) {
	d.borrowIn(&a.QKV, &a.Out, &a.LSE)
	d.enqueue(func() { d.inner.Attention(a) })
}

func (d *Deferred) AttentionBackward(a engine.AttentionArgs, g engine.AttentionGrads) {
	d.borrowIn(&a.QKV, &a.Out, &a.LSE, &g.DOut, &g.DQKV)
	d.enqueue(func() { d.inner.AttentionBackward(a, g) })
}

func (d *Deferred) Unfold(columns, x *engine.Tensor, w engine.Window) {
	d.borrowIn(&columns, &x)
	d.enqueue(func() { d.inner.Unfold(columns, x, w) })
}

func (d *Deferred) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	d.borrowIn(&x, &columns)
	d.enqueue(func() { d.inner.Fold(x, columns, w, accumulate) })
}

func (d *Deferred) Depthwise(a engine.DepthwiseArgs) {
	d.borrowIn(&a.X, &a.Y, &a.Weight, &a.Bias)
	d.enqueue(func() { d.inner.Depthwise(a) })
}

func (d *Deferred) MaxPool(dst, tap, x *engine.Tensor, w engine.Window) {
	d.borrowIn(&dst, &tap, &x)
	d.enqueue(func() { d.inner.MaxPool(dst, tap, x, w) })
}

func (d *Deferred) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window) {
	d.borrowIn(&dx, &dy, &tap)
	d.enqueue(func() { d.inner.MaxPoolBackward(dx, dy, tap, w) })
}

func (d *Deferred) Sample(a engine.SampleArgs) {
	d.borrowIn(&a.X, &a.At, &a.Factor, &a.Out)
	d.enqueue(func() { d.inner.Sample(a) })
}

func (d *Deferred) SampleBackward(a engine.SampleArgs, g engine.SampleGrads) {
	d.borrowIn(&a.X, &a.At, &a.Factor, &a.Out)
	d.borrowIn(&g.DOut, &g.DX, &g.DAt, &g.DFactor)
	d.enqueue(func() { d.inner.SampleBackward(a, g) })
}

func (d *Deferred) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	d.borrowIn(&dst, &src, &index)
	d.enqueue(func() { d.inner.Gather(dst, src, index, accumulate) })
}

func (d *Deferred) TopK(index, x *engine.Tensor) {
	d.borrowIn(&index, &x)
	d.enqueue(func() { d.inner.TopK(index, x) })
}

func (d *Deferred) Route(a engine.RouteArgs) {
	d.borrowIn(&a.Choice, &a.Slot, &a.Place, &a.Token, &a.Chosen, &a.Offsets, &a.Keep, &a.Order)
	d.enqueue(func() { d.inner.Route(a) })
}

func (d *Deferred) MSE(loss, pred, target *engine.Tensor) {
	d.borrowIn(&loss, &pred, &target)
	d.enqueue(func() { d.inner.MSE(loss, pred, target) })
}

func (d *Deferred) MSEBackward(dpred, pred, target, dloss *engine.Tensor) {
	d.borrowIn(&dpred, &pred, &target, &dloss)
	d.enqueue(func() { d.inner.MSEBackward(dpred, pred, target, dloss) })
}

func (d *Deferred) RandomNormal(dst *engine.Tensor, key engine.Key) {
	dst = d.borrow(dst)
	d.enqueue(func() { d.inner.RandomNormal(dst, key) })
}

func (d *Deferred) RandomMask(dst *engine.Tensor, p float64, key engine.Key) {
	dst = d.borrow(dst)
	d.enqueue(func() { d.inner.RandomMask(dst, p, key) })
}

func (d *Deferred) StepFigures(a engine.FiguresArgs) {
	d.borrowIn(&a.Figures, &a.Previous, &a.Loss)
	a.Grads = d.borrowAll(a.Grads)
	d.enqueue(func() { d.inner.StepFigures(a) })
}

func (d *Deferred) AdamW(a engine.AdamWArgs) {
	d.borrowIn(&a.Steps, &a.Figures)
	a.Params, a.Grads, a.M, a.V = d.borrowAll(a.Params), d.borrowAll(a.Grads), d.borrowAll(a.M), d.borrowAll(a.V)
	a.LR, a.Decay, a.Index = slices.Clone(a.LR), slices.Clone(a.Decay), slices.Clone(a.Index)
	d.enqueue(func() { d.inner.AdamW(a) })
}
