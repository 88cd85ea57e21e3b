package cases

import (
	ag "mien/autograd"
	"mien/engine"
	check "mien/gradcheck"
	"mien/nn"
)

// tapeCases are layers of the tape, kept and recomputed: the guarantees of Tape.Layer, independent of what runs in it.
func tapeCases() (cases []check.Case) {
	x, y := tensor("x", 3, 5), tensor("y", 3, 5)
	constant := check.Input{Name: "c", Shape: []int{3, 5}, NoGrad: true}
	for _, c := range []check.Case{
		layer("Tape.Layer/several inputs", inputs(x, constant, y), func(s *nn.Scope) check.Func { return newBlocks(s).several }),
		layer("Tape.Layer/in a layer", inputs(x), func(s *nn.Scope) check.Func { return newBlocks(s).nested }),
		layer("Tape.Layer/some results", inputs(x, y), func(s *nn.Scope) check.Func { return newBlocks(s).someResults }),
		layer("Tape.Layer/random numbers", inputs(x), func(s *nn.Scope) check.Func { return newBlocks(s).random }),
		frozen(layer("Tape.Layer/in a layer", inputs(x), func(s *nn.Scope) check.Func { return newBlocks(s).nested }),
			"norm.*", "0.weight", "1.bias", "2.*"),
	} {
		cases = append(cases, c, recomputed(c))
	}
	return cases
}

// blocks are three small layers with a norm and GELU, whose results the tape rematerialises, and a residual.
type blocks struct {
	norm   *nn.LayerNorm
	linear [3]*nn.Linear
}

func newBlocks(s *nn.Scope) *blocks {
	b := &blocks{norm: nn.NewLayerNorm(s.Sub("norm"), 5)}
	for i := range b.linear {
		b.linear[i] = nn.NewLinear(s.Sub(string(rune('0'+i))), 5, 5, nn.XavierUniform)
	}
	return b
}

// block is x + GELU(W·Norm(x) + b).
func (b *blocks) block(i int, x *ag.Value) *ag.Value {
	return ag.Add(x, b.linear[i].ForwardGELU(b.norm.Forward(x)))
}

// several has three inputs, one of which is a constant and one of which is among the results.
func (b *blocks) several(t *ag.Tape, in []*ag.Value) []*ag.Value {
	for i := range b.linear {
		in = t.Layer(in, func(in []*ag.Value) []*ag.Value {
			mixed := ag.Mul(b.block(i, in[0]), in[1])
			return []*ag.Value{ag.Add(mixed, in[2]), in[1], b.block(i, in[2])}
		})
	}
	return []*ag.Value{in[2], in[0]}
}

// nested uses the input of an inner layer again after it.
func (b *blocks) nested(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	inner := func(x *ag.Value) *ag.Value {
		return b.block(2, nn.Layer(x, func(x *ag.Value) *ag.Value { return b.block(1, x) }))
	}
	return []*ag.Value{nn.Layer(in[0], func(x *ag.Value) *ag.Value {
		h := ag.GELU(x)
		return ag.Mul(b.block(0, nn.Layer(ag.Scale(h, 2), inner)), h)
	})}
}

// someResults reaches the outputs through the second and third results of two layers.
func (b *blocks) someResults(t *ag.Tape, in []*ag.Value) []*ag.Value {
	layer := func(in []*ag.Value) []*ag.Value {
		h := b.block(0, in[0])
		return []*ag.Value{ag.Scale(h, 3), b.block(1, in[1]), ag.Mul(h, in[1]), b.block(2, in[0])}
	}
	first := t.Layer(in, layer)
	return t.Layer(first[1:3], layer)[1:3]
}

// random draws in each layer, by its own key.
func (b *blocks) random(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	key := engine.Key{Seed: 3, Stream: 4}
	x := in[0]
	for i := range b.linear {
		mask, noise, path := key.Child(3*i), key.Child(3*i+1), key.Child(3*i+2)
		x = nn.Layer(x, func(x *ag.Value) *ag.Value {
			h := ag.Add(ag.Dropout(b.block(i, x), 0.3, &mask), x.Tape().Normal(x.Data().DType(), noise, 3, 5))
			return ag.Add(x, ag.DropPath(h, 0.3, &path))
		})
	}
	return []*ag.Value{x}
}
