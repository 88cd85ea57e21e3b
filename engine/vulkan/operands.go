//go:build vulkan

package vulkan

import "mien/engine"

// What methods ask about their operands before they choose a kernel.

// wantFloats panics unless all tensors are Float32, before anything is recorded. It skips nil.
func wantFloats(op string, tensors ...*engine.Tensor) {
	for _, t := range tensors {
		if t != nil && t.DType() != engine.Float32 {
			panic(unsupported(op, t.DType()))
		}
	}
}

// lanesOf returns how many channels of a place a thread computes (shaders/lanes.glsl).
func lanesOf(channels int, tensors ...*engine.Tensor) int {
	if readsQuads(channels, tensors...) {
		return 4
	}
	return 1
}

// readsQuads tells whether a shader can read rows of a width four elements at a time. It skips nil.
func readsQuads(width int, tensors ...*engine.Tensor) bool {
	for _, t := range tensors {
		if t != nil && t.Offset()%4 != 0 { // a block itself begins at a granule
			return false
		}
	}
	return width%4 == 0
}

// oneIf is a condition as a number.
func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}
