package cpu

import (
	"runtime"
	"sync/atomic"

	"mien/asm"
	"mien/engine"
)

// scratch is working memory for one kernel call, a piece for each of its parts.
type scratch struct {
	memory *engine.Tensor // [pieces, size]
	taken  atomic.Int32
}

// scratchFor allocates a piece of size elements for each part into which parallel may cut n items.
func scratchFor(c *Backend, dtype engine.DType, n, size int) *scratch {
	return &scratch{memory: engine.New(c, dtype, min(runtime.GOMAXPROCS(0), n), size)}
}

// take returns a piece that no other part has, with undefined contents.
func take[F asm.Float](s *scratch) []F {
	i, size := int(s.taken.Add(1)-1), s.memory.Dim(1)
	return host[F](s.memory)[i*size : (i+1)*size]
}

func (s *scratch) free() { s.memory.Free() }
