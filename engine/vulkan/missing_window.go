//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Unfold(columns, x *engine.Tensor, w engine.Window)                { panic("TODO") }
func (b *Backend) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) { panic("TODO") }
func (b *Backend) Depthwise(engine.DepthwiseArgs)                                   { panic("TODO") }
func (b *Backend) MaxPool(dst, tap, x *engine.Tensor, w engine.Window)              { panic("TODO") }
func (b *Backend) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window)      { panic("TODO") }
func (b *Backend) Sample(engine.SampleArgs)                                         { panic("TODO") }
func (b *Backend) SampleBackward(engine.SampleArgs, engine.SampleGrads)             { panic("TODO") }
