//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Patchify(engine.PatchifyArgs)                             { panic("TODO") }
func (b *Backend) Gather(dst, src, index *engine.Tensor, accumulate bool)   { panic("TODO") }
func (b *Backend) TopK(index, x *engine.Tensor)                             { panic("TODO") }
func (b *Backend) Route(engine.RouteArgs)                                   { panic("TODO") }
func (b *Backend) RandomNormal(dst *engine.Tensor, key engine.Key)          { panic("TODO") }
func (b *Backend) RandomMask(dst *engine.Tensor, p float64, key engine.Key) { panic("TODO") }
