//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Cast(dst, src *engine.Tensor) { panic("TODO") }
func (b *Backend) Gemm(engine.GemmArgs)         { panic("TODO") }
func (b *Backend) PackWeight(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	panic("TODO")
}
func (b *Backend) GroupedGemm(engine.GroupedArgs) { panic("TODO") }
