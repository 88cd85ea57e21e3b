package s4d

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

func tinyModel(change func(c *Config)) (*classifier, []nn.Param) {
	c := tinyConfig()
	change(&c)
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 2})
	m := &classifier{New(s, c), recipe.Recipe{Train: recipe.Train{RouterNoise: true}}}
	return m, s.Params()
}

// tinyBatch is a batch of random images or videos at step 4 of epoch 1.
func tinyBatch(m data.Modality) *system.Batch {
	b := &system.Batch{Epoch: 1, Step: 4, Seed: 6, Modality: m, Labels: []int{3, 0, 6}}
	frames := map[data.Modality]int{data.Image: 1, data.Video: 8}[m]
	rng := b.Stream("pixels")
	for range b.Labels {
		v := data.View{T: frames, H: 15, W: 15, Bytes: make([]uint8, frames*15*15*3)}
		for i := range v.Bytes {
			v.Bytes[i] = uint8(rng.Uint32())
		}
		b.Views = append(b.Views, v)
	}
	b.Soft = data.SmoothTargets(b.Labels, tinyConfig().Classes(m), 0.1)
	return b
}

func read[N engine.Number](t *testing.T, v *ag.Value) []N {
	values, err := engine.Read[N](v.Data())
	require.NoError(t, err)
	return values
}

// The training loss is cross-entropy plus the balance losses of all blocks with experts.
func TestLossAddsTheBalanceOfAllBlocks(t *testing.T) {
	m, _ := tinyModel(func(c *Config) { c.MoAE.Balance = 0.7 })
	m.recipe.Train.RouterNoise = false
	tape := ag.NewTape(m.MoAE[0].Router.Score.Weight.Data().Backend())
	batch := tinyBatch(data.Video)
	out := m.Forward(batch.Pixels(tape), data.Video, moae.Pass{Training: true})
	entropy := read[float64](t, ag.CrossEntropy(out.Logits, batch.Targets(tape)))[0]
	want := entropy
	require.Len(t, out.Routing, 2)
	for _, r := range out.Routing {
		term := read[float64](t, r.Balance)[0]
		require.NotZero(t, term)
		want += term
	}
	require.InDelta(t, want, read[float64](t, m.Loss(tape, batch))[0], 1e-6)

	plain, _ := tinyModel(func(c *Config) {})
	plain.recipe.Train.RouterNoise = false
	require.InDelta(t, entropy, read[float64](t, plain.Loss(tape, batch))[0], 1e-6)
}

// pureNoise makes routing depend on noise alone: scores are 0 and the noise scale is ln 2 for every expert.
func pureNoise(params []nn.Param) {
	for _, p := range params {
		if strings.Contains(p.Name, ".router.") {
			engine.Write(p.Data(), make([]float32, p.Data().Len()))
		}
	}
}

// wantChoice is the first of the two experts that pure noise chooses for the first tokens of block i.
func wantChoice(key engine.Key, block, tokens int) (first []int32) {
	key = key.Child(block)
	for token := range tokens {
		words := key.Block(uint64(token)) // four experts: four words a token
		best := 0
		for e, w := range words {
			if engine.Normal(w) > engine.Normal(words[best]) {
				best = e
			}
		}
		first = append(first, int32(token*4+best))
	}
	return first
}

// Every block with experts draws its own noise from the key of the pass.
func TestNoiseOfBlocks(t *testing.T) {
	m, params := tinyModel(func(*Config) {})
	pureNoise(params)
	key := engine.Key{Seed: 3, Stream: 8}
	tape := ag.NewTape(params[0].Data().Backend())
	out := m.Forward(tinyBatch(data.Image).Pixels(tape), data.Image, moae.Pass{Training: true, Noise: &key})
	for block, r := range out.Routing {
		choice := read[int32](t, r.Choice)
		want := wantChoice(key, block, 27)
		for token, c := range want {
			require.Equal(t, c, choice[2*token], "block %d, token %d", block, token)
		}
	}
	require.NotEqual(t, wantChoice(key, 0, 27), wantChoice(key, 1, 27))
}

// Training noise depends on the batch's position in the run: the same batch has the same loss, another step a different one.
// The recipe can turn it off.
func TestNoiseOfSteps(t *testing.T) {
	m, params := tinyModel(func(*Config) {})
	tape := ag.NewTape(params[0].Data().Backend())
	loss := func(change func(b *system.Batch)) float32 {
		batch := tinyBatch(data.Image)
		change(batch)
		return read[float32](t, m.Loss(tape, batch))[0]
	}
	same := func(*system.Batch) {}
	want := loss(same)
	require.Equal(t, want, loss(same))
	require.NotEqual(t, want, loss(func(b *system.Batch) { b.Step++ }))
	require.NotEqual(t, want, loss(func(b *system.Batch) { b.Epoch++ }))
	require.NotEqual(t, want, loss(func(b *system.Batch) { b.Seed++ }))
	for _, evaluations := range []bool{false, true} { // which may be as in training, and not the other way round
		m.recipe.Model.EvalAsTraining, m.recipe.Train.RouterNoise = evaluations, true
		require.Equal(t, want, loss(same))
		m.recipe.Train.RouterNoise = false
		without := loss(same)
		require.NotEqual(t, want, without)
		require.Equal(t, without, loss(func(b *system.Batch) { b.Step++ }))
	}
}

// Inference draws no noise unless the model is configured to; Routes reports the routing that Logits used, and Features what its head read.
func TestLogitsAndRoutes(t *testing.T) {
	batch := tinyBatch(data.Video)
	a, b := engine.Key{Seed: 1, Stream: 1}, engine.Key{Seed: 1, Stream: 2}
	for _, noisy := range []bool{false, true} {
		m, params := tinyModel(func(c *Config) { c.MoAE.EvalAsTraining = noisy })
		backend := params[0].Data().Backend()
		logits := func(key engine.Key) []float32 {
			tape := ag.NewInferenceTape(backend, engine.Full)
			defer tape.Close()
			return read[float32](t, m.Logits(batch.Pixels(tape), data.Video, key))
		}
		routes := func(key engine.Key) (choices [][]int32) {
			tape := ag.NewInferenceTape(backend, engine.Full)
			defer tape.Close()
			for _, v := range m.Routes(batch.Pixels(tape), data.Video, key) {
				require.Equal(t, []int{3 * 18, 2}, v.Shape())
				choices = append(choices, read[int32](t, v))
			}
			return choices
		}
		features := func(key engine.Key) (features, logits []float32) {
			tape := ag.NewInferenceTape(backend, engine.Full)
			defer tape.Close()
			v := m.Features(batch.Pixels(tape), data.Video, key)
			return read[float32](t, v), read[float32](t, m.Heads[data.Video].Forward(v))
		}
		for _, key := range []engine.Key{a, b} {
			_, seen := features(key)
			require.Equal(t, logits(key), seen)
		}
		one, _ := features(a)
		other, _ := features(b)
		require.Equal(t, noisy, !slices.Equal(one, other))
		require.Len(t, logits(a), 3*11)
		require.Len(t, routes(a), 2)
		require.Equal(t, logits(a), logits(a))
		require.Equal(t, noisy, !slices.Equal(logits(a), logits(b)))
		require.Equal(t, noisy, !slices.Equal(routes(a)[0], routes(b)[0]))
		require.Equal(t, []int{0, 1}, m.ExpertBlocks())
	}
}

// Each modality has its own head; the other head gets no gradient.
func TestHeads(t *testing.T) {
	m, params := tinyModel(func(*Config) {})
	for modality, classes := range map[data.Modality]int{data.Image: 7, data.Video: 11} {
		tape := ag.NewTape(params[0].Data().Backend())
		loss := m.Loss(tape, tinyBatch(modality))
		tape.Backward(loss)
		for other, head := range m.Heads {
			require.Equal(t, other == modality, head.Out.Weight.Grad() != nil)
			require.Equal(t, map[data.Modality]int{data.Image: 7, data.Video: 11}[other], head.Out.Weight.Dim(0))
		}
		require.Equal(t, []int{3, classes}, m.Logits(tinyBatch(modality).Pixels(tape), modality, engine.Key{}).Shape())
		for _, p := range params {
			p.ZeroGrad()
		}
		tape.Close()
	}
}
