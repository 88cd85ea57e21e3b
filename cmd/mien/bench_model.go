package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"mien/data"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

// The model and random batch of a benchmark, and the operations of a step.

// benchInput are the flags that shape a batch of random pixels.
type benchInput struct {
	Batch  int  `help:"Samples a step." default:"1"`
	Tokens int  `help:"Patches of a sample: those of an image, or a multiple for a video; 0 is a whole video." default:"0"`
	Repeat int  `help:"Steps, of which the median counts." default:"5"`
	JSON   bool `help:"Print JSON."`
}

// benchSeed is the seed of the weights.
const benchSeed = 1

// benchModel is a model of a published size with random weights, random pixels for it, and the report that names both.
type benchModel struct {
	net    system.Model
	params []nn.Param // used by a step: without the head of the other modality
	batch  *system.Batch
	report *stepReport
}

// newBenchModel builds the model of that name for runs of a kind. change, if not nil, changes its recipe.
func (in benchInput) newBenchModel(name, kind string, scope *nn.Scope, change func(*recipe.Recipe)) (*benchModel, error) {
	r, ok := systems.Preset(name)
	if !ok || r.Kind != kind {
		return nil, fmt.Errorf("--model %s: choose one of %s", name, strings.Join(presets(kind), ", "))
	}
	tokens, err := in.shape(&r)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(&r)
	}
	s, err := systems.Of(r)
	if err != nil {
		return nil, err
	}
	m := &benchModel{batch: in.pixels(r, tokens), net: s.Build(scope, r)}
	m.params = usedParams(scope.Params(), s.Heads(r), m.batch.Modality)
	m.report = &stepReport{Model: name, Batch: in.Batch, Tokens: tokens, Parameters: nn.Count(m.params)}
	return m, scope.Err()
}

// shape checks the flags against the model's geometry, and returns the tokens of a sample. A model with one head gets the head
// of the sample's modality.
func (in benchInput) shape(r *recipe.Recipe) (tokens int, err error) {
	if in.Batch < 1 || in.Repeat < 1 || in.Tokens < 0 {
		return 0, fmt.Errorf("--batch and --repeat must be at least 1, --tokens at least 0")
	}
	image := imageTokens(*r)
	tokens = cmp.Or(in.Tokens, image*r.Model.Frames/r.Model.Tubelet)
	if tokens%image != 0 {
		return 0, fmt.Errorf("--tokens %d: %s takes multiples of %d, the patches of an image", tokens, r.Name, image)
	}
	if float64(in.Batch)*float64(tokens)*float64(3*r.Model.Tubelet*r.Model.PatchSize*r.Model.PatchSize) > 1<<31 {
		return 0, fmt.Errorf("%d samples of %d tokens do not fit in 8 GiB: choose fewer", in.Batch, tokens)
	}
	if tokens > image {
		r.Model.Frames = tokens / image * r.Model.Tubelet
	}
	if r.Model.ImageClasses == 0 && tokens == image {
		r.Model.ImageClasses, r.Model.VideoClasses = r.Model.VideoClasses, 0
	}
	return tokens, nil
}

func imageTokens(r recipe.Recipe) int {
	side := r.Model.ImageSize / r.Model.PatchSize
	return side * side
}

// pixels draws a batch with a fixed seed.
func (in benchInput) pixels(r recipe.Recipe, tokens int) *system.Batch {
	b := &system.Batch{Seed: benchSeed, Modality: data.Video}
	frames := r.Model.Frames
	if tokens == imageTokens(r) {
		b.Modality, frames = data.Image, 1
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range in.Batch {
		f := data.NewFrames(frames, r.Model.ImageSize, r.Model.ImageSize)
		for j := range f.Pix {
			f.Pix[j] = uint8(rng.Uint32())
		}
		b.Views = append(b.Views, data.View{T: f.T, H: f.H, W: f.W, Bytes: f.Pix})
		b.Labels = append(b.Labels, i%max(1, r.Classes(b.Modality)))
	}
	return b
}

// usedParams excludes the head of the other modality.
func usedParams(params []nn.Param, heads map[data.Modality]string, m data.Modality) []nn.Param {
	for modality, prefix := range heads {
		if modality != m {
			params = slices.DeleteFunc(slices.Clone(params), func(p nn.Param) bool { return strings.HasPrefix(p.Name, prefix) })
		}
	}
	return params
}

// sizes are the size names of the systems.
var sizes = []string{"tiny", "small", "base", "large"}

// presets lists the models of published sizes for runs of a kind.
func presets(kind string) (names []string) {
	for _, s := range systems.All {
		for _, size := range sizes {
			if s.Kind == kind {
				names = append(names, s.Name+"-"+size)
			}
		}
	}
	return names
}

// forwardGFLOP and trainingGFLOP turn multiply-adds of a sample into operations of a step. Each product of the forward pass
// needs two of the same size in the backward pass, one for each operand.
func forwardGFLOP(batch, macs int) float64  { return 2 * float64(batch) * float64(macs) / 1e9 }
func trainingGFLOP(batch, macs int) float64 { return 3 * forwardGFLOP(batch, macs) }
