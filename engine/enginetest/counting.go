package enginetest

import "mien/engine"

// Traffic is the amount transferred between host and backend.
type Traffic struct{ Calls, Bytes int }

func (t *Traffic) add(bytes int) {
	t.Calls++
	t.Bytes += bytes
}

// Counting is a backend that wraps another and counts calls, transfers and memory. Tensors made with it lie in buffers of the inner backend, so
// it costs nothing and changes nothing. Only work on tensors made with it is counted: tensors of the
// inner backend bypass it.
type Counting struct {
	engine.Backend
	Uploads, Downloads Traffic
	Allocs             Traffic
	Live, Peak         int            // bytes that were asked for and not freed: now, and at most since the last Reset
	Kernels            map[string]int // calls, by the names of methods

	sizes map[engine.Buffer]int
}

// NewCounting wraps a backend.
func NewCounting(inner engine.Backend) *Counting {
	return &Counting{Backend: inner, Kernels: map[string]int{}, sizes: map[engine.Buffer]int{}}
}

// Reset counts from zero again; what is live stays so.
func (c *Counting) Reset() {
	*c = Counting{Backend: c.Backend, Live: c.Live, Peak: c.Live, Kernels: map[string]int{}, sizes: c.sizes}
}

// KernelCalls is the sum over all kernels.
func (c *Counting) KernelCalls() (n int) {
	for _, calls := range c.Kernels {
		n += calls
	}
	return n
}

func (c *Counting) Alloc(bytes int) (engine.Buffer, error) {
	c.Allocs.add(bytes)
	buf, err := c.Backend.Alloc(bytes)
	if err == nil {
		c.sizes[buf] = bytes
		c.Live += bytes
		c.Peak = max(c.Peak, c.Live)
	}
	return buf, err
}

func (c *Counting) Free(buf engine.Buffer) {
	c.Live -= c.sizes[buf]
	delete(c.sizes, buf)
	c.Backend.Free(buf)
}

func (c *Counting) Upload(dst engine.Buffer, offset int, src []byte) {
	c.Uploads.add(len(src))
	c.Backend.Upload(dst, offset, src)
}

func (c *Counting) Download(dst []byte, src engine.Buffer, offset int) error {
	c.Downloads.add(len(dst))
	return c.Backend.Download(dst, src, offset)
}

func (c *Counting) Fill(dst *engine.Tensor, value float64) {
	c.Kernels["Fill"]++
	c.Backend.Fill(dst, value)
}

func (c *Counting) Cast(dst, src *engine.Tensor) {
	c.Kernels["Cast"]++
	c.Backend.Cast(dst, src)
}

func (c *Counting) Copy(a engine.CopyArgs) {
	c.Kernels["Copy"]++
	c.Backend.Copy(a)
}

func (c *Counting) Permute(dst, src *engine.Tensor, perm []int) {
	c.Kernels["Permute"]++
	c.Backend.Permute(dst, src, perm)
}

func (c *Counting) Patchify(a engine.PatchifyArgs) {
	c.Kernels["Patchify"]++
	c.Backend.Patchify(a)
}

func (c *Counting) Binary(op engine.BinaryOp, dst, a, b *engine.Tensor) {
	c.Kernels["Binary"]++
	c.Backend.Binary(op, dst, a, b)
}

func (c *Counting) Axpy(dst *engine.Tensor, s float64, x *engine.Tensor) {
	c.Kernels["Axpy"]++
	c.Backend.Axpy(dst, s, x)
}

func (c *Counting) Scale(dst, x *engine.Tensor, s float64) {
	c.Kernels["Scale"]++
	c.Backend.Scale(dst, x, s)
}

func (c *Counting) SumTo(dst, src *engine.Tensor, accumulate bool) {
	c.Kernels["SumTo"]++
	c.Backend.SumTo(dst, src, accumulate)
}

func (c *Counting) Unary(op engine.UnaryOp, dst, x *engine.Tensor) {
	c.Kernels["Unary"]++
	c.Backend.Unary(op, dst, x)
}

func (c *Counting) UnaryBackward(op engine.UnaryOp, dx, x, dy *engine.Tensor) {
	c.Kernels["UnaryBackward"]++
	c.Backend.UnaryBackward(op, dx, x, dy)
}

func (c *Counting) Gemm(a engine.GemmArgs) {
	c.Kernels["Gemm"]++
	c.Backend.Gemm(a)
}

func (c *Counting) PackWeight(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	c.Kernels["PackWeight"]++
	return c.Backend.PackWeight(w, p)
}

func (c *Counting) GroupedGemm(a engine.GroupedArgs) {
	c.Kernels["GroupedGemm"]++
	c.Backend.GroupedGemm(a)
}

func (c *Counting) Softmax(dst, x *engine.Tensor) {
	c.Kernels["Softmax"]++
	c.Backend.Softmax(dst, x)
}

func (c *Counting) SoftmaxBackward(dx, y, dy *engine.Tensor) {
	c.Kernels["SoftmaxBackward"]++
	c.Backend.SoftmaxBackward(dx, y, dy)
}

func (c *Counting) LogSoftmax(dst, x *engine.Tensor) {
	c.Kernels["LogSoftmax"]++
	c.Backend.LogSoftmax(dst, x)
}

func (c *Counting) LogSoftmaxBackward(dx, y, dy *engine.Tensor) {
	c.Kernels["LogSoftmaxBackward"]++
	c.Backend.LogSoftmaxBackward(dx, y, dy)
}

func (c *Counting) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	c.Kernels["LayerNorm"]++
	c.Backend.LayerNorm(dst, mean, rstd, x, gamma, beta, eps)
}

func (c *Counting) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor, accumulate bool) {
	c.Kernels["LayerNormBackward"]++
	c.Backend.LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd, accumulate)
}

func (c *Counting) Attention(a engine.AttentionArgs) {
	c.Kernels["Attention"]++
	c.Backend.Attention(a)
}

func (c *Counting) AttentionBackward(a engine.AttentionArgs, g engine.AttentionGrads) {
	c.Kernels["AttentionBackward"]++
	c.Backend.AttentionBackward(a, g)
}

func (c *Counting) Unfold(columns, x *engine.Tensor, w engine.Window) {
	c.Kernels["Unfold"]++
	c.Backend.Unfold(columns, x, w)
}

func (c *Counting) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	c.Kernels["Fold"]++
	c.Backend.Fold(x, columns, w, accumulate)
}

func (c *Counting) Depthwise(a engine.DepthwiseArgs) {
	c.Kernels["Depthwise"]++
	c.Backend.Depthwise(a)
}

func (c *Counting) MaxPool(dst, tap, x *engine.Tensor, w engine.Window) {
	c.Kernels["MaxPool"]++
	c.Backend.MaxPool(dst, tap, x, w)
}

func (c *Counting) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window) {
	c.Kernels["MaxPoolBackward"]++
	c.Backend.MaxPoolBackward(dx, dy, tap, w)
}

func (c *Counting) Sample(a engine.SampleArgs) {
	c.Kernels["Sample"]++
	c.Backend.Sample(a)
}

func (c *Counting) SampleBackward(a engine.SampleArgs, g engine.SampleGrads) {
	c.Kernels["SampleBackward"]++
	c.Backend.SampleBackward(a, g)
}

func (c *Counting) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	c.Kernels["Gather"]++
	c.Backend.Gather(dst, src, index, accumulate)
}

func (c *Counting) TopK(index, x *engine.Tensor) {
	c.Kernels["TopK"]++
	c.Backend.TopK(index, x)
}

func (c *Counting) Route(a engine.RouteArgs) {
	c.Kernels["Route"]++
	c.Backend.Route(a)
}

func (c *Counting) MSE(loss, pred, target *engine.Tensor) {
	c.Kernels["MSE"]++
	c.Backend.MSE(loss, pred, target)
}

func (c *Counting) MSEBackward(dpred, pred, target, dloss *engine.Tensor) {
	c.Kernels["MSEBackward"]++
	c.Backend.MSEBackward(dpred, pred, target, dloss)
}

func (c *Counting) RandomNormal(dst *engine.Tensor, key engine.Key) {
	c.Kernels["RandomNormal"]++
	c.Backend.RandomNormal(dst, key)
}

func (c *Counting) RandomMask(dst *engine.Tensor, p float64, key engine.Key) {
	c.Kernels["RandomMask"]++
	c.Backend.RandomMask(dst, p, key)
}

func (c *Counting) StepFigures(a engine.FiguresArgs) {
	c.Kernels["StepFigures"]++
	c.Backend.StepFigures(a)
}

func (c *Counting) AdamW(a engine.AdamWArgs) {
	c.Kernels["AdamW"]++
	c.Backend.AdamW(a)
}
