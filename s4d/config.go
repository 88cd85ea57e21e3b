package s4d

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mien/data"
	"mien/moae"
	"mien/vit"
)

// The sizes of the model, the blocks that have experts, and the cost.

// Config is everything that shapes the model.
type Config struct {
	Encoder      vit.Config
	MoAE         moae.Config
	MoAEBlocks   []int // blocks with experts; see Positions
	InPlace      bool  // the experts stand in place of the MLP, as in ViT-MoE, not beside it
	ImageClasses int   // of the static head
	VideoClasses int   // of the dynamic head
	HeadHidden   int   // width of a hidden layer in each head, 0 is none, as in the released code
}

// Positions returns the blocks that carry experts, half of all: the paper's ablation has "early", "middle", "later" (the
// published choice) and "alternate" (every second block). A single block has no half. "last 3/4" names another share of the blocks, the
// last ones, and a list of block numbers, as in "1,2", any of them.
//
// Of twelve blocks, the paper says only that early and later are the first and the last six (section IV-D6): that middle are 3 to 8, and
// alternate those with odd numbers, is the choice of mien.
func Positions(name string, depth int) ([]int, error) {
	half, step := depth/2, 1
	first, known := map[string]int{"early": 0, "middle": (depth - half) / 2, "later": depth - half, "alternate": 1}[name]
	switch {
	case depth < 1 || depth > vit.MaxDepth:
		return nil, fmt.Errorf("%d blocks: choose 1 to %d", depth, vit.MaxDepth)
	case name != "" && name[0] >= '0' && name[0] <= '9':
		return numbered(name)
	case strings.HasPrefix(name, "last "):
		return lastBlocks(name, depth)
	case half == 0:
		return nil, errors.New("experts stand in half of the blocks, and there is one: choose more blocks, experts = 0, or name block 0")
	case !known:
		return nil, fmt.Errorf("position of experts %q: choose early, middle, later or alternate, a share such as \"last 3/4\", "+
			"or name blocks, as in \"1,2\"", name)
	case name == "alternate":
		step = 2
	}
	blocks := make([]int, half)
	for i := range blocks {
		blocks[i] = first + i*step
	}
	return blocks, nil
}

// lastBlocks parses a share of the blocks, as in "last 3/4", which must be a whole number of them.
func lastBlocks(name string, depth int) ([]int, error) {
	part, whole, _ := strings.Cut(strings.TrimPrefix(name, "last "), "/")
	a, err := strconv.Atoi(part)
	b, err2 := strconv.Atoi(whole)
	if cmp.Or(err, err2) != nil || a < 1 || a > b || b > vit.MaxDepth || a*depth%b != 0 {
		return nil, fmt.Errorf("position of experts %q: want a share of the %d blocks that is a whole number of them, as in \"last 1/%d\"",
			name, depth, depth)
	}
	first := depth - a*depth/b
	blocks := make([]int, depth-first)
	for i := range blocks {
		blocks[i] = first + i
	}
	return blocks, nil
}

// numbered parses a list of distinct blocks.
func numbered(list string) (blocks []int, err error) {
	for _, field := range strings.Split(list, ",") {
		b, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || slices.Contains(blocks, b) {
			return nil, fmt.Errorf("position of experts %q: want different numbers of blocks, as in \"1,2\"", list)
		}
		blocks = append(blocks, b)
	}
	slices.Sort(blocks)
	return blocks, nil
}

// maxClasses is the number of classes that the labels of a list can distinguish.
const maxClasses = 1000

// Check returns an error naming what does not fit.
func (c Config) Check() error {
	if err := c.Encoder.Check(); err != nil {
		return err
	}
	if min(c.ImageClasses, c.VideoClasses) < 1 || max(c.ImageClasses, c.VideoClasses) > maxClasses {
		return fmt.Errorf("heads of %d and %d classes: each needs 1 to %d", c.ImageClasses, c.VideoClasses, maxClasses)
	}
	if c.HeadHidden < 0 || c.HeadHidden > vit.MaxExtent {
		return fmt.Errorf("model.head_hidden is %d: it must lie between 0 and %d", c.HeadHidden, vit.MaxExtent)
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
	return data.ByModality(m, c.ImageClasses, c.VideoClasses)
}

// ActiveParams returns the number of parameters used for one token: only k experts per layer count.
func (c Config) ActiveParams(total int) int {
	hidden := c.MoAE.Width(c.Encoder.Dim)
	expert := 2*c.Encoder.Dim*hidden + hidden + c.Encoder.Dim
	return total - len(c.MoAEBlocks)*(c.MoAE.Experts-c.MoAE.TopK)*expert
}

// MACs counts the multiply-adds of one sample: encoder, experts and one head. A block with n experts adds the router, N·D·n,
// and k experts of hidden width h per token, 2·k·N·D·h; where they stand in place of the MLP, it has no 2·ratio·N·D² for that.
func (c Config) MACs(tokens, classes int) int {
	e := c.Encoder
	width := c.MoAE.Experts + 2*c.MoAE.TopK*c.MoAE.Width(e.Dim)
	if c.InPlace {
		width -= 2 * e.MLPRatio * e.Dim
	}
	head := e.Dim * classes
	if c.HeadHidden > 0 {
		head = e.Dim*c.HeadHidden + c.HeadHidden*classes
	}
	return e.MACs(tokens) + len(c.MoAEBlocks)*tokens*e.Dim*width + head
}
