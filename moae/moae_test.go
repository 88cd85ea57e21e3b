package moae

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

func TestCheck(t *testing.T) {
	for _, c := range []Config{{Experts: 1, TopK: 1}, {Experts: 8, TopK: 8, Hidden: 3, Capacity: 1.25, Balance: 1e-3, Importance: 0.005, Load: 0.005}} {
		require.NoError(t, c.Check())
	}
	for _, c := range []Config{
		{TopK: 1}, {Experts: 3}, {Experts: 3, TopK: 4}, {Experts: -1, TopK: -2}, {Experts: 3, TopK: 2, Hidden: -1},
		{Experts: 3, TopK: 2, Capacity: -0.5}, {Experts: 3, TopK: 2, Balance: -1}, {Experts: 3, TopK: 2, Capacity: math.NaN()},
		{Experts: 3, TopK: 2, Balance: math.NaN()}, {Experts: 3, TopK: 2, Importance: -1}, {Experts: 3, TopK: 2, Load: math.NaN()},
	} {
		require.ErrorContains(t, c.Check(), "needs experts ≥ 1, 1 ≤ top-k ≤ experts, and nothing negative", "%+v", c)
	}
	require.NoError(t, Config{Experts: 1024, TopK: 1024, Hidden: 65536}.Check(), "at the limits")
	for _, c := range []Config{{Experts: 1025, TopK: 1}, {Experts: 2, TopK: 1, Hidden: 65537}} {
		require.ErrorContains(t, c.Check(), ": more than 1024 experts, or a hidden layer wider than 65536", "%+v", c)
	}
	require.Equal(t, 192, Config{}.Width(768))
	require.Equal(t, 5, Config{Hidden: 5}.Width(768))
}

// The layer of the tests: no two sizes are the same, and tokens·k is no multiple of the experts.
const (
	batch, tokens, dim, experts, k = 2, 7, 6, 5, 3
	all                            = batch * tokens
)

func newLayer(b engine.Backend, c Config) (*Layer, *nn.Scope) {
	c.Experts, c.TopK, c.Hidden = experts, k, 4
	s := nn.NewScope(b, engine.Float64, nn.Random{Seed: 5})
	l := New(s, dim, c, nn.TruncatedNormal(0.6, 2))
	for i, p := range s.Params() { // biases start at 0
		if len(p.Shape()) == 1 {
			values := make([]float64, p.Dim(0))
			for j := range values {
				values[j] = math.Cos(float64(7*i + 3*j))
			}
			engine.Write(p.Data(), values)
		}
	}
	return l, s
}

// input returns tokens [batch, tokens, dim].
func input() []float64 {
	x := make([]float64, all*dim)
	for i := range x {
		x[i] = math.Sin(float64(i*i)) * 1.5
	}
	return x
}

func read(t *testing.T, v *ag.Value) []float64 {
	values, err := engine.Read[float64](v.Data())
	require.NoError(t, err)
	return values
}

// linear is y = W·x + b in plain loops; b may be missing.
func linear(t *testing.T, l *nn.Linear, x []float64) (y []float64) {
	w, b := read(t, l.Weight), make([]float64, l.Weight.Dim(0))
	if l.Bias != nil {
		b = read(t, l.Bias)
	}
	for o := range b {
		sum := b[o]
		for i, v := range x {
			sum += w[o*len(x)+i] * v
		}
		y = append(y, sum)
	}
	return y
}

// deviations are those of the noise of a token's scores.
func deviations(t *testing.T, l *Layer, token []float64) (sigma []float64) {
	if l.FixedNoise {
		return slices.Repeat([]float64{1.0 / experts}, experts)
	}
	for _, s := range linear(t, l.Router.NoiseScale, token) {
		sigma = append(sigma, math.Log1p(math.Exp(s)))
	}
	return sigma
}

// noisyScores are those of a token with its noise, and the experts from the largest down.
func noisyScores(t *testing.T, l *Layer, i int, x, noise []float64) (scores []float64, order []int) {
	token := x[i*dim : (i+1)*dim]
	scores, order = linear(t, l.Router.Score, token), []int{0, 1, 2, 3, 4}
	for e, sigma := range deviations(t, l, token) {
		if noise != nil {
			scores[e] += noise[i*experts+e] * sigma
		}
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, scores[b]-scores[a])) })
	return scores, order
}

// served returns the choices, token·k + rank, in the order in which experts take them.
func served(t *testing.T, l *Layer, x, noise []float64) (turns []int) {
	best := make([]float64, all)
	for i := range all {
		scores, order := noisyScores(t, l, i, x, noise)
		best[i] = scores[order[0]]
		if l.SoftmaxFirst {
			total := 0.0
			for _, s := range scores {
				total += math.Exp(s)
			}
			best[i] = math.Exp(best[i]) / total
		}
	}
	for i := range all * k {
		turns = append(turns, i)
	}
	slices.SortStableFunc(turns, func(a, b int) int {
		switch byRank := a%k - b%k; {
		case l.Priority == ag.ByToken:
			return a - b
		case byRank != 0 || l.Priority == ag.ByChoice:
			return byRank
		}
		return int(math.Copysign(1, best[b/k]-best[a/k]))
	})
	return turns
}

// reference is equations 5 to 9 in plain loops: for each token, in batch-major order, the sum over its chosen experts with
// remaining capacity, which begins anew with each group of tokens.
func reference(t *testing.T, l *Layer, x, noise []float64, room, groups int) (mixed []float64) {
	taken, full := make([]int, experts*groups), make([]bool, all*k)
	for _, c := range served(t, l, x, noise) {
		_, order := noisyScores(t, l, c/k, x, noise)
		place := order[c%k] + experts*(c/k*groups/all)
		taken[place]++
		full[c] = taken[place] > room
	}
	for i := range all {
		if i%(all/groups) == 0 {
			taken = make([]int, experts)
		}
		token := x[i*dim : (i+1)*dim]
		scores, order := noisyScores(t, l, i, x, noise)
		total, among := 0.0, order[:k]
		if l.SoftmaxFirst {
			among = order
		}
		for _, e := range among {
			total += math.Exp(scores[e])
		}
		y := make([]float64, dim)
		for rank, e := range order[:k] {
			if full[i*k+rank] {
				continue
			}
			h := linear(t, l.Experts[e].FC1, token)
			for j, v := range h {
				h[j] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
			}
			for j, v := range linear(t, l.Experts[e].FC2, h) {
				if l.Residual {
					v += token[j]
				}
				y[j] += math.Exp(scores[e]) / total * v
			}
		}
		mixed = append(mixed, y...)
	}
	return mixed
}

// choicesOf returns the gates of each token's choices, whether or not their experts have room, and their positions among all scores.
func choicesOf(t *testing.T, l *Layer, x, noise []float64) (gates, choices []float64) {
	for i := range all {
		scores, order := noisyScores(t, l, i, x, noise)
		chosen := make([]float64, k)
		for rank, e := range order[:k] {
			chosen[rank] = scores[e]
			choices = append(choices, float64(i*experts+e))
		}
		chosen = softmax(chosen)
		if l.SoftmaxFirst {
			for rank, e := range order[:k] {
				chosen[rank] = softmax(scores)[e]
			}
		}
		gates = append(gates, chosen...)
	}
	return gates, choices
}

// normals are the first numbers of a key.
func normals(key engine.Key) (noise []float64) {
	for i := range uint64(all*experts+3) / 4 {
		for _, word := range key.Block(i) {
			noise = append(noise, float64(engine.Normal(word)))
		}
	}
	return noise
}

// Each behaviour of paper and released code computes what its equations say.
func TestForward(t *testing.T) {
	key := engine.Key{Seed: 9, Stream: 4}
	noise := normals(key)
	training := Pass{Training: true}
	for name, c := range map[string]struct {
		Config
		Pass
		noise []float64
		room  int
	}{
		"default":             {room: all},
		"residual":            {Config: Config{Residual: true}, room: all},
		"capacity":            {Config: Config{Capacity: 1}, Pass: training, room: 8},                        // ⌊14·3/5⌋
		"capacity of groups":  {Config: Config{Capacity: 1}, Pass: Pass{Training: true, Groups: 2}, room: 4}, // ⌊7·3/5⌋
		"small capacity":      {Config: Config{Capacity: 0.4, Residual: true}, Pass: training, room: 3},
		"least capacity":      {Config: Config{Capacity: 0.01}, Pass: training, room: 1},
		"room in evaluation":  {Config: Config{Capacity: 0.4, Priority: ag.ByScore}, room: all},
		"softmax first":       {Config: Config{SoftmaxFirst: true}, room: all},
		"first choices first": {Config: Config{Capacity: 0.8, Priority: ag.ByChoice}, Pass: training, room: 6},
		"best scores first":   {Config: Config{Capacity: 0.8, Priority: ag.ByScore}, Pass: training, room: 6},
		"best of groups":      {Config: Config{Capacity: 0.8, Priority: ag.ByScore}, Pass: Pass{Training: true, Groups: 2}, room: 3},
		"as in V-MoE": {Config: Config{Capacity: 0.8, Priority: ag.ByScore, SoftmaxFirst: true, FixedNoise: true},
			Pass: Pass{Training: true, Noise: &key}, noise: noise, room: 6},
		"fixed noise":          {Config: Config{FixedNoise: true}, Pass: Pass{Training: true, Noise: &key}, noise: noise, room: all},
		"training noise":       {Pass: Pass{Training: true, Noise: &key}, noise: noise, room: all},
		"training, no noise":   {Pass: training, room: all},
		"no noise when asked":  {Pass: Pass{Noise: &key}, room: all},
		"as in training":       {Config: Config{EvalAsTraining: true, Capacity: 0.8}, Pass: Pass{Noise: &key}, noise: noise, room: 6},
		"nothing to draw from": {Config: Config{EvalAsTraining: true}, room: all},
		"room without noise":   {Config: Config{EvalAsTraining: true, Capacity: 0.8}, room: 6},
		"room of groups": {Config: Config{EvalAsTraining: true, Capacity: 0.8, Balance: 1, Importance: 1, Load: 1},
			Pass: Pass{Noise: &key, Groups: 2}, noise: noise, room: 3},
	} {
		t.Run(name, func(t *testing.T) {
			b := cpu.New()
			l, _ := newLayer(b, c.Config)
			tape := ag.NewTape(b)
			out := l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, input(), batch, tokens, dim)), c.Pass)
			require.Equal(t, []int{batch, tokens, dim}, out.Mixed.Shape())
			require.Nil(t, out.Balance)
			require.InDeltaSlice(t, reference(t, l, input(), c.noise, c.room, max(c.Groups, 1)), read(t, out.Mixed), 1e-6)
			require.Equal(t, []*ag.Value{out.Gates, out.Choice}, out.Values())
			gates, choices := choicesOf(t, l, input(), c.noise)
			require.InDeltaSlice(t, gates, read(t, out.Gates), 1e-6)
			require.Equal(t, choices, read(t, out.Choice))
		})
	}
}

func TestCapacity(t *testing.T) {
	b := cpu.New()
	for capacity, want := range map[float64]int{0: 0, 1: 8, 1.25: 10, 0.01: 1, 100: 840} {
		l, _ := newLayer(b, Config{Capacity: capacity})
		require.Equal(t, want, l.capacity(all), "%v", capacity)
	}
}

// n² · mean over samples and experts of (fraction of the sample's tokens that chose the expert) · (the expert's mean score), by hand. The
// scores are those that experts were chosen by: with their noise, and with SoftmaxFirst as probabilities.
func TestBalanceLoss(t *testing.T) {
	key := engine.Key{Seed: 9, Stream: 4}
	for _, c := range []struct {
		probabilities bool
		noise         *engine.Key
	}{{false, nil}, {false, &key}, {true, nil}, {true, &key}} {
		b := cpu.New()
		l, _ := newLayer(b, Config{Balance: 0.3, SoftmaxFirst: c.probabilities})
		tape := ag.NewTape(b)
		x, noise := input(), []float64(nil)
		if c.noise != nil {
			noise = normals(key)
		}
		out := l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, x, batch, tokens, dim)), Pass{Training: true, Noise: c.noise})
		want := 0.0
		for s := range batch {
			var chosen, score [experts]float64
			for i := s * tokens; i < (s+1)*tokens; i++ {
				scores, order := noisyScores(t, l, i, x, noise)
				if c.probabilities {
					scores = softmax(scores)
				}
				for e, v := range scores {
					score[e] += v / tokens
				}
				for _, e := range order[:k] {
					chosen[e] += 1.0 / tokens
				}
			}
			for e := range experts {
				want += experts * experts * chosen[e] * score[e] / (batch * experts)
			}
		}
		require.InDelta(t, 0.3*want, read(t, out.Balance)[0], 1e-9, "%+v", c)
		require.Equal(t, []*ag.Value{out.Gates, out.Choice, out.Balance}, out.Values())
	}
	require.Empty(t, Output{}.Values())
}

// softmax is eˣ over the sum of all.
func softmax(x []float64) (p []float64) {
	total := 0.0
	for _, v := range x {
		total += math.Exp(v)
	}
	for _, v := range x {
		p = append(p, math.Exp(v)/total)
	}
	return p
}

// The balance loss has a gradient for the router only.
func TestBalanceLossHasAGradient(t *testing.T) {
	b := cpu.New()
	l, s := newLayer(b, Config{Balance: 0.3})
	tape := ag.NewTape(b)
	out := l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, input(), batch, tokens, dim)), Pass{Training: true})
	tape.Backward(out.Balance)
	for _, p := range s.Params() {
		require.Equal(t, p.Value == l.Router.Score.Weight || p.Value == l.Router.Score.Bias, p.Grad() != nil, p.Name)
	}
}

// squaredVariation is (σ/µ)² by its definition.
func squaredVariation(x []float64) float64 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	return variance / (mean * mean)
}

// Importance is the sum of the softmax of clean scores, load that of the probabilities to be chosen once more, both by hand and in each
// group.
func TestImportanceAndLoad(t *testing.T) {
	key := engine.Key{Seed: 9, Stream: 4}
	noise := normals(key)
	for _, c := range []struct {
		fixed  bool
		groups int
	}{{false, 0}, {true, 0}, {false, 2}, {true, 2}} {
		b, groups := cpu.New(), max(c.groups, 1)
		l, _ := newLayer(b, Config{Importance: 0.3, Load: 0.7, FixedNoise: c.fixed})
		tape := ag.NewTape(b)
		x := input()
		tokensOf := func() *ag.Value { return tape.Const(engine.FromSlice(b, engine.Float64, x, batch, tokens, dim)) }
		importance, load := make([][experts]float64, groups), make([][experts]float64, groups)
		for i := range all {
			g := i * groups / all
			token := x[i*dim : (i+1)*dim]
			clean, sigma := linear(t, l.Router.Score, token), deviations(t, l, token)
			noisy, order := noisyScores(t, l, i, x, noise)
			for e, s := range clean {
				importance[g][e] += softmax(clean)[e]
				load[g][e] += math.Erfc((noisy[order[k-1]]-s)/sigma[e]/math.Sqrt2) / 2
			}
		}
		want := 0.0
		for _, x := range importance {
			want += 0.3 * squaredVariation(x[:]) / float64(groups)
		}
		require.Greater(t, want, 1e-3)
		quiet := l.Forward(tokensOf(), Pass{Training: true, Groups: c.groups})
		require.InDelta(t, want, read(t, quiet.Balance)[0], 1e-9, "no load without noise")
		for _, x := range load {
			want += 0.7 * squaredVariation(x[:]) / float64(groups)
		}
		noisy := l.Forward(tokensOf(), Pass{Training: true, Noise: &key, Groups: c.groups})
		require.InDelta(t, want, read(t, noisy.Balance)[0], 1e-9)
		require.Nil(t, l.Forward(tokensOf(), Pass{Noise: &key}).Balance, "nor a loss outside of training")
	}
}

// Importance is 0 where all experts are equal, and n − 1 where one is all that counts. The released loss falls with all scores
// together, as far as they do; of probabilities it stays, and is k where tokens are spread evenly.
func TestBoundsOfBalance(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	of := func(scores ...float64) *ag.Value {
		return tape.Const(engine.FromSlice(b, engine.Float64, slices.Repeat(scores, all), all, len(scores)))
	}
	loss := func(v *ag.Value) float64 { return read(t, v)[0] }
	require.InDelta(t, 0, loss(ImportanceLoss(of(3, 3, 3, 3, 3), 1)), 1e-12)
	require.InDelta(t, 4, loss(ImportanceLoss(of(0, 90, 0, 0, 0), 2)), 1e-12)

	balance := func(scores *ag.Value) float64 {
		return loss(BalanceLoss(scores, ag.Route(scores, k, 0, ag.ByToken), batch))
	}
	scores := []float64{0, 2, 1, -1, 3}
	lower := slices.Clone(scores)
	for i := range lower {
		lower[i] -= 1000
	}
	require.InDelta(t, 1000*experts*k, balance(of(scores...))-balance(of(lower...)), 1e-6)
	require.InDelta(t, balance(ag.Softmax(of(scores...))), balance(ag.Softmax(of(lower...))), 1e-9)
	require.Greater(t, balance(ag.Softmax(of(scores...))), float64(k))

	even := make([]float64, 0, batch*experts*experts) // each expert is chosen as often, first, second and last
	for i := range batch * experts {
		row := slices.Concat(scores[i%experts:], scores[:i%experts])
		even = append(even, row...)
	}
	turned := ag.Softmax(tape.Const(engine.FromSlice(b, engine.Float64, even, batch*experts, experts)))
	require.InDelta(t, k, balance(turned), 1e-9)
}

// Parts of a model draw different noise, each the same on every call.
func TestChild(t *testing.T) {
	key := engine.Key{Seed: 1, Stream: 2}
	pass := Pass{Training: true, Noise: &key}
	seen := map[engine.Key]bool{key: true}
	for i := range 5 {
		child := pass.Child(i)
		require.True(t, child.Training)
		require.False(t, seen[*child.Noise], "part %d", i)
		seen[*child.Noise] = true
		require.Equal(t, key.Child(i), *child.Noise)
	}
	require.Equal(t, engine.Key{Seed: 1, Stream: 2}, key, "the parent's stays")
	require.Equal(t, Pass{Training: true}, Pass{Training: true}.Child(3))
}

// Parameters have the names of the published checkpoints; routers are never packed.
func TestNames(t *testing.T) {
	params, err := nn.Outline(100, func(s *nn.Scope) { New(s, 12, Config{Experts: 2, TopK: 1}, nn.Zeros) })
	require.NoError(t, err)
	shapes, packed := map[string][]int{}, 0
	for _, p := range params {
		shapes[p.Name] = p.Shape()
		if p.Linear {
			packed++
		}
	}
	require.Equal(t, map[string][]int{
		"router.topkroute_linear.weight": {2, 12}, "router.topkroute_linear.bias": {2},
		"router.noise_linear.weight": {2, 12}, "router.noise_linear.bias": {2},
		"experts.0.fc1.weight": {3, 12}, "experts.0.fc1.bias": {3}, "experts.0.fc2.weight": {12, 3}, "experts.0.fc2.bias": {12},
		"experts.1.fc1.weight": {3, 12}, "experts.1.fc1.bias": {3}, "experts.1.fc2.weight": {12, 3}, "experts.1.fc2.bias": {12},
	}, shapes)
	require.Equal(t, 4, packed)

	params, err = nn.Outline(100, func(s *nn.Scope) { New(s, 12, Config{Experts: 2, TopK: 1, FixedNoise: true}, nn.Zeros) })
	require.NoError(t, err)
	require.Equal(t, "router.topkroute_linear.weight", params[0].Name)
	require.Equal(t, "experts.0.fc1.weight", params[1].Name, "no bias and no learned noise")
}
