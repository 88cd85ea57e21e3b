// Package cases has the gradient checks of all layers and models, in one place above them: the models themselves do not import
// package gradcheck. A new layer gets a row in [Layers], in the file of its package.
package cases

import (
	"slices"

	ag "mien/autograd"
	"mien/engine"
	check "mien/gradcheck"
	"mien/nn"
)

// Layers returns a case for each layer and each tiny whole model with its loss, from the tape up, in every mode that has a
// gradient of its own.
func Layers() []check.Case {
	return slices.Concat(tapeCases(), nnCases(), vitCases(), moaeCases(), maeCases(), s4dCases(), feadapterCases(), s2dCases())
}

// layer makes a case of a layer: build constructs it in a scope and returns its forward pass. Parameters are jittered, so that biases
// of 0 and scales of 1 hide no error.
func layer(name string, inputs []check.Input, build func(s *nn.Scope) check.Func) check.Case {
	return check.Case{Name: name, Inputs: inputs, Jitter: 0.2,
		New: func(b engine.Backend, dtype engine.DType) check.Module {
			s := nn.NewScope(b, dtype, nn.Random{Seed: 1})
			m := check.Module{Forward: build(s)}
			for _, p := range s.Params() {
				m.Params = append(m.Params, check.Param{Name: p.Name, Value: p.Value})
			}
			return m
		}}
}

// recomputed is the same case with layers that are recomputed in the backward pass.
func recomputed(c check.Case) check.Case {
	return changed(c, "/recompute", func(m *check.Module) {
		forward := m.Forward
		m.Forward = func(t *ag.Tape, in []*ag.Value) []*ag.Value {
			t.Recompute = true
			return forward(t, in)
		}
	})
}

// frozen is the same case with parameters that do not learn.
func frozen(c check.Case, patterns ...string) check.Case {
	return changed(c, "/frozen", func(m *check.Module) {
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
func changed(c check.Case, suffix string, change func(m *check.Module)) check.Case {
	build := c.New
	c.Name += suffix
	c.New = func(b engine.Backend, dtype engine.DType) check.Module {
		m := build(b, dtype)
		change(&m)
		return m
	}
	return c
}

// tensor is an input that is drawn.
func tensor(name string, shape ...int) check.Input {
	return check.Input{Name: name, Shape: shape}
}

// inputs lists inputs.
func inputs(in ...check.Input) []check.Input { return in }
