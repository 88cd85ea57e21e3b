//go:build vulkan

package vulkan

import "mien/engine"

// scratch returns memory for the dispatches of one method, which frees it when they are enqueued. Where there is none it panics, as
// engine.New does: whoever computes expects that of any method.
func (b *Backend) scratch(bytes int) *block {
	at, err := b.memory.alloc(bytes)
	if err != nil {
		panic(&engine.AllocError{Backend: b.Name(), Bytes: bytes, Err: err})
	}
	return at
}

// working is scratch for n numbers.
func (b *Backend) working(n int) *engine.Tensor {
	return engine.Borrow(b, b.scratch(n*engine.Float32.Size()), 0, engine.Float32, n)
}

// release returns working memory.
func (b *Backend) release(t *engine.Tensor) { b.memory.free(t.Buffer().(*block)) }

// table is scratch with a copy of bytes from the host.
func (b *Backend) table(bytes []byte) *block {
	at := b.scratch(len(bytes))
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
