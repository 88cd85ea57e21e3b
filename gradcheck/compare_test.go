package gradcheck_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
)

// named is a CPU backend under another name, which may refuse a precision, and counts how often one is closed.
type named struct {
	*cpu.Backend
	name   string
	refuse error
	closed *int
}

func (n named) Name() string { return n.name }

func (n named) Supports(p engine.Precision, training bool) error {
	if n.refuse != nil {
		return n.refuse
	}
	return n.Backend.Supports(p, training)
}

func (n named) Close() error {
	if n.closed != nil {
		*n.closed++
	}
	return n.Backend.Close()
}

// planted is the product of two inputs with a gradient of b that is off by a factor in float32 on backends of one name.
func planted(name string, factor float64) gradcheck.Case {
	return ofTwo(multiply(func(dy, a, b *engine.Tensor) tensors {
		s := 1.0
		if dy.DType() == engine.Float32 && dy.Backend().Name() == name {
			s = factor
		}
		return tensors{product(dy, b), scaled(product(dy, a), s)}
	}), 3, 4)
}

// TestInexact plants an error in float32 on one backend.
func TestInexact(t *testing.T) {
	c := planted("bad", 1.01)
	for _, name := range []string{"good", "bad"} {
		r, err := gradcheck.Compare(c, gradients(t, c), gradcheck.Target{
			Backend: func() engine.Backend { return named{Backend: cpu.New(), name: name} }})
		require.Equal(t, c.Name, r.Name)
		require.Equal(t, name, r.Backend)
		require.Equal(t, engine.Float32, r.DType)
		if name == "good" {
			require.NoError(t, err)
			require.Less(t, r.RelError, 1e-6)
			continue
		}
		var wrong *gradcheck.Inexact
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, r, wrong.Comparison)
		require.Equal(t, "b", r.Tensor)
		require.Len(t, r.Index, 2)
		require.InDelta(t, 0.01, r.RelError, 1e-5)
		require.InDelta(t, 1.01, r.Got/r.Want, 1e-5)
		require.Equal(t, gradcheck.Tolerance32, wrong.Tol)
		require.ErrorContains(t, err, "planted on bad: float32 gives ")
	}
	_, err := gradcheck.Compare(c, gradients(t, c), gradcheck.Target{
		Backend: func() engine.Backend { return named{Backend: cpu.New(), name: "bad"} }, Tol: 0.02})
	require.NoError(t, err, "a tolerance of its own")
}

func TestNotANumberIsNeverClose(t *testing.T) {
	c := planted(newCPU().Name(), math.NaN())
	_, err := gradcheck.Compare(c, gradients(t, c), gradcheck.Target{Backend: newCPU})
	var wrong *gradcheck.Inexact
	require.ErrorAs(t, err, &wrong)
	require.True(t, math.IsInf(wrong.RelError, 1))
}

// weighted is a linear layer with weights.
func weighted() gradcheck.Case {
	return gradcheck.Case{Name: "layer", Inputs: []gradcheck.Input{{Name: "x", Shape: []int{5, 33}}}, Jitter: 1,
		New: func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			w := ag.Weight(engine.Zeros(b, dtype, 7, 33))
			return gradcheck.Module{Params: []gradcheck.Param{{Name: "weight", Value: w}},
				Forward: func(_ *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{ag.Linear(in[0], w, nil)} }}
		}}
}

// TestPrecision multiplies weights at bf16: not exact, and good enough.
func TestPrecision(t *testing.T) {
	c := weighted()
	want := gradients(t, c)
	r, err := gradcheck.Compare(c, want, gradcheck.Target{Backend: newCPU, Precision: engine.BF16})
	require.NoError(t, err)
	require.Equal(t, engine.BF16, r.Precision)
	require.Greater(t, r.RelError, 1e-4)
	require.Less(t, r.RelError, 1e-2)

	_, err = gradcheck.Compare(c, want, gradcheck.Target{Backend: newCPU, Precision: engine.BF16, Tol: 1e-5})
	var wrong *gradcheck.Inexact
	require.ErrorAs(t, err, &wrong)
	require.ErrorContains(t, err, ": float32 at bf16 gives ")
	_, err = gradcheck.Compare(c, want, gradcheck.Target{Backend: newCPU})
	require.NoError(t, err)
}

// TestRefusal is an error, and no panic.
func TestRefusal(t *testing.T) {
	c := weighted()
	refuse := errors.New("this GPU has no bfloat16")
	_, err := gradcheck.Compare(c, nil, gradcheck.Target{Precision: engine.BF16,
		Backend: func() engine.Backend { return named{Backend: cpu.New(), name: "gpu", refuse: refuse} }})
	require.ErrorIs(t, err, refuse)
	require.EqualError(t, err, "layer: this GPU has no bfloat16")
	_, err = gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, Precision: engine.Int8})
	require.ErrorContains(t, err, "cannot train at int8")
	_, err = gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64, Precision: engine.BF16})
	require.EqualError(t, err, "layer: bf16 products of float64 tensors: only float32 has a precision")
}

// TestWrongReference compares nothing with the reference of another case.
func TestWrongReference(t *testing.T) {
	c := weighted()
	want := gradients(t, c)
	_, err := gradcheck.Compare(c, want[:2], gradcheck.Target{Backend: newCPU})
	require.ErrorContains(t, err, "3 tensors, but 2 in the reference")
	_, err = gradcheck.Compare(c, []gradcheck.Tensor{want[0], want[2], want[1]}, gradcheck.Target{Backend: newCPU})
	require.ErrorContains(t, err, "x[5 33], but weight[7 33] in the reference")
	renamed := slices.Clone(want)
	renamed[1].Name = "y"
	_, err = gradcheck.Compare(c, renamed, gradcheck.Target{Backend: newCPU})
	require.ErrorContains(t, err, "x[5 33], but y[5 33] in the reference")
	renamed[1] = gradcheck.Tensor{Name: "x", Shape: []int{5, 32}, Values: want[1].Values[:5*32]}
	_, err = gradcheck.Compare(c, renamed, gradcheck.Target{Backend: newCPU})
	require.ErrorContains(t, err, "x[5 33], but x[5 32] in the reference")
}

// changed compares a case with its own results, and again after element 1 of one of them was multiplied, which must be noticed.
func changed(t *testing.T, c gradcheck.Case, result int, factor float64) *gradcheck.Inexact {
	reference := gradients(t, c)
	_, err := gradcheck.Compare(c, reference, gradcheck.Target{Backend: newCPU})
	require.NoError(t, err)
	reference[result].Values[1] *= factor
	_, err = gradcheck.Compare(c, reference, gradcheck.Target{Backend: newCPU})
	var inexact *gradcheck.Inexact
	require.ErrorAs(t, err, &inexact)
	return inexact
}

// TestSmallOutputs measures outputs by themselves, not by much larger gradients.
func TestSmallOutputs(t *testing.T) {
	c := at(identity, 1e-6, -1e-6)
	inexact := changed(t, c, 0, 1.01)
	require.Equal(t, "outputs", inexact.Tensor)
	require.InDelta(t, 0.01, inexact.RelError, 1e-3)
}

// TestLargeOutputs measures gradients by the largest of them, not by much larger outputs.
func TestLargeOutputs(t *testing.T) {
	c := at(identity, 1e6, -3e6)
	inexact := changed(t, c, 1, 1.02)
	require.Equal(t, "x", inexact.Tensor)
	require.Equal(t, []int{1}, inexact.Index)
}

// TestTolerances are those of the precision, and so is the size below which gradients count as rounding: a thousandth of the largest at
// full precision, a hundredth at bf16.
func TestTolerances(t *testing.T) {
	for _, c := range []struct {
		p              engine.Precision
		tol, a, b, off float64 // size of the gradients of a and b, and by how much, of their own, those of b are off
		wrong          bool
	}{
		{engine.Full, gradcheck.Tolerance32, 1, 1, 0.001, false}, {engine.Full, gradcheck.Tolerance32, 1, 1, 0.003, true},
		{engine.BF16, gradcheck.ToleranceBF16, 1, 1, 0.04, false}, {engine.BF16, gradcheck.ToleranceBF16, 1, 1, 0.06, true},
		{engine.Full, gradcheck.Tolerance32, 1, 1e-4, 0.01, false}, {engine.Full, gradcheck.Tolerance32, 1, 1e-2, 0.01, true},
		{engine.BF16, gradcheck.ToleranceBF16, 1, 1e-3, 0.2, false}, {engine.BF16, gradcheck.ToleranceBF16, 1, 1e-1, 0.2, true},
		{engine.Full, gradcheck.Tolerance32, 1e-2, 1, 0.003, true},
	} {
		pair := ofTwo(multiply(correct), 2, 3)
		reference := gradients(t, pair)
		for i, size := range []float64{c.a, c.b} { // as if the case had such gradients: what Compare measures is all in the reference
			for j, v := range reference[1+i].Values {
				reference[1+i].Values[j] = size * v / math.Abs(v)
			}
		}
		wrong := slices.Clone(reference[2].Values)
		for j := range wrong {
			wrong[j] *= 1 + c.off
		}
		given := multiply(func(dy, _, _ *engine.Tensor) tensors {
			return tensors{engine.FromSlice(dy.Backend(), dy.DType(), reference[1].Values, 2, 3),
				engine.FromSlice(dy.Backend(), dy.DType(), wrong, 2, 3)}
		})
		r, err := gradcheck.Compare(ofTwo(given, 2, 3), reference, gradcheck.Target{Backend: newCPU, Precision: c.p})
		if !c.wrong {
			require.NoError(t, err, "%+v", c)
			continue
		}
		var inexact *gradcheck.Inexact
		require.ErrorAs(t, err, &inexact, "%+v", c)
		require.Equal(t, c.tol, inexact.Tol)
		require.Equal(t, "b", r.Tensor)
		require.InDelta(t, c.off, r.Got/r.Want-1, 1e-4)
	}
}

// TestMissingGradientIsZero lists an input that no gradient reaches, and compares it.
func TestMissingGradientIsZero(t *testing.T) {
	lost := ofTwo(multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), nil} }), 2, 3)
	g := gradients(t, lost)
	require.Len(t, g, 3)
	require.Equal(t, gradcheck.Tensor{Name: "b", Shape: []int{2, 3}, Values: make([]float64, 6)}, g[2])
	_, err := gradcheck.Compare(lost, gradients(t, ofTwo(multiply(correct), 2, 3)), gradcheck.Target{Backend: newCPU})
	var wrong *gradcheck.Inexact
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "b", wrong.Tensor)
}

// TestNoBackend says what is missing.
func TestNoBackend(t *testing.T) {
	_, err := gradcheck.Check(weighted(), gradcheck.Options{})
	require.ErrorContains(t, err, "layer: no backend to compute on: set Backend")
	_, err = gradcheck.Gradients(weighted(), gradcheck.Target{})
	require.ErrorContains(t, err, "no backend")
	_, err = gradcheck.Compare(weighted(), nil, gradcheck.Target{})
	require.ErrorContains(t, err, "no backend")
}

// TestCloses what it made, also where the case panics.
func TestCloses(t *testing.T) {
	made, closed := 0, 0
	counted := func() engine.Backend {
		made++
		return named{Backend: cpu.New(), name: "counted", closed: &closed}
	}
	_, err := gradcheck.Check(weighted(), gradcheck.Options{Backend: counted})
	require.NoError(t, err)
	_, err = gradcheck.Gradients(weighted(), gradcheck.Target{Backend: counted})
	require.NoError(t, err)
	broken := at(func(x *ag.Value) *ag.Value { return ag.Reshape(x, 7) }, 1, 2)
	_, err = gradcheck.Check(broken, gradcheck.Options{Backend: counted})
	require.Error(t, err)
	require.PanicsWithValue(t, "other", func() {
		_, _ = gradcheck.Check(at(func(*ag.Value) *ag.Value { panic("other") }, 1), gradcheck.Options{Backend: counted})
	})
	require.Equal(t, 4, made)
	require.Equal(t, made, closed)
}

// TestOutOfMemory is an error, too.
func TestOutOfMemory(t *testing.T) {
	_, err := check(at(func(x *ag.Value) *ag.Value {
		return x.Tape().Const(engine.New(x.Data().Backend(), engine.Float64, 1<<50))
	}, 1), gradcheck.Options{})
	var alloc *engine.AllocError
	require.ErrorAs(t, err, &alloc)
	require.ErrorContains(t, err, "point: ")
}

// TestFrozen leaves a frozen parameter out of the comparison.
func TestFrozen(t *testing.T) {
	c := weighted()
	build := c.New
	c.New = func(b engine.Backend, dtype engine.DType) gradcheck.Module {
		m := build(b, dtype)
		m.Params[0].Freeze()
		return m
	}
	names := []string{}
	for _, g := range gradients(t, c) {
		names = append(names, g.Name)
	}
	require.Equal(t, []string{"outputs", "x"}, names)
	r, err := check(c, gradcheck.Options{Full: 1000})
	require.NoError(t, err)
	require.Equal(t, 5*33*5*7, r.Checked)
}
