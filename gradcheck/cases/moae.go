package cases

import (
	ag "mien/autograd"
	"mien/engine"
	check "mien/gradcheck"
	"mien/moae"
	"mien/nn"
)

// moaeCases are the mixture of experts in each of its behaviours. Scores are far apart, so that no step of a difference changes a
// choice.
func moaeCases() []check.Case {
	mixture := func(name string, c moae.Config, pass moae.Pass) check.Case {
		c.Experts, c.Hidden = 4, 3
		return layer(name, inputs(tensor("x", 2, 3, 6)), func(s *nn.Scope) check.Func {
			l := moae.New(s, 6, c, nn.TruncatedNormal(0.5, 2))
			return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
				out := l.Forward(in[0], pass)
				results := []*ag.Value{out.Mixed, out.Gates}
				if out.Balance != nil {
					results = append(results, out.Balance)
				}
				return results
			}
		})
	}
	quiet := moae.Pass{Training: true}
	noisy := moae.Pass{Training: true, Noise: &engine.Key{Seed: 1, Stream: 2}}
	grouped := noisy
	grouped.Groups = 2
	evaluated := moae.Pass{Noise: &engine.Key{Seed: 1, Stream: 2}}
	return []check.Case{
		mixture("moae.Layer", moae.Config{TopK: 2}, quiet),
		mixture("moae.Layer/noise", moae.Config{TopK: 2}, noisy),
		mixture("moae.Layer/noise in evaluation", moae.Config{TopK: 2, EvalAsTraining: true}, evaluated),
		mixture("moae.Layer/residual", moae.Config{TopK: 2, Residual: true}, quiet),
		mixture("moae.Layer/capacity", moae.Config{TopK: 2, Capacity: 1}, quiet),
		mixture("moae.Layer/balance", moae.Config{TopK: 2, Balance: 0.5}, noisy),
		mixture("moae.Layer/softmax first", moae.Config{TopK: 2, SoftmaxFirst: true}, quiet),
		mixture("moae.Layer/softmax first, noise and balance", moae.Config{TopK: 2, SoftmaxFirst: true, Balance: 0.5}, noisy),
		mixture("moae.Layer/fixed noise", moae.Config{TopK: 2, FixedNoise: true}, noisy),
		mixture("moae.Layer/capacity, first choices first", moae.Config{TopK: 2, Capacity: 0.7, Priority: ag.ByChoice}, quiet),
		mixture("moae.Layer/capacity, best scores first", moae.Config{TopK: 3, Capacity: 0.6, Priority: ag.ByScore}, quiet),
		mixture("moae.Layer/importance", moae.Config{TopK: 2, Importance: 0.5}, quiet),
		mixture("moae.Layer/noise and load", moae.Config{TopK: 2, Load: 0.5}, noisy),
		mixture("moae.Layer/noise, importance and load of groups", moae.Config{TopK: 2, Importance: 0.5, Load: 0.5}, grouped),
		mixture("moae.Layer/one expert a token", moae.Config{TopK: 1, Balance: 0.5}, quiet),
		mixture("moae.Layer/all experts", moae.Config{TopK: 4}, quiet),
	}
}
