package systems_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/feadapter"
	"mien/nn"
	"mien/recipe"
	"mien/s2d"
	"mien/system"
	"mien/systems"
	"mien/train"
)

// The memory that a training step takes beside the parameters, against the least that it could: see docs/performance.md.

// wide is a recipe of many tokens for its parameters: 4 frames of 196 patches and a class token.
func wide(name string, model func(m *recipe.Model), freeze ...string) recipe.Recipe {
	r := recipe.Recipe{Kind: recipe.Finetune, System: name}
	r.Model.Encoder = recipe.Encoder{ImageSize: 112, Frames: 4, PatchSize: 8, Tubelet: 1, Dim: 96, Depth: 6, Heads: 3, MLPRatio: 4}
	r.Model.VideoClasses = 5
	r.Train.Freeze = freeze
	model(&r.Model)
	return r
}

// adapters are those of FE-Adapter in some blocks.
func adapters(blocks string) func(m *recipe.Model) {
	return func(m *recipe.Model) {
		m.Adapter = &recipe.Adapter{Width: 30, Kernel: []int{3, 1, 1}, Stretch: "axes", Modulated: true, Activation: true,
			Place: "before-attention", Blocks: blocks}
	}
}

// modules are those of S2D.
func modules(m *recipe.Model) {
	m.Prompter, m.Temporal = &recipe.Prompter{Width: 5, LandmarkWidth: 4}, &recipe.Temporal{Width: 24, Heads: 3}
}

// kept is what the backward pass of a sample reads and the forward pass has to keep for it, in floats:
//
//	each block with a gradient     tokens · (10·D + heads + 4)    see docs/performance.md
//	the last, of class tokens      tokens · (D + heads + 2)       its input, and where the class tokens look
//	its adapter or modules         patches · beside
//	what is before the blocks      patches · once
//
// With recompute it is the input of each block, and one block at a time, whose input is there already.
type kept struct {
	recipe recipe.Recipe
	blocks int
	beside int
	own    int // of beside, what is the input of the block itself
	once   int
	input  int // of a block, a patch: its token, and for S2D the view of the landmarks
}

// floats counts what is kept for the lowest blocks alone, when the backward pass has gone through the others.
func (k kept) floats(blocks int, recompute bool) int {
	e := k.recipe.Model.Encoder
	patches := e.Frames * (e.ImageSize / e.PatchSize) * (e.ImageSize / e.PatchSize)
	tokens := patches + e.Frames
	block := tokens*(10*e.Dim+e.Heads+4) + patches*k.beside
	if recompute {
		return blocks*(patches*k.input+e.Frames*e.Dim) + block - patches*k.own
	}
	if blocks == k.blocks {
		last := tokens*(e.Dim+e.Heads+2) + patches*k.beside
		return (blocks-1)*block + last + patches*k.once
	}
	return blocks*block + patches*k.once
}

var leastKept = map[string]kept{
	"all":      {wide("feadapter", func(*recipe.Model) {}), 6, 0, 0, 3 * 8 * 8, 96}, // the pixels that are embedded
	"adapters": {wide("feadapter", adapters("all"), feadapter.Base...), 6, feAdapter, 96, 0, 96},
	"last 1/3": {wide("feadapter", adapters("last 1/3"), feadapter.Base...), 2, feAdapter, 96, 0, 96},
	"s2d":      {wide("s2d", modules, s2d.Base...), 6, s2dModules, 0, 4 * 2, 2 * 96},
}

const (
	// An adapter keeps its input, what each half of its bottleneck makes, and what D²Conv3D predicts: 3 factors, and 3 weights of taps.
	feAdapter = 96 + 2*30 + 6
	// Modules keep the three that they normalise, patches, view and what is between an adapter's halves; in the prompter both bottlenecks,
	// with the fovea's softmax and factors and their sum; in the adapter what each of its layers reads, q, k and v.
	s2dModules = 3*96 + 6*5 + 8*24
)

// build makes the model, and freezes what its recipe does not learn; learned is the bytes of the rest.
func (k kept) build(t *testing.T, b engine.Backend) (m system.Model, params []nn.Param, learned int) {
	s := nn.NewScope(b, engine.Float32, nn.Random{Seed: 1})
	sys, err := systems.Of(k.recipe)
	require.NoError(t, err)
	m = sys.Build(s, k.recipe)
	require.NoError(t, s.Err())
	frozen, err := nn.Freeze(s.Params(), sys.FrozenBy(k.recipe))
	require.NoError(t, err)
	return m, s.Params(), 4 * (nn.Count(s.Params()) - frozen)
}

func TestMemoryOfAStep(t *testing.T) {
	for name, k := range leastKept {
		for _, recompute := range []bool{false, true} {
			b := enginetest.NewCounting(cpu.New())
			m, params, learned := k.build(t, b)
			before := b.Live
			b.Reset()
			tape := ag.NewTape(b)
			tape.Recompute = recompute
			loss := m.Loss(tape, wideBatch(k.recipe.Model.Encoder))
			if !recompute {
				require.InEpsilon(t, 4*k.floats(k.blocks, false), b.Live-before, 0.03, "what the forward pass keeps, %s", name)
			}
			tape.Backward(loss)
			tape.Close()
			require.InDelta(t, learned, b.Live-before, 4*2*96, "gradients of what is learned but S2D's last norm, which nothing reads: %s", name)

			e := k.recipe.Model.Encoder
			passing := 6 * 4 * e.Frames * (1 + 196) * e.Dim // gradients in an MLP: 4·D of z, D around it
			of := learned / k.blocks                        // gradients of parameters come as activations go
			second, last := 4*k.floats(k.blocks-1, recompute)+of, 4*k.floats(1, recompute)+learned-of
			least := float64(before + max(second, last) + passing)
			require.LessOrEqual(t, float64(b.Peak), 1.15*least, "%s, recompute %v", name, recompute)
			require.GreaterOrEqual(t, float64(b.Peak), least, "%s, recompute %v", name, recompute)

			live := b.Live
			train.NewAdamW(b, params, 0.999, func(string, []int) (float64, float64) { return 1, 0 })
			require.InDelta(t, 2*learned, b.Live-live, float64(4*len(params)), "moments of what is learned, %s", name)
		}
	}
}

// TestActivationsAtBF16 compares what a step keeps for its backward pass at both precisions: half the bytes of q, k, v, of what attention
// leaves and of the hidden layer, eight widths a token in each block with a gradient but the last, and all else the same.
func TestActivationsAtBF16(t *testing.T) {
	if cpu.New().Activations(engine.BF16) != engine.BFloat16 {
		t.Skip("activations are float32 here")
	}
	for name, k := range leastKept {
		kept := map[engine.Precision]int{}
		for _, p := range []engine.Precision{engine.Full, engine.BF16} {
			b := enginetest.NewCounting(cpu.New())
			m, _, _ := k.build(t, b)
			before := b.Live
			tape := ag.NewTape(b)
			tape.Precision = p
			m.Loss(tape, wideBatch(k.recipe.Model.Encoder))
			kept[p] = b.Live - before
			tape.Close()
		}
		e := k.recipe.Model.Encoder
		require.InEpsilon(t, 2*8*e.Dim*e.Frames*(1+196)*(k.blocks-1), kept[engine.Full]-kept[engine.BF16], 0.01, name)
	}
}

// wideBatch is a video.
func wideBatch(e recipe.Encoder) *system.Batch {
	view := data.View{T: e.Frames, H: e.ImageSize, W: e.ImageSize, Bytes: make([]uint8, 3*e.Frames*e.ImageSize*e.ImageSize)}
	return &system.Batch{Modality: data.Video, Views: []data.View{view}, Soft: data.SmoothTargets([]int{3}, 5, 0)}
}
