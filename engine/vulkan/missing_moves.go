//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Route(engine.RouteArgs) { panic("TODO") }
