//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) SumTo(dst, src *engine.Tensor, accumulate bool) { panic("TODO") }
func (b *Backend) Softmax(dst, x *engine.Tensor)                  { panic("TODO") }
func (b *Backend) SoftmaxBackward(dx, y, dy *engine.Tensor)       { panic("TODO") }
func (b *Backend) LogSoftmax(dst, x *engine.Tensor)               { panic("TODO") }
func (b *Backend) LogSoftmaxBackward(dx, y, dy *engine.Tensor)    { panic("TODO") }
func (b *Backend) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	panic("TODO")
}
func (b *Backend) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor) {
	panic("TODO")
}
func (b *Backend) MSE(loss, pred, target *engine.Tensor)                 { panic("TODO") }
func (b *Backend) MSEBackward(dpred, pred, target, dloss *engine.Tensor) { panic("TODO") }
func (b *Backend) StepFigures(engine.FiguresArgs)                        { panic("TODO") }
func (b *Backend) AdamW(engine.AdamWArgs)                                { panic("TODO") }
