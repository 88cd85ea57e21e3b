package moae

import (
	"math/rand/v2"

	ag "mien/autograd"
	"mien/gradcheck"
	"mien/nn"
)

// GradCases are the gradient checks of the layer, in each of its behaviours.
func GradCases() []gradcheck.Case {
	layer := func(name string, c Config, noisy bool) gradcheck.Case {
		c.Experts, c.TopK, c.Hidden = 4, 2, 3
		in := []gradcheck.Input{{Name: "x", Shape: []int{2, 3, 6}}}
		return nn.GradCase(name, in, func(s *nn.Scope) gradcheck.Func {
			l := New(s, 6, c, nn.TruncatedNormal(0.5, 2))
			return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
				pass := Pass{Training: true}
				if noisy {
					pass.Noise = rand.New(rand.NewPCG(1, 2))
				}
				out := l.Forward(in[0], pass)
				results := []*ag.Value{out.Mixed, out.Gates}
				if out.Balance != nil {
					results = append(results, out.Balance)
				}
				return results
			}
		})
	}
	return []gradcheck.Case{
		layer("moae.Layer", Config{}, false),
		layer("moae.Layer/noise", Config{}, true),
		layer("moae.Layer/residual", Config{Residual: true}, false),
		layer("moae.Layer/capacity", Config{Capacity: 1}, false),
		layer("moae.Layer/balance", Config{Balance: 0.5}, true),
	}
}
