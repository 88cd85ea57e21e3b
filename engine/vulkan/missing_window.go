//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Sample(engine.SampleArgs)                             { panic("TODO") }
func (b *Backend) SampleBackward(engine.SampleArgs, engine.SampleGrads) { panic("TODO") }
