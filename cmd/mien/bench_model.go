package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/s4d"
	"mien/vit"
)

// benchInput are the flags that shape a batch of random pixels.
type benchInput struct {
	Batch  int  `help:"Samples a step." default:"1"`
	Tokens int  `help:"Patches of a sample: those of a picture, or a multiple for a clip; 0 is a whole clip." default:"0"`
	Repeat int  `help:"Steps, of which the median counts." default:"5"`
	JSON   bool `help:"Print JSON."`
}

// pixelBatch is input of random pixels with a fixed seed.
type pixelBatch struct {
	size, tokens int
	modality     data.Modality
	shape        []int // [B, 3, T, H, W]
	pixels       []float32
}

// batch checks the flags against the model's geometry and draws the pixels.
func (in benchInput) batch(model string, c vit.Config) (*pixelBatch, error) {
	if in.Batch < 1 || in.Repeat < 1 || in.Tokens < 0 {
		return nil, fmt.Errorf("--batch and --repeat must be at least 1, --tokens at least 0")
	}
	tokens, picture := in.Tokens, c.ImageTokens()
	if tokens == 0 {
		tokens = c.VideoTokens()
	}
	if tokens%picture != 0 {
		return nil, fmt.Errorf("--tokens %d: %s takes multiples of %d, the patches of a picture", tokens, model, picture)
	}
	if float64(in.Batch)*float64(tokens)*float64(c.PatchDim()) > 1<<31 {
		return nil, fmt.Errorf("%d samples of %d tokens do not fit in 8 GiB: choose fewer", in.Batch, tokens)
	}
	b := &pixelBatch{size: in.Batch, tokens: tokens, modality: data.Video}
	frames := tokens / picture * c.Tubelet
	if tokens == picture {
		b.modality, frames = data.Image, 1
	}
	b.shape = []int{in.Batch, 3, frames, c.ImageSize, c.ImageSize}
	b.pixels = make([]float32, engine.Elements(b.shape))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b.pixels {
		b.pixels[i] = rng.Float32()*2 - 1
	}
	return b, nil
}

// on uploads the pixels to the tape's backend.
func (b *pixelBatch) on(t *ag.Tape) *ag.Value {
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, b.pixels, b.shape...))
}

// classifierConfig returns a model by name: s4d-SIZE as published, vit-SIZE the same without experts.
func classifierConfig(name string) (s4d.Config, error) {
	kind, size, _ := strings.Cut(name, "-")
	c, err := s4d.Published(size)
	if kind == "vit" {
		c.MoAEBlocks = nil
	}
	return c, err
}

// benchSeed draws the weights.
const benchSeed = 1

// classifier is a model with random weights, its input and the report that names both.
type classifier struct {
	net    *s4d.Model
	params []nn.Param
	*pixelBatch
	report *stepReport
}

func newClassifier(scope *nn.Scope, name string, in benchInput) (*classifier, error) {
	c, err := classifierConfig(name)
	if err != nil {
		return nil, err
	}
	b, err := in.batch(name, c.Encoder)
	if err != nil {
		return nil, err
	}
	net := s4d.New(scope, c)
	params := usedParams(scope.Params(), b.modality)
	r := &stepReport{Model: name, Batch: b.size, Tokens: b.tokens, Parameters: nn.Count(params)}
	return &classifier{net, params, b, r}, scope.Err()
}

// macs counts the forward pass of one sample.
func (c *classifier) macs() int {
	return classifierMACs(c.net.Config, c.tokens, c.net.Classes(c.modality))
}

// usedParams leaves out the head of the other modality.
func usedParams(params []nn.Param, m data.Modality) []nn.Param {
	var used []nn.Param
	for _, p := range params {
		if !strings.HasPrefix(p.Name, "head.") || strings.HasPrefix(p.Name, "head."+string(m)+".") {
			used = append(used, p)
		}
	}
	return used
}
