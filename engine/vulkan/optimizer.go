//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"math"

	"mien/engine"
)

// AdamW updates all parameters in one dispatch, by a table of where they are, and raises their counts in another.
func (b *Backend) AdamW(a engine.AdamWArgs) {
	if len(a.Params) == 0 {
		return
	}
	for _, list := range [][]*engine.Tensor{a.Params, a.Grads, a.M, a.V} {
		allFloat32("AdamW", list...)
	}
	allFloat32("AdamW", a.Figures)
	if a.Steps.DType() != engine.Int32 {
		panic(unsupported("AdamW", a.Steps.DType()))
	}
	parts := partsOf(a.Params)
	table := b.table(parameterTable(a))
	defer b.memory.free(table)
	update := b.kernel("adamw").memory(table, true, false).ints(a.Steps).in(a.Figures).
		f32(a.Beta1, 1-a.Beta1, finiteLog(a.Beta1), a.Beta2, 1-a.Beta2, finiteLog(a.Beta2), a.Eps)
	for i, p := range a.Params {
		update.also(p, true).also(a.M[i], true).also(a.V[i], true).also(a.Grads[i], false)
	}
	update.groups(parts, len(a.Params), 1)
	b.kernel("adamw_steps").memory(table, true, false).tensor(a.Steps, engine.Int32, true, true).in(a.Figures).
		u32(len(a.Params)).each(len(a.Params))
}

// parameterTable has a Parameter of adamw.glsl for each tensor.
func parameterTable(a engine.AdamWArgs) (table []byte) {
	for i, p := range a.Params {
		for _, t := range []*engine.Tensor{p, a.Grads[i], a.M[i], a.V[i]} {
			table = binary.LittleEndian.AppendUint64(table, addressOf(t))
		}
		for _, f := range []float64{a.LR[i], 1 - a.LR[i]*a.Decay[i]} {
			table = binary.LittleEndian.AppendUint32(table, math.Float32bits(float32(f)))
		}
		table = binary.LittleEndian.AppendUint32(table, uint32(p.Len()))
		table = binary.LittleEndian.AppendUint32(table, uint32(a.Index[i]))
	}
	return table
}

// finiteLog is the logarithm of a decay rate. That of 0 is a number, as compilers of shaders may assume that there is no infinity.
func finiteLog(beta float64) float64 { return max(math.Log(beta), -1e30) }
