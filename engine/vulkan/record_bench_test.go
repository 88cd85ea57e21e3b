//go:build vulkan

package vulkan

import (
	"testing"

	"mien/engine"
)

// BenchmarkRecord measures what the host does for a kernel: an op with two operands, in batches, each of which the device has to wait for.
func BenchmarkRecord(b *testing.B) {
	v, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	x, y := engine.Zeros(v, engine.Float32, 16), engine.Zeros(v, engine.Float32, 16)
	for b.Loop() {
		v.Axpy(x, 1, y)
	}
	v.Sync()
	b.ReportAllocs()
}
