package autograd_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestShapeErrors gives each op operands that do not fit. The panic is an *engine.ShapeError that names the op.
func TestShapeErrors(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	other := ag.NewTape(b)
	defer other.Close()
	v := func(shape ...int) *ag.Value { return tape.Input(fill(b, engine.Float32, shape...)) }
	double := tape.Input(fill(b, engine.Float64, 3))
	rows := tape.Rows([]int32{1, 0}, 5)
	frames := func(shape ...int) func() {
		return func() { ag.Patchify(v(shape...), engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 4}) }
	}
	routing := ag.Route(v(2, 3), 1, 0, ag.ByToken)
	packed := ag.Packed(b.PackWeight(fill(b, engine.Float32, 5, 3), engine.Full), engine.Float32)
	for _, c := range []struct {
		op string
		fn func()
	}{
		{"Add", func() { ag.Add(v(3), v(4)) }},
		{"Add", func() { ag.Add(v(3), double) }},
		{"Add", func() { p := ag.Param(fill(b, engine.Float32, 3)); ag.Add(p, p) }},
		{"Add", func() { ag.Add(v(3), other.Const(fill(b, engine.Float32, 3))) }},
		{"Sub", func() { ag.Sub(v(2, 3), v(2)) }},
		{"Mul", func() { ag.Mul(v(2, 3), v(3, 2)) }},
		{"Div", func() { ag.Div(v(2, 3), v(2)) }},
		{"Attention", func() { ag.Attention(v(2, 12), 2) }},
		{"Attention", func() { ag.Attention(v(1, 2, 12), 5) }},
		{"Attention", func() { ag.Attention(v(1, 2, 12), 0) }},
		{"AttentionComposed", func() { ag.AttentionComposed(v(1, 2, 13), 2) }},
		{"Concat", func() { ag.Concat(0, v(2, 3), v(2, 4)) }},
		{"Concat", func() { ag.Concat(1, v(2, 3), v(2)) }},
		{"CrossEntropy", func() { ag.CrossEntropy(v(2, 3), v(2, 4)) }},
		{"Dropout", func() { ag.Dropout(v(3), 1, &engine.Key{}) }},
		{"DropPath", func() { ag.DropPath(v(3), -1, &engine.Key{}) }},
		{"Gather rows", func() { ag.Gather(v(4, 3), rows) }},
		{"Gather rows", func() { ag.Gather(v(5, 3), ag.Rows{From: rows.From}) }},
		{"GroupedLinear", func() { ag.GroupedLinear(v(2, 4), []*ag.Value{v(5, 3)}, []*ag.Value{v(5)}, routing) }},
		{"GroupedLinear", func() { ag.GroupedLinear(v(2, 3), []*ag.Value{v(5, 3)}, []*ag.Value{v(4)}, routing) }},
		{"GroupedLinear weight", func() { ag.GroupedLinear(v(2, 3), []*ag.Value{packed}, []*ag.Value{v(5)}, routing) }},
		{"LayerNorm", func() { ag.LayerNorm(v(2, 3), v(4), v(3), 1e-6) }},
		{"LayerNorm", func() { ag.LayerNorm(v(2, 3), v(3), v(1), 1e-6) }},
		{"Linear", func() { ag.Linear(v(2, 3), v(5, 4), nil) }},
		{"Linear", func() { ag.Linear(v(2, 3), v(5, 3), v(3)) }},
		{"Linear weight", func() { ag.Linear(v(2, 3), packed, nil) }},
		{"MSE target", func() { ag.MSE(v(2, 3), v(3, 2)) }},
		{"MSE", func() { ag.MSE(v(3), double) }},
		{"MatMul", func() { ag.MatMul(v(2, 3), v(2, 3), false, false) }},
		{"MatMul", func() { ag.MatMul(v(3), v(3, 2), false, false) }},
		{"MatMul", func() { ag.MatMul(v(2, 3, 4), v(3, 4, 5), false, false) }},
		{"MatMul", func() { ag.MatMul(v(2, 4, 3), v(4, 5), true, false) }},
		{"Patchify", frames(1, 3, 2, 4)},
		{"Patchify", frames(1, 2, 2, 4, 4)},
		{"Patchify", frames(1, 3, 3, 4, 4)},
		{"Patchify", frames(1, 3, 2, 6, 4)},
		{"Patchify", frames(1, 3, 2, 4, 7)},
		{"Patchify", func() { ag.Patchify(v(1, 3, 2, 4, 4), engine.Float32, engine.PatchifyArgs{Tubelet: 2}) }},
		{"Patchify", func() {
			ag.Patchify(v(1, 3, 2, 4, 4), engine.Float32, engine.PatchifyArgs{Tubelet: 2, Patch: 4, Rows: rows.From})
		}},
		{"Permute", func() { ag.Permute(v(2, 3), 0, 0) }},
		{"Permute", func() { ag.Permute(v(2, 3), 0) }},
		{"engine.View", func() { ag.Reshape(v(2, 3), 4) }},
		{"Route", func() { ag.Route(v(2, 3), 4, 0, ag.ByToken) }},
		{"Route", func() { ag.Route(v(2, 3), 0, 0, ag.ByToken) }},
		{"Route", func() { ag.RouteGroups(v(6, 3), 1, 0, 4, ag.ByToken) }},
		{"Route", func() { ag.RouteGroups(v(6, 3), 1, 0, 0, ag.ByToken) }},
		{"engine.View", func() { ag.Chosen(v(2, 4), routing) }},
		{"Slice", func() { ag.Slice(v(2, 3), 1, 2, 4) }},
		{"Slice", func() { ag.Slice(v(2, 3), 1, -1, 2) }},
		{"Slice", func() { ag.Slice(v(2, 3), 0, 2, 1) }},
		{"Backward", func() { tape.Backward(v(2)) }},
	} {
		func() {
			defer func() {
				err, ok := recover().(*engine.ShapeError)
				require.True(t, ok, "%s: no *engine.ShapeError", c.op)
				require.True(t, strings.HasPrefix(err.Op, c.op), "%s panics as %v", c.op, err)
			}()
			c.fn()
		}()
	}
}
