package s2d

import (
	ag "mien/autograd"
	"mien/nn"
	"mien/vit"
)

// TemporalAdapter is the temporal-modeling adapter (TMA): each patch attends to itself in the other frames, in a bottleneck, and then goes
// through a second one.
type TemporalAdapter struct {
	Down, Up       *nn.Linear // D → width → D around the attention
	QKV            *ag.Value  // [3·width, width], without a bias
	Proj           *nn.Linear
	Heads          int
	Norm           *nn.LayerNorm
	Space1, Space2 *nn.Linear // D → width → D
}

// torchLayerNormEps is PyTorch's default, which the published code left in this norm alone.
const torchLayerNormEps = 1e-5

// NewTemporalAdapter makes an adapter of tokens of width dim, with the published names. Unlike other adapters it changes the tokens from
// the start: the published code sets its layers to 0 and then, with all others, to what init draws.
func NewTemporalAdapter(s *nn.Scope, dim, width, heads int, init nn.Init) *TemporalAdapter {
	time, space := s.Sub("T_Adapter"), s.Sub("S_Adapter")
	a := &TemporalAdapter{
		Down:   nn.NewLinear(time.Sub("D_fc1"), dim, width, init),
		QKV:    time.Weight("attn.qkv.weight", init, 3*width, width),
		Proj:   nn.NewLinear(time.Sub("attn").Sub("proj"), width, width, init),
		Up:     nn.NewLinear(time.Sub("D_fc2"), width, dim, init),
		Heads:  heads,
		Norm:   nn.NewLayerNorm(s.Sub("norm"), dim),
		Space1: nn.NewLinear(space.Sub("D_fc1"), dim, width, init), Space2: nn.NewLinear(space.Sub("D_fc2"), width, dim, init),
	}
	a.Norm.Eps = torchLayerNormEps
	return a
}

// AddTo adds to the residual [F, S, D] what the adapter says of normalised tokens x [F, S, D] of the frames of batch samples, to the patches,
// which are the last n of a frame.
func (a *TemporalAdapter) AddTo(residual, x *ag.Value, batch, n int) *ag.Value {
	frames := x.Dim(0) / batch
	h := vit.LastTokens(a.Down.ForwardGELU(x), n) // [F, N, width]
	width := h.Dim(2)
	h = ag.Permute(ag.Reshape(h, batch, frames, n, width), 0, 2, 1, 3)       // [B, N, T, width]
	qkv := ag.Linear(ag.Reshape(h, batch*n, frames, width), a.QKV, nil)      // [B·N, T, 3·width]
	h = a.Proj.Forward(ag.Attention(qkv, a.Heads))                           // [B·N, T, width]
	h = ag.Permute(ag.Reshape(h, batch, n, frames, width), 0, 2, 1, 3)       // [B, T, N, width]
	y := a.Norm.Forward(a.Up.Forward(ag.Reshape(h, batch*frames, n, width))) // [F, N, D]
	return a.Space2.AddToLast(residual, a.Space1.ForwardGELU(y))
}
