package s4d

import (
	ag "mien/autograd"
	"mien/nn"
)

// Head turns features into logits. Where the paper speaks of MLPs, the released heads are single linear layers: with a hidden layer, GELU
// lies between the two.
type Head struct {
	Hidden *nn.Linear // nil without a hidden layer
	Out    *nn.Linear
}

// newHead makes a head in scope s. The output layer has the published names whether or not there is a hidden one.
func newHead(s *nn.Scope, dim, hidden, classes int, init nn.Init) *Head {
	h := &Head{}
	if hidden > 0 {
		h.Hidden = nn.NewPlainLinear(s.Sub("hidden"), dim, hidden, init)
		dim = hidden
	}
	h.Out = nn.NewPlainLinear(s, dim, classes, init)
	return h
}

// Forward maps features [B, D] to logits [B, classes].
func (h *Head) Forward(x *ag.Value) *ag.Value {
	if h.Hidden != nil {
		x = h.Hidden.ForwardGELU(x) // [B, hidden]
	}
	return h.Out.Forward(x)
}
