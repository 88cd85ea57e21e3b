package nn

import (
	"mien/engine"
	"mien/weights"
)

// Stored describes a tensor for a weights file, which reads it from the backend when it is written.
func Stored(name string, t *engine.Tensor) weights.Tensor {
	return weights.Tensor{Name: name, Shape: t.Shape(), Fill: func(dst []float32) error { return engine.ReadInto(t, dst) }}
}
