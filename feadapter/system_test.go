package feadapter

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// The preset has the parameters that docs and the paper name: 6.57 million are learned, of 92.4.
func TestPreset(t *testing.T) {
	r, ok := System.Presets[0].Of("base")
	require.True(t, ok)
	require.NoError(t, System.Check(r))
	require.Equal(t, []string{"feadapter-base", "feadapter", recipe.Finetune}, []string{r.Name, r.System, r.Kind})
	require.Equal(t, recipe.Encoder{ImageSize: 224, Frames: 16, PatchSize: 16, Tubelet: 1, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4}, r.Model.Encoder)
	all, learned := counts(t, r)
	require.Equal(t, []int{85_798_656 + 6_564_168 + 5_383, 6_564_168 + 5_383}, []int{all, learned})
	_, ok = System.Presets[0].Of("giant")
	require.False(t, ok)
	for size, want := range map[string]recipe.Adapter{"small": {Width: 120}, "base": {Width: 240}, "large": {Width: 320}} {
		r, ok := System.Presets[0].Of(size)
		require.True(t, ok)
		want.Kernel, want.Stretch, want.Place, want.Blocks = []int{3, 1, 1}, "axes", "before-attention", "all"
		want.Modulated, want.Activation = true, true
		require.Equal(t, &want, r.Model.Adapter)
		require.Equal(t, []int{224, 7, 0}, []int{r.Model.ImageSize, r.Model.VideoClasses, r.Model.ImageClasses})
		require.Equal(t, Base, r.Train.Freeze)
	}
}

// The recipes of the paper's datasets are the preset with its published settings, and that of AffectNet is their image model.
func TestPublishedRecipes(t *testing.T) {
	preset, _ := System.Presets[0].Of("base")
	for name, want := range map[string]struct{ stride, classes int }{"dfew": {4, 7}, "ferv39k": {1, 7}, "mafw": {4, 11}} {
		r, err := recipe.Load("feadapter-" + name)
		require.NoError(t, err)
		model := preset.Model
		model.VideoClasses = want.classes
		require.Equal(t, model, r.Model, name)
		require.Equal(t, Base, r.Train.Freeze, name)
		require.Equal(t, want.stride, r.Data.Stride, name)
		require.Equal(t, []int{100, 128}, []int{r.Train.Epochs, r.Train.VideoBatch}, name)
		require.Equal(t, []float64{5e-4, 0, 0, 1e-2, 1}, []float64{r.Train.LR, r.Train.MinLR, r.Train.WarmupEpochs, r.Train.WeightDecay, r.Train.LayerDecay}, name)
	}
	r, err := recipe.Load("image-affectnet")
	require.NoError(t, err)
	require.NoError(t, System.Check(r))
	require.Equal(t, recipe.Model{Encoder: preset.Model.Encoder, ImageClasses: 7}, r.Model)
	require.Equal(t, 5e-4*32/256, r.Train.LR)
	require.Equal(t, 16, r.Train.ImageBatch/r.Train.Accumulate)
}

// ST-Adapter of width 384 in all twelve blocks has 7.11 million parameters beside the head, plain adapters of width 96 have 1.78.
func TestCountsOfBaselines(t *testing.T) {
	r, ok := System.Presets[1].Of("base")
	require.True(t, ok)
	require.Equal(t, []string{"stadapter-base", "feadapter"}, []string{r.Name, r.System})
	require.Equal(t, &recipe.Adapter{Width: 384, Kernel: []int{3, 1, 1}, Depthwise: true, Place: "after-attention", Blocks: "all"}, r.Model.Adapter)
	_, learned := counts(t, r)
	require.Equal(t, 7_110_144+5_383, learned)
	_, ok = System.Presets[1].Of("giant")
	require.False(t, ok)
	r.Model.Adapter = &recipe.Adapter{Width: 96, Activation: true, Place: "after-mlp", Blocks: "all"}
	_, learned = counts(t, r)
	require.Equal(t, 12*(2*768*96+96+768)+5_383, learned)
	r.Model.Adapter = nil
	_, learned = counts(t, r)
	require.Equal(t, 5_383, learned)
	r.Model.Adapter = &recipe.Adapter{Kernel: []int{3, 1, 1}, Place: "after-mlp", Blocks: "all"} // of width 0, as in an ablation
	require.NoError(t, System.Check(r))
	_, learned = counts(t, r)
	require.Equal(t, 5_383, learned)
}

// counts returns the number of parameters of a recipe, and of those that are learned.
func counts(t *testing.T, r recipe.Recipe) (all, learned int) {
	params, err := nn.Outline(1<<28, func(s *nn.Scope) { System.Build(s, r) })
	require.NoError(t, err)
	frozen, err := nn.Freeze(params, System.FrozenBy(r))
	require.NoError(t, err)
	all = nn.Count(params)
	return all, all - frozen
}

// docs/models.md has the multiply-adds of a video of either preset.
func TestMACsOfPresets(t *testing.T) {
	for i, want := range []int{278_671_840_512, 278_303_347_968} {
		r, _ := System.Presets[i].Of("base")
		_, err := nn.Outline(1<<10, func(s *nn.Scope) {
			require.Equal(t, want, System.Build(s, r).MACs(data.Video))
		})
		require.NoError(t, err)
	}
}

// A gradient flows back to any parameter that learns, though all others are frozen, through the head.
func TestGradientOfEachParameter(t *testing.T) {
	for _, name := range []string{"fe", "st", "plain", "image"} {
		r := goldenRecipe(name)
		params := func() (*classifier, []nn.Param) {
			s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{})
			return System.Build(s, r).(*classifier), s.Params()
		}
		_, all := params()
		for i, learned := range all {
			m, others := params()
			for k, p := range others {
				if k != i {
					p.Freeze()
				}
			}
			least := 24 * 5 // of the head
			if learned.Name == "head.bias" {
				least = 0
			}
			require.GreaterOrEqual(t, m.GradientMACs(vit.OneHead(r)), least, "%s of %s", learned.Name, name)
		}
	}
}

// MACs are those of the products, counted for a model without two equal sizes: 9 patches of 48 values in 10 tokens of width 24, of which the
// last of two blocks computes one, with three heads. A gradient flows back to the first adapter, whose input needs none.
func TestMACs(t *testing.T) {
	const linear, attention, embedding, head = (1 + 10) * (4 + 2*5) * 24 * 24, 2*10*10*24 + 2*3*10*24, 9 * 48 * 24, 24 * 5
	const attend, first = 4 * 10 * 24 * 24, 2 * 10 * 10 * 24
	fe, st, plain := 9*(2*24*7+9*7*7+(12+8)*9*7), 9*(2*24*10+3*10), 9*(2*24*6) // 3 factors and 9 taps
	for name, want := range map[string][2]int{
		"fe":    {4 * (embedding + linear + attention + 2*fe), 4 * (linear + 2*attention + 4*fe - 9*24*7)},
		"st":    {4 * (embedding + linear + attention + st), 4 * (linear - attend + 2*(attention-first) + 2*st - 9*24*10)},
		"plain": {4 * (embedding + linear + attention + plain), 4 * (14*24*24 + 2*(attention-first) + 2*plain - 9*24*6)},
		"image": {embedding + linear + attention, embedding + 2*(linear+attention)},
	} {
		s, r := nn.NewScope(cpu.New(), engine.Float32, nn.Random{}), goldenRecipe(name)
		m := System.Build(s, r)
		_, err := nn.Freeze(s.Params(), System.FrozenBy(r))
		require.NoError(t, err)
		modality := vit.OneHead(r)
		require.Equal(t, want[0]+head, m.MACs(modality), name)
		require.Equal(t, want[0]+want[1]+3*head, system.StepMACs(m, modality), name)
	}
}

func TestFromRecipe(t *testing.T) {
	c, err := FromRecipe(goldenRecipe("fe"))
	require.NoError(t, err)
	require.Equal(t, AdapterConfig{Width: 7, Kernel: [3]int{3, 1, 3}, Dilated: true, Stretch: ag.PerAxis, Modulated: true, Activation: true}, c.Adapter)
	require.Equal(t, []int{0, 1}, c.Blocks)
	require.Equal(t, engine.Window{Kernel: [3]int{3, 1, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 1}}, c.Adapter.Window())
	for name, want := range map[string]ag.Stretch{"axes": ag.PerAxis, "time-and-space": ag.TimeAndSpace, "rows-and-columns": ag.RowsAndColumns, "space": ag.Space} {
		r := goldenRecipe("fe")
		adapter := *r.Model.Adapter
		adapter.Stretch, r.Model.Adapter = name, &adapter
		c, err := FromRecipe(r)
		require.NoError(t, err)
		require.Equal(t, want, c.Adapter.Stretch)
	}
	for name, want := range map[string]Place{"fe": BeforeAttention, "st": AfterAttention, "plain": AfterMLP} {
		c, err := FromRecipe(goldenRecipe(name))
		require.NoError(t, err)
		require.Equal(t, want, c.Place)
	}
}

func TestChecks(t *testing.T) {
	for name := range adapters {
		require.NoError(t, System.Check(goldenRecipe(name)), name)
	}
	for message, change := range map[string]func(m *recipe.Model, a *recipe.Adapter){
		"model.tubelet is 2: each frame is read by itself; set it to 1":               func(m *recipe.Model, _ *recipe.Adapter) { m.Tubelet = 2 },
		"model.dim is 18: the table of positions needs a multiple of 4":               func(m *recipe.Model, _ *recipe.Adapter) { m.Dim = 18 },
		"24 is not a multiple of the 5 heads":                                         func(m *recipe.Model, _ *recipe.Adapter) { m.Heads = 5 },
		"system feadapter has one head, so that one of them must be 0":                func(m *recipe.Model, _ *recipe.Adapter) { m.ImageClasses = 3 },
		"model.adapter.width is -1: it must lie between 1 and":                        func(_ *recipe.Model, a *recipe.Adapter) { a.Width = -1 },
		"model.adapter.kernel is [3 1]: want its extents over time, rows and columns": func(_ *recipe.Model, a *recipe.Adapter) { a.Kernel = []int{3, 1} },
		"model.adapter.kernel is [3 2 1]: each extent must be odd, from 1 to 15":      func(_ *recipe.Model, a *recipe.Adapter) { a.Kernel = []int{3, 2, 1} },
		"model.adapter.kernel is [17 1 1]: each extent must be odd, from 1 to 15":     func(_ *recipe.Model, a *recipe.Adapter) { a.Kernel = []int{17, 1, 1} },
		"model.adapter.kernel is [3 -1 1]: each extent must be odd":                   func(_ *recipe.Model, a *recipe.Adapter) { a.Kernel = []int{3, -1, 1} },
		"model.adapter has no kernel, and depthwise, stretch or modulated are of one": func(_ *recipe.Model, a *recipe.Adapter) { a.Kernel = nil },
		"model.adapter.width is 65537: it must lie between 1 and 65536":               func(_ *recipe.Model, a *recipe.Adapter) { a.Width = 1<<16 + 1 },
		"model.adapter.modulated is for D²Conv3D: set model.adapter.stretch":          func(_ *recipe.Model, a *recipe.Adapter) { a.Stretch = "" },
		`model.adapter.stretch is "time": choose axes`:                                func(_ *recipe.Model, a *recipe.Adapter) { a.Stretch = "time" },
		`model.adapter.place is "": choose before-attention, after-attention`:         func(_ *recipe.Model, a *recipe.Adapter) { a.Place = "" },
		`model.adapter.blocks: "0,2": the model has blocks 0 to 1`:                    func(_ *recipe.Model, a *recipe.Adapter) { a.Blocks = "0,2" },
	} {
		r := goldenRecipe("fe")
		adapter := *r.Model.Adapter
		change(&r.Model, &adapter)
		r.Model.Adapter = &adapter
		require.ErrorContains(t, System.Check(r), message)
	}
}

// Each setting of a kernel needs one; widths and kernels go to their limits.
func TestChecksOfSettings(t *testing.T) {
	check := func(a recipe.Adapter) error {
		r := goldenRecipe("fe")
		a.Place, a.Blocks = "after-mlp", "1"
		r.Model.Adapter = &a
		return System.Check(r)
	}
	for _, a := range []recipe.Adapter{{Depthwise: true}, {Stretch: "space"}, {Stretch: "space", Modulated: true}, {Modulated: true}} {
		a.Width = 3
		require.ErrorContains(t, check(a), "model.adapter has no kernel, and depthwise, stretch or modulated are of one")
	}
	for _, a := range []recipe.Adapter{{Width: 0}, {Width: 1}, {Width: 1 << 16}, {Width: 3, Activation: true}, {Width: 3, Kernel: []int{1, 15, 3}},
		{Width: 3, Kernel: []int{1, 1, 3}, Depthwise: true, Stretch: "space", Modulated: true}} {
		require.NoError(t, check(a))
	}
	for _, a := range []recipe.Adapter{{Width: -1}, {Width: 1<<16 + 1}} {
		require.ErrorContains(t, check(a), "model.adapter.width is ")
		a.Blocks, a.Place = "", ""
		r := goldenRecipe("image")
		require.NoError(t, System.Check(r), "without adapters")
	}
}

// noise fills all parameters, also those that start at 0.
type noise struct{}

func (noise) Fill(values []float32, name string, shape []int, _ nn.Init) error {
	return nn.Random{Seed: 5}.Fill(values, name, shape, nn.TruncatedNormal(0.4, 2))
}

// Inference packs and rounds the weights of linear layers and of plain convolutions. What stretches a kernel, depth-wise kernels and the head
// stay as they are.
func TestPackedWeights(t *testing.T) {
	encoder := []string{"patch_embed.proj", "blocks.N.attn.qkv", "blocks.N.attn.proj", "blocks.N.mlp.fc1", "blocks.N.mlp.fc2"}
	linear := []string{"blocks.N.adapter.down", "blocks.N.adapter.up"}
	dense := *adapters["st"]
	dense.Depthwise = false
	for name, c := range map[string]struct {
		adapter *recipe.Adapter
		packed  [][]string
	}{
		"fe":    {adapters["fe"], [][]string{encoder, linear, {"blocks.N.adapter.conv"}}},
		"st":    {adapters["st"], [][]string{encoder, linear}},
		"dense": {&dense, [][]string{encoder, linear, {"blocks.N.adapter.conv"}}},
		"plain": {adapters["plain"], [][]string{encoder, linear}},
		"image": {nil, [][]string{encoder}},
	} {
		r := goldenRecipe("fe")
		r.Model.Adapter = c.adapter
		params, err := nn.Outline(1000, func(s *nn.Scope) { System.Build(s, r) })
		require.NoError(t, err)
		packed := map[string]bool{}
		for _, p := range params {
			if p.Linear {
				name := strings.NewReplacer("blocks.0.", "blocks.N.", "blocks.1.", "blocks.N.").Replace(p.Name)
				packed[strings.TrimSuffix(name, ".weight")] = true
			}
		}
		require.ElementsMatch(t, slices.Concat(c.packed...), slices.Collect(maps.Keys(packed)), name)
	}
}

// Of every kind, an adapter is x + f(convolution(x·W_d))·W_u, with the convolution and the f that its settings name.
func TestKindsOfAdapters(t *testing.T) {
	b := cpu.New()
	x := make([]float32, 2*4*(1+3*2)*6)
	for i := range x {
		x[i] = float32(i*53%97)/48 - 1
	}
	window := engine.Window{Kernel: [3]int{3, 5, 1}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 2, 0}}
	seen := map[string]AdapterConfig{}
	for i := range 1 << 4 {
		c := AdapterConfig{Width: 5, Kernel: window.Kernel, Depthwise: i&1 != 0, Dilated: i&2 != 0, Modulated: i&4 != 0, Activation: i&8 != 0}
		if c.Stretch = ag.TimeAndSpace; !c.Dilated && c.Modulated {
			continue
		}
		scope, tape := nn.NewScope(b, engine.Float32, noise{}), ag.NewTape(b)
		a := NewAdapter(scope, 6, c)
		require.NoError(t, scope.Err())
		in := tape.Const(engine.FromSlice(b, engine.Float32, x, 2*4, 1+3*2, 6))
		class, patches := vit.ClassTokens(in), vit.LastTokens(in, 3*2)
		h := a.Down.Forward(ag.Reshape(patches, 2, 4, 3, 2, 6))
		switch {
		case c.Dilated:
			predicted := ag.Convolve(h, a.Predictor.Weight, a.Predictor.Bias, window)
			h = ag.DilatedConvolve(h, predicted, a.Conv.Weight, a.Conv.Bias,
				ag.Dilation{Window: window, Stretch: ag.TimeAndSpace, Modulated: c.Modulated, Depthwise: c.Depthwise})
		case c.Depthwise:
			h = ag.DepthwiseConvolve(h, a.Conv.Weight, a.Conv.Bias, window)
		default:
			h = ag.Convolve(h, a.Conv.Weight, a.Conv.Bias, window)
		}
		if c.Activation {
			h = ag.GELU(h)
		}
		adapted := ag.Add(patches, ag.Reshape(a.Up.Forward(h), patches.Shape()...))
		want, err := engine.Read[float32](ag.Concat(1, class, adapted).Data())
		require.NoError(t, err)
		got, err := engine.Read[float32](a.Forward(in, [3]int{4, 3, 2}).Data())
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got, 1e-5, "%+v", c)
		require.NotContains(t, seen, fmt.Sprint(got))
		seen[fmt.Sprint(got)] = c
		tape.Close()
	}
}

// imageModel is the golden model of images with the recipe of its run.
type imageModel struct{ nn.Weights }

func (imageModel) Metadata() map[string]string {
	r, _ := recipe.Load("s4d-tiny")
	r.System, r.Model = "feadapter", goldenRecipe("image").Model
	text, _ := r.Text()
	return map[string]string{"recipe": string(text)}
}

// A run with other classes than those of the file leaves its head, and one on videos starts from a model of images.
func TestStartFromAnotherHead(t *testing.T) {
	file := imageModel{golden.Open(t, "feadapter_image_tiny.safetensors")}
	for _, name := range []string{"image", "fe", "st", "plain"} {
		r := goldenRecipe(name)
		r.Model.ImageClasses, r.Model.VideoClasses = min(3*r.Model.ImageClasses, 3), min(3*r.Model.VideoClasses, 3)
		load, err := System.Start(file, r, nn.Random{Seed: 1})
		require.NoError(t, err)
		load.Rows = map[string][]int{"head.weight": nil, "head.bias": nil} // as runs do where classes differ
		scope := nn.NewScope(cpu.New(), engine.Float32, load)
		System.Build(scope, r)
		require.NoError(t, scope.Err(), name)
		report, err := load.Finish()
		require.NoError(t, err, name)
		require.Equal(t, []string{"head.bias", "head.weight"}, report.Unused, name)
		for _, p := range report.Missing {
			require.True(t, strings.HasPrefix(p, "head.") || strings.Contains(p, ".adapter."), p)
		}
	}
	r := goldenRecipe("image")
	r.Model.Heads = 6
	_, err := System.Start(file, r, nn.Random{})
	require.ErrorContains(t, err, "its attention has 3 heads, that of recipe  6: set model.heads to 3")
}

// Class token and positions have the learning rate of the patch embedding, and do not decay.
func TestGroup(t *testing.T) {
	r := goldenRecipe("image")
	for name, want := range map[string][]float64{
		"cls_token": {math.Pow(0.75, 3), 0}, "pos_embed": {math.Pow(0.75, 3), 0}, "patch_embed.proj.weight": {math.Pow(0.75, 3), 0.05},
		"blocks.1.adapter.down.weight": {0.75, 0.05}, "head.weight": {1, 0.05},
	} {
		scale, decay := System.Group(r, name, []int{2, 3})
		require.Equal(t, want, []float64{scale, decay}, name)
	}
}

// A new adapter changes nothing, of any kind and at any place, and then learns.
func TestAdaptersStartAsIdentity(t *testing.T) {
	b := cpu.New()
	pixels := make([]float32, 2*3*4*12*12)
	for i := range pixels {
		pixels[i] = float32(i*37%101) / 101
	}
	logits := func(name string, adapter *recipe.Adapter) []float32 {
		r := goldenRecipe(name)
		r.Model.Adapter = adapter
		scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 3})
		m := System.Build(scope, r).(*classifier)
		tape := ag.NewTape(b)
		defer tape.Close()
		out := m.Forward(tape.Const(engine.FromSlice(b, engine.Float32, pixels, 2, 3, 4, 12, 12)))
		values, err := engine.Read[float32](out.Data())
		require.NoError(t, err)
		if adapter == nil {
			return values
		}
		tape.Backward(ag.Mean(ag.Mul(out, out)))
		moved := 0
		for _, p := range scope.Params() {
			if g := p.Grad(); g != nil && p.Name == "blocks.0.adapter.conv.weight" || p.Name == "blocks.0.adapter.up.weight" {
				values, err := engine.Read[float32](g)
				require.NoError(t, err)
				for _, v := range values {
					if v != 0 {
						moved++
					}
				}
			}
		}
		require.Positive(t, moved, "%s learns", name)
		return values
	}
	for name, a := range adapters {
		if a != nil {
			everywhere := *a
			everywhere.Blocks = "all"
			require.Equal(t, logits(name, nil), logits(name, &everywhere), name)
		}
	}
}

// autoencoder is a file of an image model with the decoder from which it learned.
type autoencoder struct{ nn.Weights }

func (a autoencoder) Names() []string {
	return append(a.Weights.Names(), "mask_token", "decoder_embed.weight", "decoder_blocks.0.norm1.bias")
}

// A run starts from an image model of images of another size, whose positions are interpolated, and says so. Adapters are new, and the
// decoder of a masked autoencoder stays unused.
func TestStartFromImageModels(t *testing.T) {
	r := goldenRecipe("fe")
	r.Model.ImageSize, r.Model.Heads = 20, 1 // heads are 64 wide in files that do not say
	load, err := System.Start(autoencoder{golden.Open(t, "feadapter_image_tiny.safetensors")}, r, nn.Random{Seed: 4})
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	System.Build(scope, r)
	require.NoError(t, scope.Err())
	report, err := load.Finish()
	require.NoError(t, err)
	require.Equal(t, []string{"interpolated the positions of 3×3 patches to 5×5"}, report.Notes)
	require.Contains(t, report.Loaded, "pos_embed")
	require.Len(t, report.Missing, 2*8)
	require.Equal(t, []string{"mask_token", "decoder_embed.weight", "decoder_blocks.0.norm1.bias"}, report.Unused)
}

// A window sees as many tokens on either side, and a site for each.
func TestWindow(t *testing.T) {
	w := AdapterConfig{Kernel: [3]int{5, 1, 7}}.Window()
	require.Equal(t, engine.Window{Kernel: [3]int{5, 1, 7}, Stride: [3]int{1, 1, 1}, Pad: [3]int{2, 0, 3}}, w)
	require.Equal(t, [3]int{9, 4, 6}, w.Sites([3]int{9, 4, 6}))
}

// A plain convolution starts at 0, as released for ST-Adapter, and otherwise the second linear layer does; what is not 0 is drawn.
func TestStartOfAdapters(t *testing.T) {
	zero := func(v *ag.Value) bool {
		values, err := engine.Read[float32](v.Data())
		require.NoError(t, err)
		return !slices.ContainsFunc(values, func(x float32) bool { return x != 0 })
	}
	for name, c := range map[string]AdapterConfig{
		"plain":              {Width: 4},
		"dense":              {Width: 4, Kernel: [3]int{3, 1, 1}},
		"depth-wise":         {Width: 4, Kernel: [3]int{3, 1, 1}, Depthwise: true},
		"dilated":            {Width: 4, Kernel: [3]int{3, 1, 1}, Dilated: true},
		"dilated depth-wise": {Width: 4, Kernel: [3]int{3, 1, 1}, Depthwise: true, Dilated: true},
	} {
		a := NewAdapter(nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 2}), 6, c)
		released := c.Convolves() && !c.Dilated
		require.Equal(t, []bool{false, !released}, []bool{zero(a.Down.Weight), zero(a.Up.Weight)}, name)
		if c.Convolves() {
			require.Equal(t, released, zero(a.Conv.Weight), name)
		}
		if c.Dilated {
			require.True(t, zero(a.Predictor.Weight) && zero(a.Predictor.Bias), name)
		}
	}
}

// What is drawn is uniform within 1/√(inputs of a result): PyTorch's default, for a depth-wise kernel of its taps alone.
func TestAdaptersAreDrawnByFanIn(t *testing.T) {
	source := nn.Random{Seed: 2}
	drawn := func(name string, in int, shape ...int) []float32 {
		values := make([]float32, engine.Elements(shape))
		require.NoError(t, source.Fill(values, name, shape, nn.FanIn(in)))
		return values
	}
	for name, c := range map[string]struct {
		AdapterConfig
		want map[string][]float32 // those that do not start at 0
	}{
		"plain": {AdapterConfig{Width: 4}, map[string][]float32{"down.weight": drawn("down.weight", 6, 4, 6)}},
		"dense": {AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 5}},
			map[string][]float32{"down.weight": drawn("down.weight", 6, 4, 6), "up.weight": drawn("up.weight", 4, 6, 4)}},
		"dilated": {AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 5}, Dilated: true},
			map[string][]float32{"down.weight": drawn("down.weight", 6, 4, 6), "conv.weight": drawn("conv.weight", 15*4, 4, 3, 1, 5, 4)}},
		"dilated depth-wise": {AdapterConfig{Width: 4, Kernel: [3]int{3, 1, 5}, Dilated: true, Depthwise: true},
			map[string][]float32{"down.weight": drawn("down.weight", 6, 4, 6), "conv.weight": drawn("conv.weight", 15, 3, 1, 5, 4)}},
	} {
		scope := nn.NewScope(cpu.New(), engine.Float32, source)
		NewAdapter(scope, 6, c.AdapterConfig)
		got := map[string][]float32{}
		for _, p := range scope.Params() {
			values, err := engine.Read[float32](p.Data())
			require.NoError(t, err)
			if slices.ContainsFunc(values, func(x float32) bool { return x != 0 }) {
				got[p.Name] = values
			}
		}
		require.Equal(t, c.want, got, name)
	}
}

// An image model of another size lends its positions, interpolated.
func TestStartFromAnotherSize(t *testing.T) {
	r := goldenRecipe("image")
	r.Model.ImageSize, r.Model.Heads = 20, 1 // as of a published file, whose heads are 64 wide
	f := golden.Open(t, "feadapter_image_tiny.safetensors")
	load, err := System.Start(f, r, nn.Random{})
	require.NoError(t, err)
	s := nn.NewScope(cpu.New(), engine.Float32, load)
	m := System.Build(s, r).(*classifier)
	require.NoError(t, s.Err())
	small, _ := f.Values("pos_embed")
	large, err := engine.Read[float32](m.Encoder.Position.Data())
	require.NoError(t, err)
	require.Len(t, large, 26*24)
	require.Equal(t, small[:24], large[:24], "of the class token")
	require.InDeltaSlice(t, small[5*24:6*24], large[13*24:14*24], 1e-6, "of the patch in the middle")
}

// lacking is a file without one of its tensors.
type lacking struct {
	nn.Weights
	name string
}

func (l lacking) Names() []string {
	return slices.DeleteFunc(slices.Clone(l.Weights.Names()), func(name string) bool { return name == l.name })
}

func (l lacking) Shape(name string) ([]int, bool) {
	if name == l.name {
		return nil, false
	}
	return l.Weights.Shape(name)
}

// added is a file with one more tensor.
type added lacking

func (a added) Names() []string { return append(slices.Clone(a.Weights.Names()), a.name) }

// All of an image model but its head must be in a file, and nothing else but another head or the decoder of its pre-training.
func TestFilesThatDoNotFit(t *testing.T) {
	r := goldenRecipe("fe")
	r.Model.Heads = 1 // as of a published file, whose heads are 64 wide
	begin := func(file nn.Weights) error {
		load, err := System.Start(file, r, nn.Random{})
		require.NoError(t, err)
		scope := nn.NewScope(cpu.New(), engine.Float32, load)
		System.Build(scope, r)
		if err := scope.Err(); err != nil {
			return err
		}
		_, err = load.Finish()
		return err
	}
	image := golden.Open(t, "feadapter_image_tiny.safetensors")
	require.NoError(t, begin(image))
	for _, name := range image.Names() {
		if err := begin(lacking{image, name}); strings.HasPrefix(name, "head.") {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, fmt.Sprintf("weights lack %q", name))
		}
	}
	for _, name := range []string{"norm.scale", "neck.weight", "blocks.2.norm1.weight", "pos_embeds", "encoder.mask_token"} {
		require.ErrorContains(t, begin(added{image, name}), fmt.Sprintf("%q", name))
	}
}
