// Package s4d is the model of S4D, formerly UniLearn (Chen et al., "Static for Dynamic"): one vision transformer that
// classifies facial expressions in pictures and in clips, with a mixture of adapter experts beside the MLP of some of
// its blocks and one linear head for each modality.
//
// The flow of one batch: pixels [B, 3, T, H, W] → patches → tokens [B, N, D] plus positions → blocks, of which those in
// MoAEBlocks add experts → mean over tokens → fc_norm → head "image" or "video" → logits [B, classes]. Names are
// those of the published checkpoints.
package s4d

import (
	"fmt"
	"math"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/moae"
	"mien/nn"
	"mien/vit"
)

// Config is everything that shapes the model.
type Config struct {
	Encoder      vit.Config
	MoAE         moae.Config
	MoAEBlocks   []int // blocks with experts; see Positions
	ImageClasses int   // of the static head
	VideoClasses int   // of the dynamic head
}

// Published returns the configuration of a published size ("small", "base", "large") or of "tiny": the experts stand in
// the later half of the blocks, and 7 classes in both heads.
func Published(size string) (Config, error) {
	enc, ok := vit.Sizes[size]
	if !ok {
		return Config{}, fmt.Errorf("model size %q: choose tiny, small, base or large", size)
	}
	blocks, _ := Positions("later", enc.Depth)
	return Config{Encoder: enc, MoAE: moae.Config{Experts: 8, TopK: 2}, MoAEBlocks: blocks, ImageClasses: 7, VideoClasses: 7}, nil
}

// Positions returns the blocks that carry experts, half of all: the paper's ablation has "early", "middle", "later" (the
// published choice) and "alternate" (every second block).
func Positions(name string, depth int) ([]int, error) {
	if depth < 1 || depth > vit.MaxDepth {
		return nil, fmt.Errorf("%d blocks: choose 1 to %d", depth, vit.MaxDepth)
	}
	half := depth / 2
	first := map[string]int{"early": 0, "middle": (depth - half) / 2, "later": depth - half}
	if name == "alternate" {
		var blocks []int
		for i := 1; i < depth; i += 2 {
			blocks = append(blocks, i)
		}
		return blocks, nil
	}
	from, ok := first[name]
	if !ok {
		return nil, fmt.Errorf("position of experts %q: choose early, middle, later or alternate", name)
	}
	blocks := make([]int, half)
	for i := range blocks {
		blocks[i] = from + i
	}
	return blocks, nil
}

// maxClasses is as many as the labels of lists may tell apart.
const maxClasses = 1000

// Check returns an error that says what does not fit.
func (c Config) Check() error {
	if err := c.Encoder.Check(); err != nil {
		return err
	}
	if min(c.ImageClasses, c.VideoClasses) < 1 || max(c.ImageClasses, c.VideoClasses) > maxClasses {
		return fmt.Errorf("heads of %d and %d classes: each needs 1 to %d", c.ImageClasses, c.VideoClasses, maxClasses)
	}
	for _, b := range c.MoAEBlocks {
		if b < 0 || b >= c.Encoder.Depth {
			return fmt.Errorf("experts in block %d: the model has blocks 0 to %d", b, c.Encoder.Depth-1)
		}
	}
	if len(c.MoAEBlocks) == 0 {
		return nil
	}
	return c.MoAE.Check()
}

// Classes returns the number of classes of a head.
func (c Config) Classes(m data.Modality) int {
	if m == data.Image {
		return c.ImageClasses
	}
	return c.VideoClasses
}

// Model is the network.
type Model struct {
	Config
	Embed  *vit.PatchEmbed
	Blocks []*Block
	FCNorm *nn.LayerNorm
	Heads  map[data.Modality]*nn.Linear
}

// Block is a transformer block, with a mixture of experts in some.
type Block struct {
	*vit.Block
	MoAE *moae.Layer // nil in a plain block
}

// initStd is the standard deviation of every linear weight at the start, the experts and heads included: 0.02 as published
// for widths from 384 on. Narrower blocks start at 1/√dim, which keeps a signal's size: at 0.02 a width of 128 passes on so
// little of it that small sets stay at chance for a thousand steps.
func initStd(dim int) float64 {
	if dim >= 384 {
		return 0.02
	}
	return 1 / math.Sqrt(float64(dim))
}

// New makes the model in scope s.
func New(s *nn.Scope, c Config) *Model {
	init, e := nn.TruncatedNormal(initStd(c.Encoder.Dim), 2), c.Encoder
	m := &Model{Config: c, Embed: vit.NewPatchEmbed(s.Sub("patch_embed"), e)}
	for i := range e.Depth {
		at := s.Index("blocks", i)
		b := &Block{Block: vit.NewBlock(at, e.Dim, e.Heads, e.MLPRatio, init)}
		if slices.Contains(c.MoAEBlocks, i) {
			b.MoAE = moae.New(at.Sub("moe_layer"), e.Dim, c.MoAE, init)
		}
		m.Blocks = append(m.Blocks, b)
	}
	m.FCNorm = nn.NewLayerNorm(s.Sub("fc_norm"), e.Dim)
	m.Heads = map[data.Modality]*nn.Linear{
		data.Image: nn.NewPlainLinear(s.Sub("head.image"), e.Dim, c.ImageClasses, init),
		data.Video: nn.NewPlainLinear(s.Sub("head.video"), e.Dim, c.VideoClasses, init),
	}
	return m
}

// Output is what one pass computes.
type Output struct {
	Logits  *ag.Value     // [B, classes]
	Feature *ag.Value     // [B, D], after fc_norm
	Routing []moae.Output // of each block with experts, in order; Mixed is gone by then
	Balance *ag.Value     // sum of the load-balance losses, nil where their coefficient is 0
}

// Forward classifies pixels [B, 3, T, H, W] of one modality.
func (m *Model) Forward(pixels *ag.Value, modality data.Modality, pass moae.Pass) Output {
	t, c := pixels.Tape(), m.Encoder
	x := m.Embed.Forward(c.Patchify(pixels))
	x = ag.Add(x, vit.Position(t, x.Data().DType(), x.Dim(1), c.Dim))
	var out Output
	for _, b := range m.Blocks {
		var routing moae.Output
		again := pass.Stream()
		results := t.Layer(x, func(x *ag.Value) []*ag.Value {
			y := b.Attend(x)
			y, routing = b.Feed(y, again())
			return append([]*ag.Value{y}, routing.Values()...)
		})
		x = results[0]
		if b.MoAE != nil {
			out.Routing = append(out.Routing, routing)
			out.Balance = addBalance(out.Balance, routing.Balance)
		}
	}
	out.Feature = m.FCNorm.Forward(ag.MeanAxis(x, 1))
	out.Logits = m.Heads[modality].Forward(out.Feature)
	return out
}

// Feed is the second half of a block (S4D equations 11 to 13): x' + FFN(norm(x')) + MoAE(norm(x')). Both branches read
// the same normalised tokens.
func (b *Block) Feed(x *ag.Value, pass moae.Pass) (*ag.Value, moae.Output) {
	u := b.Norm2.Forward(x)
	x = b.MLP.ForwardAdd(u, x)
	if b.MoAE == nil {
		return x, moae.Output{}
	}
	specific := b.MoAE.Forward(u, pass)
	return ag.Add(x, specific.Mixed), specific
}

func addBalance(sum, term *ag.Value) *ag.Value {
	switch {
	case term == nil:
		return sum
	case sum == nil:
		return term
	}
	return ag.Add(sum, term)
}

// Loss is the training loss of one single-modality batch (S4D equation 3, of which one term is active in each step):
// cross-entropy with soft targets [B, classes], plus the load-balance loss where it has a coefficient.
func Loss(out Output, target *ag.Value) *ag.Value {
	loss := ag.CrossEntropy(out.Logits, target)
	if out.Balance != nil {
		loss = ag.Add(loss, out.Balance)
	}
	return loss
}

// ActiveParams returns the number of parameters that work on a token: of the experts only k a layer count.
func (c Config) ActiveParams(total int) int {
	dim, hidden := c.Encoder.Dim, c.MoAE.Hidden
	if hidden == 0 {
		hidden = dim / 4
	}
	expert := 2*dim*hidden + hidden + dim
	return total - len(c.MoAEBlocks)*(c.MoAE.Experts-c.MoAE.TopK)*expert
}
