//go:build vulkan

package vulkan

import "mien/engine"

// working returns memory for n numbers between the dispatches of one method, nil after an error, which the stream keeps. Free it as soon as
// they are enqueued.
func (b *Backend) working(n int) *engine.Tensor {
	at, err := b.memory.alloc(n * engine.Float32.Size())
	if err != nil {
		b.stream.fail(err)
		return nil
	}
	return engine.Borrow(b, at, 0, engine.Float32, n)
}

// release returns working memory.
func (b *Backend) release(t *engine.Tensor) { b.memory.free(t.Buffer().(*block)) }

// table copies bytes to the device; nil after an error.
func (b *Backend) table(bytes []byte) *block {
	at, err := b.memory.alloc(len(bytes))
	if err != nil {
		b.stream.fail(err)
		return nil
	}
	b.upload.write(at, 0, bytes)
	return at
}

// allFloat32 panics unless all operands are Float32, for methods that allocate before their first dispatch or have tables of operands.
func allFloat32(op string, operands ...*engine.Tensor) {
	for _, t := range operands {
		if t != nil && t.DType() != engine.Float32 {
			panic(unsupported(op, t.DType()))
		}
	}
}
