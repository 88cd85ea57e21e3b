//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) StepFigures(engine.FiguresArgs) { panic("TODO") }
func (b *Backend) AdamW(engine.AdamWArgs)         { panic("TODO") }
