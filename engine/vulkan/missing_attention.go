//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Attention(engine.AttentionArgs)                                { panic("TODO") }
func (b *Backend) AttentionBackward(engine.AttentionArgs, engine.AttentionGrads) { panic("TODO") }
