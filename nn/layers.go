package nn

import ag "mien/autograd"

// Linear is y = x·Wᵀ + b with weight [out, in] and bias [out]; bias may be nil.
type Linear struct{ Weight, Bias *ag.Value }

// NewLinear makes a linear layer whose bias starts at 0.
func NewLinear(s *Scope, in, out int, init Init) *Linear {
	return &Linear{s.Weight("weight", init, out, in), s.Param("bias", Zeros, out)}
}

// NewPlainLinear makes the same layer with a weight that inference neither packs nor rounds: for routers and heads, whose few
// outputs decide the result.
func NewPlainLinear(s *Scope, in, out int, init Init) *Linear {
	return &Linear{s.Param("weight", init, out, in), s.Param("bias", Zeros, out)}
}

// Forward maps x [..., in] to [..., out].
func (l *Linear) Forward(x *ag.Value) *ag.Value { return ag.Linear(x, l.Weight, l.Bias) }

// ForwardGELU is GELU(Forward(x)).
func (l *Linear) ForwardGELU(x *ag.Value) *ag.Value { return ag.LinearGELU(x, l.Weight, l.Bias) }

// AddTo is residual + Forward(x).
func (l *Linear) AddTo(residual, x *ag.Value) *ag.Value {
	return ag.LinearAdd(x, l.Weight, l.Bias, residual)
}

// AddToLast is AddTo for the last rows of each item of the residual [B, s, out], as many as x [B, n, in] has.
func (l *Linear) AddToLast(residual, x *ag.Value) *ag.Value {
	return ag.LinearAddLast(x, l.Weight, l.Bias, residual)
}

// ForwardLast is AddToLast for a residual of zeros [B, rows, out].
func (l *Linear) ForwardLast(x *ag.Value, rows int) *ag.Value {
	return ag.LinearLast(x, l.Weight, l.Bias, rows)
}

// Layer runs forward as a layer of x's tape: see autograd.Tape.Layer.
func Layer(x *ag.Value, forward func(x *ag.Value) *ag.Value) *ag.Value {
	return x.Tape().Layer([]*ag.Value{x}, func(in []*ag.Value) []*ag.Value { return []*ag.Value{forward(in[0])} })[0]
}

// LayerNormEps is added to the variance in the layer norms of vision transformers.
const LayerNormEps = 1e-6

// LayerNorm normalises the last axis, then scales and shifts it with weight and bias [dim].
type LayerNorm struct {
	Weight, Bias *ag.Value
	Eps          float64 // added to the variance
}

// NewLayerNorm makes a layer norm with scale 1 and shift 0.
func NewLayerNorm(s *Scope, dim int) *LayerNorm {
	return &LayerNorm{s.Param("weight", Ones, dim), s.Param("bias", Zeros, dim), LayerNormEps}
}

// Forward keeps the shape of x [..., dim].
func (l *LayerNorm) Forward(x *ag.Value) *ag.Value {
	return ag.LayerNorm(x, l.Weight, l.Bias, l.Eps)
}

// Rounded is Forward for what only products and attention read: see autograd.Rounded.
func (l *LayerNorm) Rounded(x *ag.Value) *ag.Value {
	return ag.LayerNormRounded(x, l.Weight, l.Bias, l.Eps)
}

// The layers that all models are built from. Go on with package vit.
