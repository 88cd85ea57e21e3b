// Package moae is the mixture of experts of S4D (sections III-D of the paper, equations 5 to 9) and of V-MoE (Riquelme et al. 2021), the
// sparse transformer that S4D is compared with. A router sends each token to k of n experts, whose outputs are summed with the router's
// weights. Experts are small adapters that run beside the MLP of a transformer block, on the same normalised tokens, or, in V-MoE, MLPs
// in its place. One router serves images and videos.
//
// This file is the layer; router.go scores the experts, balance.go has the losses that spread tokens over them.
//
// Where the papers and S4D's released code differ, the default is deterministic and follows the released code's mathematics; each
// other behaviour is a field of [Config]:
//
//	                      S4D's paper          its released code       V-MoE                         default here
//	expert (equation 8)   with residual        without residual        without residual              without (Residual)
//	router noise          fixed variance       learned scale           deviation 1/n                 learned, in training (FixedNoise)
//	gates                 softmax of the k chosen scores (both)        softmax of all n scores       of the chosen (SoftmaxFirst)
//	capacity              not said             B·N·k/n tokens          1.05·B·N·k/n                  unlimited (Capacity)
//	both in evaluations   not said             yes                     no noise, room for 4·B·N·k/n  no (EvalAsTraining)
//	without room for all  –                    earlier tokens first    first choices (best scores)   earlier tokens (Priority)
//	load balance          "encouraged"         a loss never added      importance and load, 0.005    none (Balance, Importance, Load)
package moae

import (
	"fmt"
	"slices"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// Config is the shape of one layer and the choice between paper and code.
type Config struct {
	Experts int // n
	TopK    int // k, experts per token
	Hidden  int // width of an expert's hidden layer; 0 is a quarter of the token width

	Residual       bool    // add the adapter's input to its output, as equation 8 does
	Capacity       float64 // in training, an expert takes at most Capacity·tokens·k/n tokens of a batch; the released code uses 1; 0 is no limit
	EvalAsTraining bool    // noise and capacity in evaluations as well, as in the released code
	Balance        float64 // coefficient of BalanceLoss; the released code intends 1e-3 and never adds it

	FixedNoise   bool        // router noise of deviation 1/n and a router without biases, as in V-MoE; S4D's equation 5 leaves σ open
	SoftmaxFirst bool        // choose by the softmax over all experts, whose k largest values are the gates, as V-MoE does
	Priority     ag.Priority // whose choices an expert takes where its capacity does not suffice
	Importance   float64     // coefficient of ImportanceLoss
	Load         float64     // coefficient of LoadLoss, in passes that draw noise
}

// Limits that keep memory bounded whatever a file or recipe claims, far above what is published.
const (
	maxExperts = 1 << 10
	maxHidden  = 1 << 16
)

// Check returns an error that says which number is impossible.
func (c Config) Check() error {
	if c.TopK < 1 || c.TopK > c.Experts || c.Hidden < 0 ||
		!(min(c.Capacity, c.Balance, c.Importance, c.Load) >= 0) {
		return fmt.Errorf("mixture %+v: needs experts ≥ 1, 1 ≤ top-k ≤ experts, and nothing negative", c)
	}
	if c.Experts > maxExperts || c.Hidden > maxHidden {
		return fmt.Errorf("mixture %+v: more than %d experts, or a hidden layer wider than %d", c, maxExperts, maxHidden)
	}
	return nil
}

// Width is the width of an expert's hidden layer for tokens of width dim.
func (c Config) Width(dim int) int {
	if c.Hidden == 0 {
		return dim / 4
	}
	return c.Hidden
}

// Pass describes one forward pass: whether it is training, the key of its noise, and what counts as a batch.
type Pass struct {
	Training bool
	Noise    *engine.Key // nil draws no noise, whatever the config says
	Groups   int         // of consecutive samples, in each of which an expert has its capacity, importance and load; 0 is one
}

// Child returns the pass of part i of a model, with an independent noise stream.
func (p Pass) Child(i int) Pass {
	if p.Noise != nil {
		key := p.Noise.Child(i)
		p.Noise = &key
	}
	return p
}

// Layer is a router and its experts.
type Layer struct {
	Config
	Router  *Router
	Experts []*Expert
}

// New makes a layer for tokens of width dim, with the published names router.… and experts.0.…
func New(s *nn.Scope, dim int, c Config, init nn.Init) *Layer {
	c.Hidden = c.Width(dim)
	l := &Layer{Config: c, Router: newRouter(s.Sub("router"), dim, c, init)}
	for e := range c.Experts {
		expert := s.Index("experts", e)
		fc1, fc2 := nn.NewLinear(expert.Sub("fc1"), dim, c.Hidden, init), nn.NewLinear(expert.Sub("fc2"), c.Hidden, dim, init)
		l.Experts = append(l.Experts, &Expert{fc1, fc2})
	}
	return l
}

// Output is what a layer computes: the mixture, and the routing for figures and losses.
type Output struct {
	Mixed   *ag.Value // [B, N, D]
	Gates   *ag.Value // [B·N, k], the weight of each choice
	Choice  *ag.Value // [B·N, k], int32, see autograd.Routing
	Balance *ag.Value // the sum of the scaled losses of balance, nil where there are none
}

// Values returns the results that outlive the block's scope on the tape.
func (o Output) Values() []*ag.Value {
	return slices.DeleteFunc([]*ag.Value{o.Gates, o.Choice, o.Balance}, func(v *ag.Value) bool { return v == nil })
}

// Forward computes Σ_i G(x)_i·E_i(x) (S4D equations 7 and 9) for tokens x [B, N, D]. Slots [B·N·k, D] are the tokens sorted by
// expert, one copy for each expert that processes them.
func (l *Layer) Forward(x *ag.Value, pass Pass) Output {
	batch, tokens, dim := x.Dim(0), x.Dim(1), x.Dim(2)
	groups := max(pass.Groups, 1)
	var noise *engine.Key
	capacity := 0
	if pass.Training || l.EvalAsTraining {
		noise, capacity = pass.Noise, l.capacity(batch*tokens/groups)
	}
	scores := l.Router.Scores(ag.Reshape(x, batch*tokens, dim), noise) // [B·N, n]
	ranked := scores.Noisy
	if l.SoftmaxFirst {
		ranked = ag.Softmax(ranked)
	}
	r := ag.RouteGroups(ranked, l.TopK, capacity, groups, l.Priority)
	gates := l.gates(ranked, r)                      // [B·N, k]
	slots := ag.Dispatch(x, r)                       // [B·N·k, D]
	mixed := ag.Combine(l.adapt(slots, r), gates, r) // [B·N, D]
	out := Output{Mixed: ag.Reshape(mixed, batch, tokens, dim), Gates: gates, Choice: r.Choice}
	if pass.Training {
		out.Balance = l.balance(scores, ranked, r, batch, groups)
	}
	return out
}

// gates returns G(x) for the choices of each token: the softmax of their scores (S4D equation 6), or with SoftmaxFirst what they have of
// the softmax over all experts (V-MoE section 2.2), which do not sum to 1.
func (l *Layer) gates(ranked *ag.Value, r *ag.Routing) *ag.Value {
	if l.SoftmaxFirst {
		return ag.Chosen(ranked, r)
	}
	return ag.Gates(ranked, r)
}

// capacity is the largest number of tokens per expert, ⌊Capacity·tokens·k/n⌋.
func (l *Layer) capacity(tokens int) int {
	if l.Capacity == 0 {
		return 0
	}
	return max(1, int(l.Capacity*float64(tokens*l.TopK)/float64(l.Config.Experts)))
}

// adapt runs each expert on its slots [slots, D] (S4D equation 8): x + W₂·GELU(W₁·x + b₁) + b₂, where the released
// code leaves the leading x out.
func (l *Layer) adapt(slots *ag.Value, r *ag.Routing) *ag.Value {
	var w1, b1, w2, b2 []*ag.Value
	for _, e := range l.Experts {
		w1, b1 = append(w1, e.FC1.Weight), append(b1, e.FC1.Bias)
		w2, b2 = append(w2, e.FC2.Weight), append(b2, e.FC2.Bias)
	}
	y := ag.GroupedLinear(ag.GroupedLinearGELU(slots, w1, b1, r), w2, b2, r)
	if l.Residual {
		y = ag.Add(slots, y)
	}
	return y
}

// Expert is two linear layers with GELU between them: an adapter, or as wide as an MLP.
type Expert struct{ FC1, FC2 *nn.Linear }
