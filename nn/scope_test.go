package nn

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// build makes two linear layers and a norm, and a constant.
func build(s *Scope) (first, head *Linear, constant *ag.Value) {
	first = NewLinear(s.Index("fc", 3), 5, 4, FanInUniform)
	NewLayerNorm(s.Sub("norm"), 4)
	constant = s.Constant(func() []float32 { return []float32{1, 2, 3, 4} }, 4)
	head = NewPlainLinear(s.Sub("head").Sub("image"), 4, 2, FanInUniform)
	return first, head, constant
}

func names(params []Param) (all []string) {
	for _, p := range params {
		all = append(all, p.Name)
	}
	return all
}

func TestScope(t *testing.T) {
	b := cpu.New()
	s := NewScope(b, engine.Float64, Random{1})
	first, head, constant := build(s.Sub("part"))
	want := []string{"part.fc.3.weight", "part.fc.3.bias", "part.norm.weight", "part.norm.bias", "part.head.image.weight", "part.head.image.bias"}
	require.Equal(t, want, names(s.Params()))
	require.Equal(t, [][]int{{4, 5}, {2, 4}}, [][]int{first.Weight.Shape(), head.Weight.Shape()})
	require.Equal(t, 20+4+4+4+8+2, Count(s.Params()))
	for _, p := range s.Params() {
		require.True(t, p.NeedsGrad(), p.Name)
		require.Equal(t, engine.Float64, p.Data().DType())
		require.Equal(t, p.Name == "part.fc.3.weight", p.Linear, p.Name)
	}
	require.False(t, constant.NeedsGrad())
	values, err := engine.Read[float64](constant.Data())
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2, 3, 4}, values)
	norm, err := engine.Read[float64](s.Params()[2].Data())
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1, 1, 1}, norm)

	require.NotZero(t, b.Stats().LiveBytes)
	s.Free()
	require.Zero(t, b.Stats().LiveBytes)
	require.Empty(t, s.Params())
}

// For inference the weights of linear layers are packed and stored in no other form.
func TestInferenceScope(t *testing.T) {
	b := cpu.New()
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		s := NewInferenceScope(b, Random{1}, p)
		first, head, _ := build(s)
		require.Nil(t, first.Weight.Data().Buffer(), "packed alone")
		require.NotNil(t, head.Weight.Data().Buffer(), "a head is not packed")
		require.Equal(t, []int{4, 5}, first.Weight.Shape())
		for _, param := range s.Params() {
			require.Equal(t, param.Name == "fc.3.weight", param.Linear, param.Name)
		}
		// The source's values, at the precision.
		drawn := make([]float32, 20)
		require.NoError(t, Random{1}.Fill(drawn, "fc.3.weight", []int{4, 5}, FanInUniform))
		tape := ag.NewInferenceTape(b, p)
		weight, one := engine.FromSlice(b, engine.Float32, drawn, 4, 5), engine.Filled(b, engine.Float32, 1.25, 1, 5)
		packed := ag.Packed(b.PackWeight(weight, p), engine.Float32)
		want, err := engine.Read[float32](ag.Linear(tape.Const(one.Retain()), packed, first.Bias).Data())
		require.NoError(t, err)
		got, err := engine.Read[float32](first.Forward(tape.Const(one)).Data())
		require.NoError(t, err)
		require.Equal(t, want, got, p)
		packed.Free()
		weight.Free()
		tape.Close()
		s.Free()
		require.Zero(t, b.Stats().LiveBytes)
	}
}

// An outline allocates no memory and draws no values; other panics of a constructor pass through.
func TestOutline(t *testing.T) {
	params, err := Outline(6, func(s *Scope) {
		build(s)
		s.Constant(func() []float32 { panic("called") }, 1<<40)
		require.NoError(t, s.Err())
	})
	require.NoError(t, err)
	require.Len(t, params, 6)
	require.Equal(t, 42, Count(params))
	require.Nil(t, params[0].Data().Buffer())
	huge, err := Outline(1, func(s *Scope) { s.Param("x", Zeros, 1<<20, 1<<20) })
	require.NoError(t, err)
	require.Equal(t, 1<<40, Count(huge))
	params, err = Outline(5, func(s *Scope) { build(s) })
	require.EqualError(t, err, "the model has more parameters than there is room for: is the file damaged?")
	require.Empty(t, params)
	require.PanicsWithValue(t, "mistake", func() { Outline(5, func(*Scope) { panic("mistake") }) })
}

func TestFreeze(t *testing.T) {
	made := func() []Param {
		s := NewScope(cpu.New(), engine.Float32, Random{1})
		build(s)
		return s.Params()
	}
	learned := func(params []Param) (all []string) {
		for _, p := range params {
			if p.NeedsGrad() {
				all = append(all, p.Name)
			}
		}
		return all
	}
	params := made()
	n, err := Freeze(params, []string{"fc.*", "head.*.bias"})
	require.NoError(t, err)
	require.Equal(t, 20+4+2, n)
	require.Equal(t, []string{"norm.weight", "norm.bias", "head.image.weight"}, learned(params))

	n, err = Freeze(made(), []string{"*.weight", "fc.*"})
	require.NoError(t, err)
	require.Equal(t, 20+4+4+8, n, "what two patterns match counts once")
	params = made()
	n, err = Freeze(params, nil)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Len(t, learned(params), 6)
	for _, pattern := range []string{"fc", "FC.*", "blocks.*", "[", ""} {
		_, err = Freeze(made(), []string{"norm.*", pattern})
		require.EqualError(t, err, `no parameter matches "`+pattern+`"`)
	}
}

// Layer runs the function on the tape of its operand.
func TestLayer(t *testing.T) {
	b := cpu.New()
	for _, recompute := range []bool{false, true} {
		tape := ag.NewTape(b)
		tape.Recompute = recompute
		x := tape.Input(engine.FromSlice(b, engine.Float32, []float32{3}, 1))
		y := Layer(x, func(x *ag.Value) *ag.Value { return ag.Mul(x, ag.Mul(x, x)) })
		tape.Backward(y)
		for v, want := range map[*engine.Tensor]float32{y.Data(): 27, x.Grad(): 27} {
			got, err := engine.Read[float32](v)
			require.NoError(t, err)
			require.Equal(t, []float32{want}, got)
		}
		tape.Close()
	}
}

// A layer norm adds 1e-6 to the variance, here as much as there is.
func TestLayerNormEps(t *testing.T) {
	b := cpu.New()
	l := NewLayerNorm(NewScope(b, engine.Float64, Random{}), 2)
	tape := ag.NewTape(b)
	y, err := engine.Read[float64](l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, []float64{1e-3, -1e-3}, 1, 2))).Data())
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{math.Sqrt(0.5), -math.Sqrt(0.5)}, y, 1e-6)
}

// Stored tensors are read from the backend only when they are written.
func TestStored(t *testing.T) {
	x := engine.FromSlice(cpu.New(), engine.Float64, []float64{1, 2, 3}, 1, 3)
	stored := Stored("name", x)
	require.Equal(t, "name", stored.Name)
	require.Equal(t, []int{1, 3}, stored.Shape)
	engine.Write(x, []float64{4, 5, 6})
	dst := make([]float32, 3)
	require.NoError(t, stored.Fill(dst))
	require.Equal(t, []float32{4, 5, 6}, dst)
}

// Linear layers on numbers: x·Wᵀ + b, its GELU, and its sum with a residual.
func TestLinear(t *testing.T) {
	b := cpu.New()
	value := func(values []float64, shape ...int) *ag.Value {
		return ag.Param(engine.FromSlice(b, engine.Float64, values, shape...))
	}
	l := &Linear{value([]float64{1, 2, 3, 4, 5, 6}, 3, 2), value([]float64{0.5, -1, 2}, 3)}
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Const(engine.FromSlice(b, engine.Float64, []float64{1, -1}, 1, 2))
	residual := tape.Const(engine.FromSlice(b, engine.Float64, []float64{10, 20, 30}, 1, 3))
	for want, y := range map[[3]float64]*ag.Value{
		{-0.5, -2, 1}: l.Forward(x),
		{9.5, 18, 31}: l.AddTo(residual, x),
		{-0.1542687694, -0.0455002639, 0.8413447461}: l.ForwardGELU(x),
	} {
		got, err := engine.Read[float64](y.Data())
		require.NoError(t, err)
		require.Len(t, got, 3)
		require.InDeltaSlice(t, want[:], got, 1e-9)
	}
}

// A guest's parameters are stored with the model's and counted apart; all of it, to the depth of its tree, and nothing beside it.
func TestGuest(t *testing.T) {
	s := NewScope(cpu.New(), engine.Float32, Random{1})
	s.Param("own", Ones, 3)
	guest := s.Guest("other")
	guest.Sub("part").Index("layer", 2).Param("weight", Ones, 5)
	s.Sub("last").Weight("weight", Ones, 2, 4)
	require.Equal(t, []string{"own", "other.part.layer.2.weight", "last.weight"}, names(s.Params()))
	var guests []bool
	for _, p := range s.Params() {
		guests = append(guests, p.Guest)
	}
	require.Equal(t, []bool{false, true, false}, guests)
	require.Equal(t, 3+8, Count(s.Params()))
	frozen, err := Freeze(s.Params(), []string{"o*"})
	require.NoError(t, err)
	require.Equal(t, 3, frozen, "of those that count")
	require.False(t, s.Params()[1].NeedsGrad())
}

// The guest's source knows its own names, and is not asked for others.
func TestDivided(t *testing.T) {
	asked := func(into *[]string) Source {
		return fillFunc(func(_ []float32, name string, shape []int, _ Init) error {
			*into = append(*into, name)
			if shape[0] == 7 {
				return errors.New("seven")
			}
			return nil
		})
	}
	var guest, own []string
	s := NewScope(cpu.New(), engine.Float32, Divided{"other.", asked(&guest), asked(&own)})
	s.Sub("other").Sub("part").Param("a", Ones, 3)
	s.Param("others", Ones, 2)
	s.Sub("blocks").Sub("other").Param("b", Ones, 2)
	require.NoError(t, s.Err())
	require.Equal(t, [][]string{{"part.a"}, {"others", "blocks.other.b"}}, [][]string{guest, own})
	s.Sub("other").Param("c", Ones, 7)
	require.EqualError(t, s.Err(), "seven")
}

// fillFunc is a function as a Source.
type fillFunc func(values []float32, name string, shape []int, init Init) error

func (f fillFunc) Fill(values []float32, name string, shape []int, init Init) error {
	return f(values, name, shape, init)
}

// States are beside the parameters, in training alone, and go with the scope.
func TestState(t *testing.T) {
	b := cpu.New()
	values := func() []float32 { return []float32{4, 5, 6} }
	s := NewScope(b, engine.Float32, nil)
	queue := s.Sub("anchors").State("queue", values, 3)
	require.Empty(t, s.Params())
	require.Equal(t, []string{"anchors.queue"}, names(s.States()))
	require.Same(t, queue, s.States()[0].Data())
	require.False(t, s.States()[0].NeedsGrad())
	have, err := engine.Read[float32](queue)
	require.NoError(t, err)
	require.Equal(t, values(), have)
	s.Free()
	require.Empty(t, s.States())
	require.Zero(t, b.Stats().LiveBytes)

	s = NewInferenceScope(b, nil, engine.Full)
	require.Nil(t, s.State("queue", values, 3))
	require.Empty(t, s.States())
	_, err = Outline(0, func(s *Scope) { require.Nil(t, s.State("queue", nil, 3)) })
	require.NoError(t, err)
}
