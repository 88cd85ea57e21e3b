// Package moae is the mixture of adapter experts of S4D (sections III-D of the paper, equations 5 to 9): a router sends each
// token to k of n small adapters, whose outputs are summed with the router's weights. It runs beside the MLP of a transformer
// block, on the same normalised tokens. One router serves images and videos.
//
// Where the paper and the released code differ, the default is deterministic and follows the code's mathematics; each
// other behaviour is a field of [Config]:
//
//	                      paper              released code             default here
//	expert (equation 8)   with residual      without residual          without (Residual)
//	router noise          fixed variance     learned scale             learned scale, in training
//	noise at evaluation   not said           yes                       no (NoiseInEval)
//	capacity              not said           B·N·k/n tokens, dropping  unlimited (Capacity)
//	load balance          "encouraged"       a loss that is never added 0 (Balance)
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
	Hidden  int // width of an adapter's hidden layer; 0 is a quarter of the token width

	Residual    bool    // add the adapter's input to its output, as equation 8 does
	NoiseInEval bool    // draw router noise at evaluation as well, as the released code does
	Capacity    float64 // an expert takes at most Capacity·tokens·k/n tokens; the released code uses 1; 0 is no limit
	Balance     float64 // coefficient of the load-balance loss; the released code intends 1e-3 and never adds it
}

// Limits that keep memory bounded whatever a file or recipe claims, far above what is published.
const (
	maxExperts = 1 << 10
	maxHidden  = 1 << 16
)

// Check returns an error that says which number is impossible.
func (c Config) Check() error {
	if c.Experts < 1 || c.TopK < 1 || c.TopK > c.Experts || c.Hidden < 0 || !(c.Capacity >= 0 && c.Balance >= 0) {
		return fmt.Errorf("mixture %+v: needs experts ≥ 1, 1 ≤ top-k ≤ experts, and nothing negative", c)
	}
	if c.Experts > maxExperts || c.Hidden > maxHidden {
		return fmt.Errorf("mixture %+v: more than %d experts, or a hidden layer wider than %d", c, maxExperts, maxHidden)
	}
	return nil
}

// Width is the width of an adapter's hidden layer for tokens of width dim.
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
	Groups   int         // of consecutive samples, in each of which an expert has its capacity; 0 is one
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
	Experts []*Adapter
}

// New makes a layer for tokens of width dim, with the published names router.… and experts.0.…
func New(s *nn.Scope, dim int, c Config, init nn.Init) *Layer {
	c.Hidden = c.Width(dim)
	l := &Layer{Config: c, Router: newRouter(s.Sub("router"), dim, c.Experts, init)}
	for e := range c.Experts {
		expert := s.Index("experts", e)
		fc1, fc2 := nn.NewLinear(expert.Sub("fc1"), dim, c.Hidden, init), nn.NewLinear(expert.Sub("fc2"), c.Hidden, dim, init)
		l.Experts = append(l.Experts, &Adapter{fc1, fc2})
	}
	return l
}

// Output is what a layer computes: the mixture, and the routing for figures and losses.
type Output struct {
	Mixed   *ag.Value // [B, N, D]
	Gates   *ag.Value // [B·N, k], the weight of each choice
	Choice  *ag.Value // [B·N, k], int32, see autograd.Routing
	Balance *ag.Value // the scaled load-balance loss, nil where its coefficient is 0
}

// Values returns the results that outlive the block's scope on the tape.
func (o Output) Values() []*ag.Value {
	return slices.DeleteFunc([]*ag.Value{o.Gates, o.Choice, o.Balance}, func(v *ag.Value) bool { return v == nil })
}

// Forward computes Σ_i G(x)_i·Adapter_i(x) (S4D equation 9) for tokens x [B, N, D]. Slots [B·N·k, D] are the tokens sorted by
// expert, one copy for each expert that processes them.
func (l *Layer) Forward(x *ag.Value, pass Pass) Output {
	batch, tokens, dim := x.Dim(0), x.Dim(1), x.Dim(2)
	var noise *engine.Key
	if pass.Training || l.NoiseInEval {
		noise = pass.Noise
	}
	scores := l.Router.Scores(ag.Reshape(x, batch*tokens, dim), noise) // [B·N, n]
	groups := max(pass.Groups, 1)
	r := ag.RouteGroups(scores, l.TopK, l.capacity(batch*tokens/groups), groups, ag.ByToken)
	gates := ag.Gates(scores, r)                     // [B·N, k]
	slots := ag.Dispatch(x, r)                       // [B·N·k, D]
	mixed := ag.Combine(l.adapt(slots, r), gates, r) // [B·N, D]
	out := Output{Mixed: ag.Reshape(mixed, batch, tokens, dim), Gates: gates, Choice: r.Choice}
	if l.Balance > 0 {
		out.Balance = ag.Scale(BalanceLoss(scores, r, batch), l.Balance)
	}
	return out
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

// Adapter is one expert: two linear layers with GELU between them.
type Adapter struct{ FC1, FC2 *nn.Linear }

// Router scores the experts for each token. The names are those of the published checkpoints.
type Router struct{ Score, NoiseScale *nn.Linear }

func newRouter(s *nn.Scope, dim, experts int, init nn.Init) *Router {
	return &Router{
		Score:      nn.NewPlainLinear(s.Sub("topkroute_linear"), dim, experts, init),
		NoiseScale: nn.NewPlainLinear(s.Sub("noise_linear"), dim, experts, init),
	}
}

// Scores returns H(x) = x·W_g + ε (S4D equation 5) for tokens [tokens, D] as [tokens, experts]. As in the released code (and
// Shazeer et al. 2017) the noise has a learned scale, ε = softplus(x·W_n)·N(0, 1). A nil key draws no noise.
func (r *Router) Scores(x *ag.Value, noise *engine.Key) *ag.Value {
	scores := r.Score.Forward(x)
	if noise == nil {
		return scores
	}
	normal := x.Tape().Normal(x.Data().DType(), *noise, scores.Shape()...)
	return ag.Add(scores, ag.Mul(normal, ag.Softplus(r.NoiseScale.Forward(x))))
}

// BalanceLoss is the released code's load-balance loss: n² times the mean over samples and experts of the fraction of a
// sample's tokens that chose the expert, times the expert's mean score. scores are [batch·tokens, experts].
func BalanceLoss(scores *ag.Value, r *ag.Routing, batch int) *ag.Value {
	t, dtype := scores.Tape(), scores.Data().DType()
	tokens := r.Tokens / batch
	ones := t.Const(engine.Filled(t.Backend(), dtype, 1, r.Tokens*r.K, 1))
	chosen := ag.Reshape(ag.Gather(ones, r.Choices.Transposed()), batch, tokens, r.Experts)
	fraction := ag.MeanAxis(chosen, 1)
	score := ag.MeanAxis(ag.Reshape(scores, batch, tokens, r.Experts), 1)
	return ag.Scale(ag.Mean(ag.Mul(fraction, score)), float64(r.Experts*r.Experts))
}
