package moae

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The router: a score of each expert for each token, with noise. Go on with balance.go.

// Router scores the experts for each token. The names are those of the published checkpoints.
type Router struct {
	Score      *nn.Linear
	NoiseScale *nn.Linear // nil with FixedNoise
	fixed      float64    // deviation of the noise with FixedNoise
}

func newRouter(s *nn.Scope, dim int, c Config, init nn.Init) *Router {
	score := s.Sub("topkroute_linear")
	if c.FixedNoise {
		return &Router{Score: &nn.Linear{Weight: score.Param("weight", init, c.Experts, dim)}, fixed: 1 / float64(c.Experts)}
	}
	return &Router{
		Score:      nn.NewPlainLinear(score, dim, c.Experts, init),
		NoiseScale: nn.NewPlainLinear(s.Sub("noise_linear"), dim, c.Experts, init),
	}
}

// Scores are what a router thinks of the experts for each token: [tokens, experts].
type Scores struct {
	Clean     *ag.Value // x·W_g
	Noisy     *ag.Value // H(x), by which experts are chosen; Clean where no noise is drawn
	Deviation *ag.Value // of the noise, or [1] for all; nil where none is drawn
}

// Scores computes H(x) = x·W_g + ε (S4D equation 5) for tokens x [tokens, D]. The noise is ε = σ·N(0, 1) with a learned scale,
// σ = softplus(x·W_n), as in the released code (and Shazeer et al. 2017), or with FixedNoise σ = 1/n, as in V-MoE. A nil key draws no
// noise.
func (r *Router) Scores(x *ag.Value, noise *engine.Key) Scores {
	clean := r.Score.Forward(x)
	if noise == nil {
		return Scores{Clean: clean, Noisy: clean}
	}
	t, dtype := x.Tape(), x.Data().DType()
	normal, deviation := t.Normal(dtype, *noise, clean.Shape()...), (*ag.Value)(nil)
	if r.NoiseScale == nil {
		deviation = t.Const(engine.Filled(t.Backend(), dtype, r.fixed, 1))
	} else {
		deviation = ag.Softplus(r.NoiseScale.Forward(x))
	}
	return Scores{Clean: clean, Noisy: ag.Add(clean, ag.Mul(normal, deviation)), Deviation: deviation}
}
