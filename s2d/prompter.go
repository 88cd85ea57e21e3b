package s2d

import (
	ag "mien/autograd"
	"mien/nn"
	"mien/vit"
)

// Prompter is the multi-view complementary prompter (MCP): it tells the patches what the landmark view of the face adds to them, through
// a bottleneck.
type Prompter struct {
	Patches, View *nn.Linear // D → width
	Smooth        *ag.Value  // [1], s of the fovea
	Out           *nn.Linear // width → D
}

// NewPrompter makes a prompter of tokens of width dim, with the published names.
func NewPrompter(s *nn.Scope, dim, width int) *Prompter {
	pointwise := func(name string, in, out int) *nn.Linear { return newPointwise(s.Sub(name), in, out, nn.XavierUniform) }
	return &Prompter{
		Patches: pointwise("conv0_0", dim, width), View: pointwise("conv0_1", dim, width),
		Smooth: s.Param("fovea.smooth", nn.Constant(10), 1), Out: pointwise("conv1x1", width, dim),
	}
}

// Forward makes a prompt [F, S, D] of normalised tokens x [F, S, D], of which the last n of each frame are patches, and a normalised view of
// landmarks, which may have patches alone. It is zero for other tokens. With h and g what the bottleneck leaves of patches,
//
//	P = W·(softmax(s·h)∘h + g)
//
// where the softmax runs over the positions of a frame, for each channel: its fovea.
func (p *Prompter) Forward(x, view *ag.Value, n int) *ag.Value {
	h := ag.Permute(vit.LastTokens(p.Patches.Forward(x), n), 0, 2, 1) // [F, width, N]
	fovea := ag.Mul(ag.Softmax(ag.Mul(h, p.Smooth)), h)               // [F, width, N]
	g := vit.LastTokens(p.View.Forward(view), n)                      // [F, N, width]
	return p.Out.ForwardLast(ag.Add(ag.Permute(fovea, 0, 2, 1), g), x.Dim(1))
}
