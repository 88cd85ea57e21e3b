package nn

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/gradcheck"
)

// GradCase makes a gradient case of a layer: build constructs it in a scope and returns its forward pass. Parameters
// are jittered, so that biases of 0 and scales of 1 hide nothing.
func GradCase(name string, inputs []gradcheck.Input, build func(s *Scope) gradcheck.Func) gradcheck.Case {
	return gradcheck.Case{Name: name, Inputs: inputs, Jitter: 0.2,
		New: func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			s := NewScope(b, dtype, Random{Seed: 1})
			m := gradcheck.Module{Forward: build(s)}
			for _, p := range s.Params() {
				m.Params = append(m.Params, gradcheck.Param{Name: p.Name, Value: p.Value})
			}
			return m
		}}
}

// One wraps a layer of one input and one output.
func One(forward func(x *ag.Value) *ag.Value) gradcheck.Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{forward(in[0])} }
}

// GradCases are the gradient checks of this package's layers.
func GradCases() []gradcheck.Case {
	x := []gradcheck.Input{{Name: "x", Shape: []int{3, 5}}}
	return []gradcheck.Case{
		GradCase("nn.Linear", x, func(s *Scope) gradcheck.Func { return One(NewLinear(s, 5, 4, XavierUniform).Forward) }),
		GradCase("nn.LayerNorm", x, func(s *Scope) gradcheck.Func { return One(NewLayerNorm(s, 5).Forward) }),
	}
}
