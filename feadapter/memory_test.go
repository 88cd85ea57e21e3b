package feadapter

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/train"
)

// The memory that a training step takes beside the parameters, against the least that it could: see docs/performance.md.

// metered counts the bytes that tensors ask for.
type metered struct {
	engine.Backend
	live, peak int
	sizes      map[engine.Buffer]int
}

func (m *metered) Alloc(bytes int) (engine.Buffer, error) {
	buf, err := m.Backend.Alloc(bytes)
	m.sizes[buf] = bytes
	m.live += bytes
	m.peak = max(m.peak, m.live)
	return buf, err
}

func (m *metered) Free(buf engine.Buffer) {
	m.live -= m.sizes[buf]
	m.Backend.Free(buf)
}

// wide has many tokens for its parameters: 6 frames of 64 patches and a class token.
func wide(adapters string) recipe.Recipe {
	r := recipe.Recipe{Kind: recipe.Finetune, System: "feadapter"}
	r.Model.Encoder = recipe.Encoder{ImageSize: 64, Frames: 6, PatchSize: 8, Tubelet: 1, Dim: 96, Depth: 6, Heads: 3, MLPRatio: 4}
	r.Model.VideoClasses = 5
	if adapters == "" { // all is learned
		return r
	}
	r.Train.Freeze = Base
	r.Model.Adapter = &recipe.Adapter{Width: 30, Kernel: []int{3, 1, 1}, Stretch: "axes", Modulated: true, Activation: true,
		Place: "before-attention", Blocks: adapters}
	return r
}

// leastKept counts the floats that the backward pass of a sample reads and that the forward pass has to keep for it:
//
//	each block with a gradient     tokens · (10·D + heads + 4)    see docs/performance.md
//	its adapter                    patches · (D + 2·r + p)        its input, what each half of it makes, what D²Conv3D predicts
//	the embedding, where learned   patches · P
//
// With recompute it is the input of each block, and one block at a time.
func leastKept(c Config, recompute bool) int {
	e := c.Encoder
	patches, blocks := e.Frames*e.ImageTokens(), len(c.Blocks)
	block, embedding := (patches+e.Frames)*(10*e.Dim+e.Heads+4), 0
	if blocks == 0 {
		blocks, embedding = e.Depth, patches*e.PatchDim()
	} else {
		block += patches * (e.Dim + 2*c.Adapter.Width + c.Adapter.dilation().Predicted())
	}
	if recompute {
		return blocks*(patches+e.Frames)*e.Dim + block
	}
	return blocks*block + embedding
}

func TestMemoryOfAStep(t *testing.T) {
	for _, adapters := range []string{"all", "last 1/3", ""} {
		for _, recompute := range []bool{false, true} {
			b, r := &metered{Backend: cpu.New(), sizes: map[engine.Buffer]int{}}, wide(adapters)
			s := nn.NewScope(b, engine.Float32, nn.Random{Seed: 1})
			m := System.Build(s, r).(*classifier)
			frozen, err := nn.Freeze(s.Params(), r.Train.Freeze)
			require.NoError(t, err)
			learned := 4 * (nn.Count(s.Params()) - frozen)
			before := b.live
			tape := ag.NewTape(b)
			tape.Recompute = recompute
			loss := m.Loss(tape, wideBatch(m.Encoder.ImageSize, m.Encoder.Frames))
			if least := 4 * leastKept(m.Config, false); !recompute {
				require.InEpsilon(t, least, b.live-before, 0.03, "what the forward pass keeps, %q", adapters)
			}
			tape.Backward(loss)
			tape.Close()
			require.Equal(t, before+learned, b.live, "gradients of what is learned, %q", adapters)

			passing := 6 * 4 * m.Encoder.Frames * (1 + m.Encoder.ImageTokens()) * m.Encoder.Dim // gradients in an MLP: 4·D of z, D around it
			least := before + 4*leastKept(m.Config, recompute) + passing + learned
			require.LessOrEqual(t, float64(b.peak), 1.15*float64(least), "%q, recompute %v", adapters, recompute)

			live := b.live
			train.NewAdamW(b, s.Params(), 0.999, func(string, []int) (float64, float64) { return 1, 0 })
			require.InDelta(t, 2*learned, b.live-live, float64(4*len(s.Params())), "moments of what is learned, %q", adapters)
		}
	}
}

// wideBatch is a video.
func wideBatch(side, frames int) *system.Batch {
	view := data.View{T: frames, H: side, W: side, Bytes: make([]uint8, 3*frames*side*side)}
	return &system.Batch{Modality: data.Video, Views: []data.View{view}, Soft: data.SmoothTargets([]int{3}, 5, 0)}
}
