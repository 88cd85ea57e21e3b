package gradcheck

import (
	"slices"

	"mien/autograd"
	"mien/engine"
)

// Ops returns the table of package autograd: for each exported op one row or several, in the order of the op files.
// A row is named after its op, with what is special about it behind a slash.
func Ops() []Case {
	return slices.Concat(opsAToD(), opsGToL(), opsMToR(), opsSToU())
}

// row is a case of an op, which has no parameters of its own.
func row(name string, f Func, inputs ...Input) Case {
	return Case{Name: name, Inputs: inputs, New: Stateless(f)}
}

// trained is a case of an op with weights that belong to the module, N(0, 1), so that products with them run at the precision of the
// tape. f gets them after the inputs.
func trained(name string, f Func, inputs []Input, weights ...Input) Case {
	return Case{Name: name, Inputs: inputs, Jitter: 1, New: func(b engine.Backend, dtype engine.DType) Module {
		m, values := Module{}, []*autograd.Value{}
		for _, w := range weights {
			v := autograd.Weight(engine.Zeros(b, dtype, w.Shape...))
			m.Params, values = append(m.Params, Param{w.Name, v}), append(values, v)
		}
		m.Forward = func(t *autograd.Tape, in []*autograd.Value) []*autograd.Value { return f(t, slices.Concat(in, values)) }
		return m
	}}
}

func tensor(name string, shape ...int) Input { return Input{Name: name, Shape: shape} }

// within draws an input from an interval.
func within(lo, hi float64, in Input) Input {
	in.Lo, in.Hi = lo, hi
	return in
}

// fixed gives an input its values and asks for no gradient.
func fixed(in Input, values ...float64) Input {
	in.Values, in.NoGrad = values, true
	return in
}

// unary lifts a function of one value.
func unary(f func(x *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value { return []*autograd.Value{f(in[0])} }
}

// binary lifts a function of two values.
func binary(f func(a, b *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
		return []*autograd.Value{f(in[0], in[1])}
	}
}

// ternary lifts a function of three values.
func ternary(f func(a, b, c *autograd.Value) *autograd.Value) Func {
	return func(_ *autograd.Tape, in []*autograd.Value) []*autograd.Value {
		return []*autograd.Value{f(in[0], in[1], in[2])}
	}
}

// scores are router scores [tokens, experts] so far apart that no step of a difference changes a choice. The last expert
// is never among the best two.
func scores(tokens, experts int) Input {
	in := tensor("scores", tokens, experts)
	for i := range tokens {
		for j := range experts {
			in.Values = append(in.Values, 0.3*float64((i*i+2*j+i*j)%(experts-1))+0.01*float64(j))
		}
		in.Values[len(in.Values)-1] = -1
	}
	return in
}
