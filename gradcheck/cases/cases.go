// Package cases has the gradient checks of all layers and models, in one place above them: the models themselves know nothing of
// package gradcheck. A new layer gets a row in [Layers], in the file of its package.
package cases

import (
	"slices"

	ag "mien/autograd"
	"mien/engine"
	"mien/gradcheck"
	"mien/nn"
)

// Layers returns a case for each layer and each tiny whole model with its loss, from the tape up, in every behaviour that has a
// gradient of its own.
func Layers() []gradcheck.Case {
	return slices.Concat(tapeCases(), nnCases(), vitCases(), moaeCases(), maeCases(), s4dCases())
}

// layer makes a case of a layer: build constructs it in a scope and returns its forward pass. Parameters are jittered, so that biases
// of 0 and scales of 1 hide nothing.
func layer(name string, inputs []gradcheck.Input, build func(s *nn.Scope) gradcheck.Func) gradcheck.Case {
	return gradcheck.Case{Name: name, Inputs: inputs, Jitter: 0.2,
		New: func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			s := nn.NewScope(b, dtype, nn.Random{Seed: 1})
			m := gradcheck.Module{Forward: build(s)}
			for _, p := range s.Params() {
				m.Params = append(m.Params, gradcheck.Param{Name: p.Name, Value: p.Value})
			}
			return m
		}}
}

// recomputed is the same case with layers that are computed again in the backward pass.
func recomputed(c gradcheck.Case) gradcheck.Case {
	return changed(c, "/recompute", func(m *gradcheck.Module) {
		forward := m.Forward
		m.Forward = func(t *ag.Tape, in []*ag.Value) []*ag.Value {
			t.Recompute = true
			return forward(t, in)
		}
	})
}

// frozen is the same case with parameters that do not learn.
func frozen(c gradcheck.Case, patterns ...string) gradcheck.Case {
	return changed(c, "/frozen", func(m *gradcheck.Module) {
		params := make([]nn.Param, len(m.Params))
		for i, p := range m.Params {
			params[i] = nn.Param{Name: p.Name, Value: p.Value}
		}
		if _, err := nn.Freeze(params, patterns); err != nil {
			panic(&engine.ShapeError{Op: c.Name, Got: err, Want: "names of parameters"})
		}
	})
}

// changed is a case with another name and a changed module.
func changed(c gradcheck.Case, suffix string, change func(m *gradcheck.Module)) gradcheck.Case {
	build := c.New
	c.Name += suffix
	c.New = func(b engine.Backend, dtype engine.DType) gradcheck.Module {
		m := build(b, dtype)
		change(&m)
		return m
	}
	return c
}

// tensor is an input that is drawn.
func tensor(name string, shape ...int) gradcheck.Input {
	return gradcheck.Input{Name: name, Shape: shape}
}

// inputs lists inputs.
func inputs(in ...gradcheck.Input) []gradcheck.Input { return in }
