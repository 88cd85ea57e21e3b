package cpu

import (
	"mien/asm"
	"mien/engine"
)

// Operands of bfloat16. The kernels for float32 compute on them, in pieces that stay in the first cache: widened before, rounded after. For
// GELU, one loop over registers that does all three is slower.

// narrow tells whether t is of bfloat16, and this a dtype of activations: elsewhere methods refuse it.
func (c *Backend) narrow(t *engine.Tensor) bool {
	return t.DType() == engine.BFloat16 && c.Activations(engine.BF16) == engine.BFloat16
}

// pieceElements take 4 KiB at float32. Where operands come from memory, sums of pieces twice as long take half as much time again: more of
// the first cache is needed for what is read ahead.
const pieceElements = 1024

// inPieces has f compute dst from operands of its length, all of bfloat16: f gets a piece of each, and leaves its result in that of the
// first. dst may be an operand.
func inPieces(dst *engine.Tensor, f func(x [][]float32), operands ...*engine.Tensor) {
	d, k := host[uint16](dst), asm.F32()
	from := make([][]uint16, len(operands))
	for i, t := range operands {
		from[i] = host[uint16](t)
	}
	parallel(ceilDiv(len(d), pieceElements), elementGrain/pieceElements, func(lo, hi int) {
		x, memory := make([][]float32, len(from)), make([]float32, len(from)*pieceElements)
		for at := lo * pieceElements; at < min(hi*pieceElements, len(d)); at += pieceElements {
			n := min(pieceElements, len(d)-at)
			for i := range from {
				x[i] = memory[i*pieceElements:][:n]
				k.Widen(x[i], from[i][at:at+n])
			}
			f(x)
			k.Round(d[at:at+n], x[0])
		}
	})
}

// rows are those of a matrix, of F, or of bfloat16 beside float32.
type rows[F asm.Float] struct {
	n    int // elements of each
	wide []F

	bits []uint16 // in place of wide
	row  []F      // one of them
}

// rowsOf returns rows of n elements.
func rowsOf[F asm.Float](c *Backend, t *engine.Tensor, n int) rows[F] {
	if engine.DTypeOf[F]() == engine.Float32 && c.narrow(t) {
		return rows[F]{n: n, bits: host[uint16](t)}
	}
	return rows[F]{n: n, wide: host[F](t)}
}

// own returns the same rows for one thread, which alone may use them.
func (m rows[F]) own() rows[F] {
	if m.bits != nil {
		m.row = make([]F, m.n)
	}
	return m
}

// at returns memory for row r, to be filled before put; read returns the row.
func (m rows[F]) at(r int) []F {
	if m.bits != nil {
		return m.row
	}
	return m.wide[r*m.n : (r+1)*m.n]
}

func (m rows[F]) read(r int) []F {
	if m.bits != nil {
		kernels[F]().Widen(m.row, m.bits[r*m.n:(r+1)*m.n])
	}
	return m.at(r)
}

func (m rows[F]) put(r int) {
	if m.bits != nil {
		kernels[F]().Round(m.bits[r*m.n:(r+1)*m.n], m.row)
	}
}
