package s4d

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// tinyConfig has no two equal sizes.
func tinyConfig() Config {
	return Config{
		Encoder: vit.Config{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4, Dim: 12, Depth: 2, Heads: 3, MLPRatio: 2},
		MoAE:    moae.Config{Experts: 4, TopK: 2, Hidden: 5}, MoAEBlocks: []int{0, 1}, ImageClasses: 7, VideoClasses: 11,
	}
}

func TestCheck(t *testing.T) {
	require.NoError(t, tinyConfig().Check())
	for message, change := range map[string]func(c *Config){
		"experts in block 3: the model has blocks 0 to 2":       func(c *Config) { c.Encoder.Depth, c.MoAEBlocks = 3, []int{0, 3} },
		"experts in block -1":                                   func(c *Config) { c.MoAEBlocks = []int{-1} },
		"heads of 0 and 11 classes: each needs 1 to 1000":       func(c *Config) { c.ImageClasses = 0 },
		"heads of 7 and 1001 classes: each needs 1 to 1000":     func(c *Config) { c.VideoClasses = 1001 },
		"heads of 1001 and 11 classes: each needs 1 to 1000":    func(c *Config) { c.ImageClasses = 1001 },
		"heads of 7 and 0 classes: each needs 1 to 1000":        func(c *Config) { c.VideoClasses = 0 },
		"needs experts ≥ 1, 1 ≤ top-k ≤ experts":                func(c *Config) { c.MoAE.TopK = 5 },
		"image size 15 is not a multiple of the patch size 4":   func(c *Config) { c.Encoder.PatchSize = 4 },
		"width 12 is not a multiple of the 5 heads":             func(c *Config) { c.Encoder.Heads = 5 },
		"mixture {Experts:4 TopK:2 Hidden:5 Residual:false Cap": func(c *Config) { c.MoAE.Capacity = math.Inf(-1) },
	} {
		c := tinyConfig()
		change(&c)
		require.ErrorContains(t, c.Check(), message)
	}
	largest := tinyConfig()
	largest.ImageClasses, largest.VideoClasses, largest.HeadHidden = 1000, 1000, vit.MaxExtent
	require.NoError(t, largest.Check())
	plain := tinyConfig()
	plain.MoAE, plain.MoAEBlocks = moae.Config{}, nil
	require.NoError(t, plain.Check(), "without experts nothing need be said about them")
}

// The published numbers of parameters, in total and active per token.
func TestParameters(t *testing.T) {
	count := func(c Config) int {
		params, err := nn.Outline(1000, func(s *nn.Scope) { New(s, c) })
		require.NoError(t, err)
		return nn.Count(params)
	}
	base := published(t, "base")
	require.Equal(t, []int{6, 7, 8, 9, 10, 11}, base.MoAEBlocks)
	require.Equal(t, 100_513_646, count(base))
	require.Equal(t, 89_862_254, base.ActiveParams(100_513_646))
	base.VideoClasses = 11
	require.Equal(t, 100_516_722, count(base))
	base.MoAEBlocks = nil
	require.Equal(t, 86_227_200+18*769, count(base), "encoder with its norm, and heads of 7 and 11 classes")
	require.Equal(t, 5, base.ActiveParams(5))

	c := tinyConfig()
	with := count(c)
	c.MoAEBlocks = []int{1}
	expert := 2*12*5 + 5 + 12
	require.Equal(t, 4*expert+2*(12*4+4), with-count(c), "experts and router of a block")
	require.Equal(t, 1000-2*(4-2)*expert, tinyConfig().ActiveParams(1000))
}

// The numbers of parameters in Table V of the paper, in millions: active ones in the column "test", all in the column "train". These are
// the numbers in docs/cost.md.
func TestCostOfTheBaselines(t *testing.T) {
	for _, c := range []struct {
		system          *system.System
		active, all     int
		inTest, inTrain int     // the paper's
		video, image    float64 // multiply-adds of a forward pass, in 10⁹
	}{
		{&vit.System, 86_232_583, 86_232_583, 86, 86, 80.69, 8.80},
		{&ViTMTL, 86_237_966, 86_237_966, 86, 86, 80.69, 8.80},
		{&System, 89_862_254, 100_513_646, 90, 101, 83.55, 9.15},
		{&ViTMoE, 114_609_422, 284_616_974, 115, 285, 103.37, 11.63},
	} {
		r, ok := c.system.Presets[0].Of("base")
		require.True(t, ok)
		require.NoError(t, c.system.Check(r))
		var net system.Model
		params, err := nn.Outline(1000, func(s *nn.Scope) { net = c.system.Build(s, r) })
		require.NoError(t, err)
		all := nn.Count(params)
		active := all
		if sparse, ok := net.(system.Sparse); ok {
			active = sparse.ActiveParams(all)
		}
		require.Equal(t, []int{c.active, c.all}, []int{active, all}, c.system.Name)
		require.InDelta(t, c.video, float64(net.MACs(data.Video))/1e9, 0.005, c.system.Name)
		require.InDelta(t, c.image, float64(net.MACs(data.Image))/1e9, 0.005, c.system.Name)
		inMillions := func(n int) int { return int(math.Round(float64(n) / 1e6)) }
		require.Equal(t, []int{c.inTest, c.inTrain}, []int{inMillions(active), inMillions(all)}, c.system.Name)
	}
}

// Experts in place of the MLP are as wide as it, and the block has no other.
func TestExpertsInPlace(t *testing.T) {
	r := recipe.Recipe{System: "vitmoe", Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4, Dim: 12, Depth: 3,
		Heads: 3, MLPRatio: 2}, Experts: 4, TopK: 3, Position: "1", ImageClasses: 7, VideoClasses: 11, FixedNoise: true}}
	c, err := FromRecipe(r)
	require.NoError(t, err)
	require.Equal(t, 24, c.MoAE.Hidden)
	shapes := map[string][]int{}
	params, err := nn.Outline(1000, func(s *nn.Scope) { New(s, c) })
	require.NoError(t, err)
	for _, p := range params {
		shapes[p.Name] = p.Shape()
	}
	require.Equal(t, []int{24, 12}, shapes["blocks.1.moe_layer.experts.3.fc1.weight"])
	require.Equal(t, []int{4, 12}, shapes["blocks.1.moe_layer.router.topkroute_linear.weight"])
	for name, there := range map[string]bool{"blocks.0.mlp.fc1.weight": true, "blocks.1.mlp.fc1.weight": false, "blocks.2.mlp.fc1.weight": true,
		"blocks.0.moe_layer.experts.0.fc1.weight": false, "blocks.1.moe_layer.router.noise_linear.weight": false} {
		_, ok := shapes[name]
		require.Equal(t, there, ok, name)
	}
	mlp := 2*12*24 + 24 + 12
	require.Equal(t, nn.Count(params)-mlp, c.ActiveParams(nn.Count(params)), "one expert of four is idle")
	plain := c
	plain.MoAEBlocks = nil
	require.Equal(t, plain.MACs(9, 7)+9*(12*4+2*2*12*24), c.MACs(9, 7), "the router, and three experts for one MLP")
	r.Model.ExpertHidden = 5
	c, err = FromRecipe(r)
	require.NoError(t, err)
	require.Equal(t, 5, c.MoAE.Hidden)
}

// What does not fit together is refused by name.
func TestCheckOfTheBaselines(t *testing.T) {
	for message, change := range map[string]func(r *recipe.Recipe) *system.System{
		"model.experts is 0: choose some for vitmoe, or system vitmtl, which has none": func(r *recipe.Recipe) *system.System {
			r.Model.Experts = 0
			return &ViTMoE
		},
		`model.priority is "gates": choose tokens, choices or scores`: func(r *recipe.Recipe) *system.System {
			r.Model.Priority = "gates"
			return &ViTMoE
		},
		`model.priority is "scores", and experts have room for all tokens: set model.capacity, or leave it out`: func(r *recipe.Recipe) *system.System {
			r.System, r.Model.Capacity = "s4d", 0
			return &System
		},
		"model.load is 0.005, the coefficient of a loss of noisy choices: set train.router_noise, or load = 0": func(r *recipe.Recipe) *system.System {
			r.Train.RouterNoise = false
			return &ViTMoE
		},
	} {
		r, ok := ViTMoE.Presets[0].Of("tiny")
		require.True(t, ok)
		s := change(&r)
		require.EqualError(t, s.Check(r), message)
	}
	for _, priority := range []string{"tokens", "choices", "scores"} { // which say nothing without a limit
		for _, s := range []*system.System{&System, &ViTMoE} {
			r, ok := s.Presets[0].Of("tiny")
			require.True(t, ok)
			r.Model.Capacity, r.Model.Priority = 0, priority
			require.ErrorContains(t, s.Check(r), fmt.Sprintf("model.priority is %q, and experts have room for all tokens", priority))
			r.Model.Capacity = 2
			require.NoError(t, s.Check(r))
		}
	}
}

// The baselines leave out what they do not read, even in a file that has it.
func TestBaselinesReadTheirKeys(t *testing.T) {
	r, ok := ViTMoE.Presets[0].Of("tiny")
	require.True(t, ok)
	r.Model.Residual = true
	for name, want := range map[string]struct {
		blocks   int
		residual bool
	}{"s4d": {3, true}, "vitmoe": {3, false}, "vitmtl": {0, true}} {
		r.System = name
		c, err := FromRecipe(r)
		require.NoError(t, err)
		require.Len(t, c.MoAEBlocks, want.blocks, name)
		require.Equal(t, want.residual, c.MoAE.Residual, name)
	}
}

// Multiply-adds of the published model in units of 10⁹, and of a small one by hand.
func TestMACs(t *testing.T) {
	base := published(t, "base")
	require.InDelta(t, 83.55, float64(base.MACs(800, 7))/1e9, 0.005)
	base.MoAEBlocks = nil
	require.InDelta(t, 80.69, float64(base.MACs(800, 7))/1e9, 0.005)
	require.InDelta(t, 8.796, float64(base.MACs(100, 7))/1e9, 0.0005)

	c := tinyConfig()
	c.MoAEBlocks = []int{1}
	require.Equal(t, c.Encoder.MACs(3)+3*(12*4+2*2*12*5)+12*9, c.MACs(3, 9))
	net := &classifier{Model: &Model{Config: c}, recipe: recipe.Recipe{}}
	require.Equal(t, []int{c.MACs(9, 7), c.MACs(18, 11)}, []int{net.MACs(data.Image), net.MACs(data.Video)})
	require.Equal(t, []int{7, 11}, []int{net.Classes(data.Image), net.Classes(data.Video)})
}

func TestPreset(t *testing.T) {
	require.Equal(t, []string{"s4d", recipe.Finetune}, []string{System.Name, System.Kind})
	later := map[string][]int{"tiny": {3, 4, 5}, "small": {6, 7, 8, 9, 10, 11}, "base": {6, 7, 8, 9, 10, 11},
		"large": {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}}
	for size, blocks := range later {
		r, ok := System.Presets[0].Of(size)
		require.True(t, ok)
		require.Equal(t, []string{"s4d-" + size, recipe.Finetune, "s4d"}, []string{r.Name, r.Kind, r.System})
		require.Equal(t, Config{Encoder: vit.Sizes[size], MoAE: moae.Config{Experts: 8, TopK: 2}, MoAEBlocks: blocks,
			ImageClasses: 7, VideoClasses: 7}, published(t, size))
		require.NoError(t, System.Check(r))
	}
	_, ok := System.Presets[0].Of("huge")
	require.False(t, ok)
}

// The published sizes of the baselines: ViT-MTL has no experts, and ViT-MoE those of V-MoE, with all of its routing and losses.
func TestPresetsOfBaselines(t *testing.T) {
	for size, encoder := range vit.Sizes {
		want := recipe.Recipe{Name: "vitmtl-" + size, Kind: recipe.Finetune, System: "vitmtl",
			Model: recipe.Model{Encoder: recipe.Encoder(encoder), ImageClasses: 7, VideoClasses: 7}}
		r, ok := ViTMTL.Presets[0].Of(size)
		require.True(t, ok)
		require.Equal(t, want, r)
		want.Name, want.System = "vitmoe-"+size, "vitmoe"
		m := &want.Model
		m.Experts, m.TopK, m.Position, m.Capacity, m.Priority, m.SoftmaxFirst, m.FixedNoise = 8, 2, "later", 1.05, "scores", true, true
		m.Importance, m.Load, want.Train.RouterNoise = 0.005, 0.005, true
		r, ok = ViTMoE.Presets[0].Of(size)
		require.True(t, ok)
		require.Equal(t, want, r)
	}
	for _, s := range []*system.System{&ViTMTL, &ViTMoE} {
		require.Equal(t, s.Name, s.Presets[0].Name)
		_, ok := s.Presets[0].Of("huge")
		require.False(t, ok)
	}
}

// published is the model of a published size.
func published(t *testing.T, size string) Config {
	r, _ := System.Presets[0].Of(size)
	c, err := FromRecipe(r)
	require.NoError(t, err)
	return c
}

// Every setting of a recipe reaches the model.
func TestFromRecipe(t *testing.T) {
	r := recipe.Recipe{System: "s4d", Model: recipe.Model{
		Encoder: recipe.Encoder{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4, Dim: 12, Depth: 2, Heads: 3, MLPRatio: 2},
		Experts: 4, TopK: 2, ExpertHidden: 5, Position: "1", ImageClasses: 7, VideoClasses: 11,
		Residual: true, EvalAsTraining: true, Capacity: 1.5, Balance: 0.25,
		FixedNoise: true, SoftmaxFirst: true, Priority: "choices", Importance: 0.125, Load: 0.375}}
	want := tinyConfig()
	want.MoAEBlocks = []int{1}
	want.MoAE.Residual, want.MoAE.EvalAsTraining, want.MoAE.Capacity, want.MoAE.Balance = true, true, 1.5, 0.25
	want.MoAE.FixedNoise, want.MoAE.SoftmaxFirst, want.MoAE.Priority = true, true, ag.ByChoice
	want.MoAE.Importance, want.MoAE.Load = 0.125, 0.375
	got, err := FromRecipe(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for name, priority := range map[string]ag.Priority{"": ag.ByToken, "tokens": ag.ByToken, "scores": ag.ByScore} {
		r.Model.Priority = name
		got, err := FromRecipe(r)
		require.NoError(t, err)
		require.Equal(t, priority, got.MoAE.Priority, name)
	}
	for name, c := range map[string]struct{ of, got *bool }{ // each switch is its own
		"residual":         {&r.Model.Residual, &got.MoAE.Residual},
		"eval_as_training": {&r.Model.EvalAsTraining, &got.MoAE.EvalAsTraining},
		"fixed_noise":      {&r.Model.FixedNoise, &got.MoAE.FixedNoise},
		"softmax_first":    {&r.Model.SoftmaxFirst, &got.MoAE.SoftmaxFirst},
	} {
		*c.of = false
		got, err = FromRecipe(r)
		require.NoError(t, err)
		require.False(t, *c.got, name)
		off := got.MoAE
		*c.of = true
		got, err = FromRecipe(r)
		require.NoError(t, err)
		require.True(t, *c.got, name)
		*c.got = false
		require.Equal(t, got.MoAE, off, name)
		*c.got = true
	}
	r.Train.RouterNoise = true

	r.Model.Position = "late"
	require.ErrorContains(t, System.Check(r), `model.position: "late"`)
	require.PanicsWithError(t, `s4d: got model.position: "late": choose early, middle, later, alternate or all, a share such as "last 3/4" or "part 2/3", or name blocks, as in "1,2", `+
		"want a recipe that passed Check", func() { System.Build(nil, r) })
	r.Model.Experts = 0
	require.NoError(t, System.Check(r), "without experts their position does not matter")
	r.Model.Experts, r.Model.Position = 1, "0"
	got, err = FromRecipe(r)
	require.NoError(t, err)
	require.Equal(t, []int{0}, got.MoAEBlocks, "a single expert is one, too")
	r.Model.Experts, r.Model.Depth, r.Model.Position = 4, 1, "later"
	require.ErrorContains(t, System.Check(r), "half of the blocks are meant, and there is one")
}
