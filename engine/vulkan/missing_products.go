//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) GroupedGemm(engine.GroupedArgs) { panic("TODO") }
