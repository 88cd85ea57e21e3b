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
	for _, c := range []Config{{Experts: 1, TopK: 1}, {Experts: 8, TopK: 8, Hidden: 3, Capacity: 1.25, Balance: 1e-3}} {
		require.NoError(t, c.Check())
	}
	for _, c := range []Config{
		{TopK: 1}, {Experts: 3}, {Experts: 3, TopK: 4}, {Experts: -1, TopK: -2}, {Experts: 3, TopK: 2, Hidden: -1},
		{Experts: 3, TopK: 2, Capacity: -0.5}, {Experts: 3, TopK: 2, Balance: -1}, {Experts: 3, TopK: 2, Capacity: math.NaN()},
		{Experts: 3, TopK: 2, Balance: math.NaN()},
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

// linear is y = W·x + b in plain loops.
func linear(t *testing.T, l *nn.Linear, x []float64) (y []float64) {
	w, b := read(t, l.Weight), read(t, l.Bias)
	for o := range b {
		sum := b[o]
		for i, v := range x {
			sum += w[o*len(x)+i] * v
		}
		y = append(y, sum)
	}
	return y
}

// reference is equations 5 to 9 in plain loops: for each token, in batch-major order, the sum over its chosen experts with
// remaining capacity.
func reference(t *testing.T, l *Layer, x, noise []float64, room int) (mixed []float64) {
	taken := make([]int, experts)
	for i := range all {
		token := x[i*dim : (i+1)*dim]
		scores := linear(t, l.Router.Score, token)
		for e, s := range linear(t, l.Router.NoiseScale, token) {
			if noise != nil {
				scores[e] += noise[i*experts+e] * math.Log1p(math.Exp(s))
			}
		}
		order := []int{0, 1, 2, 3, 4}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, scores[b]-scores[a])) })
		total := 0.0
		for _, e := range order[:k] {
			total += math.Exp(scores[e])
		}
		y := make([]float64, dim)
		for _, e := range order[:k] {
			if taken[e]++; taken[e] > room {
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

// Each behaviour of paper and released code computes what its equations say.
func TestForward(t *testing.T) {
	key := engine.Key{Seed: 9, Stream: 4}
	var noise []float64
	for i := range uint64(all*experts+3) / 4 {
		for _, word := range key.Block(i) {
			noise = append(noise, float64(engine.Normal(word)))
		}
	}
	for name, c := range map[string]struct {
		Config
		Pass
		noise []float64
		room  int
	}{
		"default":              {room: all},
		"residual":             {Config: Config{Residual: true}, room: all},
		"capacity":             {Config: Config{Capacity: 1}, room: 8}, // ⌊14·3/5⌋
		"small capacity":       {Config: Config{Capacity: 0.4, Residual: true}, room: 3},
		"least capacity":       {Config: Config{Capacity: 0.01}, room: 1},
		"training noise":       {Pass: Pass{Training: true, Noise: &key}, noise: noise, room: all},
		"training, no noise":   {Pass: Pass{Training: true}, room: all},
		"no noise when asked":  {Pass: Pass{Noise: &key}, room: all},
		"noise in evaluation":  {Config: Config{NoiseInEval: true}, Pass: Pass{Noise: &key}, noise: noise, room: all},
		"nothing to draw from": {Config: Config{NoiseInEval: true}, room: all},
	} {
		t.Run(name, func(t *testing.T) {
			b := cpu.New()
			l, _ := newLayer(b, c.Config)
			tape := ag.NewTape(b)
			out := l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, input(), batch, tokens, dim)), c.Pass)
			require.Equal(t, []int{batch, tokens, dim}, out.Mixed.Shape())
			require.Nil(t, out.Balance)
			require.InDeltaSlice(t, reference(t, l, input(), c.noise, c.room), read(t, out.Mixed), 1e-6)
			require.Equal(t, []*ag.Value{out.Gates, out.Choice}, out.Values())
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

// n² · mean over samples and experts of (fraction of the sample's tokens that chose the expert) · (the expert's mean score), by hand.
func TestBalanceLoss(t *testing.T) {
	b := cpu.New()
	l, _ := newLayer(b, Config{Balance: 0.3})
	tape := ag.NewTape(b)
	x := input()
	out := l.Forward(tape.Const(engine.FromSlice(b, engine.Float64, x, batch, tokens, dim)), Pass{Training: true})
	choice, err := engine.Read[int32](out.Choice.Data())
	require.NoError(t, err)
	want := 0.0
	for s := range batch {
		for e := range experts {
			chosen, score := 0.0, 0.0
			for i := s * tokens; i < (s+1)*tokens; i++ {
				score += linear(t, l.Router.Score, x[i*dim:(i+1)*dim])[e] / tokens
				if slices.Contains(choice, int32(i*experts+e)) {
					chosen += 1.0 / tokens
				}
			}
			want += experts * experts * chosen * score / (batch * experts)
		}
	}
	require.InDelta(t, 0.3*want, read(t, out.Balance)[0], 1e-9)
	require.Equal(t, []*ag.Value{out.Gates, out.Choice, out.Balance}, out.Values())
	require.Empty(t, Output{}.Values())
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
}
