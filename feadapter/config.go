package feadapter

import (
	"fmt"

	ag "mien/autograd"
	"mien/recipe"
	"mien/vit"
)

// The sizes of the model, and where its adapters stand.

// Place is where in a block an adapter stands. The head reads class tokens, which see patches in attention alone: in the last block, only
// an adapter before the attention has any effect. One elsewhere is neither computed nor learned: it stays as drawn, though counts of
// parameters include it.
type Place uint8

const (
	BeforeAttention Place = iota // before the first norm, as published
	AfterAttention               // on its sum with the residual
	AfterMLP                     // on that
)

// Config is everything that shapes the model.
type Config struct {
	Encoder vit.Config // its tubelets are of one frame
	Classes int
	Adapter AdapterConfig
	Place   Place
	Blocks  []int // with adapters
}

// places and stretches are the names of settings in recipes.
var (
	places    = map[string]Place{"before-attention": BeforeAttention, "after-attention": AfterAttention, "after-mlp": AfterMLP}
	stretches = map[string]ag.Stretch{"axes": ag.PerAxis, "time-and-space": ag.TimeAndSpace, "rows-and-columns": ag.RowsAndColumns, "space": ag.Space}
)

// FromRecipe returns the model of a recipe. Without model.adapter, or of width 0 as in rows of an ablation, it is the image model.
func FromRecipe(r recipe.Recipe) (c Config, err error) {
	c = Config{Encoder: vit.Config(r.Model.Encoder), Classes: r.Classes(vit.OneHead(r))}
	a := r.Model.Adapter
	if a == nil || a.Width == 0 {
		return c, nil
	}
	c.Adapter = AdapterConfig{Width: a.Width, Depthwise: a.Depthwise, Modulated: a.Modulated, Activation: a.Activation}
	if copy(c.Adapter.Kernel[:], a.Kernel); len(a.Kernel) != 0 && len(a.Kernel) != 3 {
		return c, fmt.Errorf("model.adapter.kernel is %v: want its extents over time, rows and columns, or none", a.Kernel)
	}
	var known bool
	if a.Stretch != "" {
		c.Adapter.Dilated = true
		if c.Adapter.Stretch, known = stretches[a.Stretch]; !known {
			return c, fmt.Errorf("model.adapter.stretch is %q: choose axes, time-and-space, rows-and-columns or space, or leave it out", a.Stretch)
		}
	}
	if c.Place, known = places[a.Place]; !known {
		return c, fmt.Errorf("model.adapter.place is %q: choose before-attention, after-attention or after-mlp", a.Place)
	}
	if c.Blocks, err = vit.BlocksAt(a.Blocks, r.Model.Depth); err != nil {
		return c, fmt.Errorf("model.adapter.blocks: %w", err)
	}
	return c, nil
}

// Check returns an error naming what does not fit.
func (c Config) Check() error {
	if err := c.Encoder.CheckFrames(); err != nil || len(c.Blocks) == 0 {
		return err
	}
	return c.Adapter.check()
}

func (c AdapterConfig) check() error {
	if c.Width < 1 || c.Width > vit.MaxExtent {
		return fmt.Errorf("model.adapter.width is %d: it must lie between 1 and %d, or be 0 for no adapters", c.Width, vit.MaxExtent)
	}
	if !c.Convolves() {
		if c.Dilated || c.Modulated || c.Depthwise {
			return fmt.Errorf("model.adapter has no kernel, and depthwise, stretch or modulated are of one: set kernel, such as [3, 1, 1], or leave them out")
		}
		return nil
	}
	for _, k := range c.Kernel {
		if k%2 != 1 || k < 1 || k > maxKernel {
			return fmt.Errorf("model.adapter.kernel is %v: each extent must be odd, from 1 to %d", c.Kernel, maxKernel)
		}
	}
	if c.Modulated && !c.Dilated {
		return fmt.Errorf("model.adapter.modulated is for D²Conv3D: set model.adapter.stretch, or leave it out")
	}
	return nil
}

// maxKernel keeps the columns of a convolution small.
const maxKernel = 15
