package s2d

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// tiny is the recipe of a model without two equal sizes: 9 patches a frame, whose landmark images have 24 pixels.
func tiny() recipe.Recipe {
	r := recipe.Recipe{Kind: recipe.Finetune, System: "s2d", Seed: 3}
	r.Model.Encoder = recipe.Encoder{ImageSize: 12, Frames: 5, PatchSize: 4, Tubelet: 1, Dim: 24, Depth: 2, Heads: 3, MLPRatio: 5}
	r.Model.VideoClasses, r.Model.Dropout = 7, 0.5
	r.Model.Prompter, r.Model.Temporal = &recipe.Prompter{Width: 2, LandmarkWidth: 3}, &recipe.Temporal{Width: 12, Heads: 4}
	r.Train = recipe.Train{Epochs: 4, VideoBatch: 3, ImageBatch: 3, Freeze: Base}
	return r
}

// withDistillation is the recipe with a queue of two anchors.
func withDistillation() recipe.Recipe {
	r := tiny()
	r.Train.Distillation = &recipe.Distillation{Anchors: 2, Nearest: 1, Starts: []float64{0, 0.5}, Weights: []float64{0.5, 2}}
	return r
}

// made builds the model of a recipe, as drawn.
func made(r recipe.Recipe) (*classifier, *nn.Scope) {
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: r.Seed})
	return System.Build(s, r).(*classifier), s
}

// batch has n videos of pixels that differ.
func batch(r recipe.Recipe, n int) *system.Batch {
	b := &system.Batch{Seed: 8, Modality: data.Video}
	m := r.Model
	for i := range n {
		v := data.View{T: m.Frames, H: m.ImageSize, W: m.ImageSize, Bytes: make([]uint8, m.Frames*m.ImageSize*m.ImageSize*3)}
		for k := range v.Bytes {
			v.Bytes[k] = uint8((k*(31+2*i) + k/7) % 251)
		}
		b.Views, b.Labels = append(b.Views, v), append(b.Labels, (2*i+1)%7)
	}
	b.Soft = data.SmoothTargets(b.Labels, 7, 0)
	return b
}

func read(t *testing.T, x *engine.Tensor) []float32 {
	t.Helper()
	values, err := engine.Read[float32](x)
	require.NoError(t, err)
	return values
}

// The landmark network reads every frame by itself, at the size of the grid, and nothing of it learns.
func TestFaces(t *testing.T) {
	r := tiny()
	m, s := made(r)
	tape := ag.NewTape(cpu.New())
	defer tape.Close()
	b := batch(r, 2)
	features := m.faces.features(b.Pixels(tape))
	require.Equal(t, []int{10, 9, 6}, features.Shape())
	require.False(t, features.NeedsGrad())
	for i, v := range b.Views {
		one := *b
		for frame := range v.T {
			size := len(v.Bytes) / v.T
			one.Views = []data.View{{T: 1, H: v.H, W: v.W, Bytes: v.Bytes[frame*size : (frame+1)*size]}}
			want := read(t, m.faces.features(one.Pixels(tape)).Data())
			require.InDeltaSlice(t, want, read(t, features.Data().Range(i*v.T+frame, i*v.T+frame+1)), 1e-5)
		}
	}
	many := batch(r, atOnce/(5*24*24)+1) // more than one pass
	last := many.Views[len(many.Views)-1:]
	of := m.faces.features(many.Pixels(tape)).Data()
	require.Equal(t, 5*len(many.Views), of.Dim(0))
	one := *many
	one.Views = last
	require.Equal(t, read(t, m.faces.features(one.Pixels(tape)).Data()), read(t, of.Range(of.Dim(0)-5, of.Dim(0))))
	parts := m.faces.inParts(m.faces.images.Forward(many.Pixels(tape))) // as of a long video
	require.Len(t, parts, 2)
	require.Equal(t, read(t, of), append(read(t, parts[0].Data()), read(t, parts[1].Data())...))

	extractors := 0
	for _, p := range s.Params() {
		if p.Extractor {
			require.False(t, p.NeedsGrad(), p.Name)
			require.Contains(t, p.Name, "landmarks.")
			extractors++
		}
	}
	require.Equal(t, 6+12*8, extractors)
}

// Landmarks, adapters and each frame's place in time count for the answer; without a module its parameters are missing, too.
func TestModules(t *testing.T) {
	names := func(change func(r *recipe.Recipe)) (all []string, logits []float32) {
		r := tiny()
		change(&r)
		require.NoError(t, System.Check(r))
		m, s := made(r)
		for _, p := range s.Params() {
			all = append(all, p.Name)
		}
		tape := ag.NewTape(cpu.New())
		defer tape.Close()
		return all, read(t, m.Logits(batch(r, 2).Pixels(tape), data.Video, engine.Key{}).Data())
	}
	whole, answer := names(func(*recipe.Recipe) {})
	require.Len(t, answer, 14)
	for _, c := range []struct {
		without []string
		change  func(r *recipe.Recipe)
	}{
		{[]string{"patch_embed_prompt.proj.weight", "prompt_blocks.1.conv0_1.bias", "prompt_blocks.0.fovea.smooth", "landmarks.conv1.weight"},
			func(r *recipe.Recipe) { r.Model.Prompter = nil }},
		{[]string{"temporal_embedding", "prompt_blocks.1.TMA.norm.weight"}, func(r *recipe.Recipe) { r.Model.Temporal = &recipe.Temporal{} }},
		{[]string{"temporal_embedding", "prompt_norms.0.weight", "landmarks.conv1.weight"},
			func(r *recipe.Recipe) { r.Model.Prompter, r.Model.Temporal = &recipe.Prompter{LandmarkWidth: 3}, nil }},
	} {
		some, other := names(c.change)
		for _, name := range c.without {
			require.Contains(t, whole, name)
			require.NotContains(t, some, name)
		}
		require.NotEqual(t, answer, other)
		require.Subset(t, whole, some)
	}
}

// Frames in reverse give other answers with adapters, and the same without them.
func TestTimeMatters(t *testing.T) {
	for _, joins := range []bool{true, false} {
		r := tiny()
		if !joins {
			r.Model.Temporal = nil
		}
		m, _ := made(r)
		tape := ag.NewTape(cpu.New())
		b := batch(r, 2)
		forward := read(t, m.Logits(b.Pixels(tape), data.Video, engine.Key{}).Data())
		for i := range b.Views {
			v := &b.Views[i]
			var reversed []uint8
			for frame := v.T - 1; frame >= 0; frame-- {
				size := len(v.Bytes) / v.T
				reversed = append(reversed, v.Bytes[frame*size:(frame+1)*size]...)
			}
			v.Bytes = reversed
		}
		back := read(t, m.Logits(b.Pixels(tape), data.Video, engine.Key{}).Data())
		largest := 0.0
		for i := range back {
			largest = max(largest, math.Abs(float64(back[i]-forward[i])))
		}
		require.Equal(t, joins, largest > 1e-4, largest)
		tape.Close()
	}
}

// Dropout draws in training alone, from the place of a batch in its run.
func TestDropout(t *testing.T) {
	r := tiny()
	m, _ := made(r)
	loss := func(change func(b *system.Batch)) []float32 {
		tape := ag.NewTape(cpu.New())
		defer tape.Close()
		b := batch(r, 3)
		change(b)
		return read(t, m.Loss(tape, b).Data())
	}
	first := loss(func(*system.Batch) {})
	require.Equal(t, first, loss(func(*system.Batch) {}))
	require.NotEqual(t, first, loss(func(b *system.Batch) { b.Step = 1 }))
	m.Dropout = 0
	whole := loss(func(*system.Batch) {})
	require.Equal(t, whole, loss(func(b *system.Batch) { b.Step = 1 }))
	require.NotEqual(t, first, whole)
	tape := ag.NewTape(cpu.New())
	defer tape.Close()
	b := batch(r, 3)
	require.Equal(t, whole, read(t, ag.CrossEntropy(m.Logits(b.Pixels(tape), data.Video, engine.Key{}), b.Targets(tape)).Data()))
}

// Queues take the samples of a step after it, features as the head saw them, and the loss grows with its weight.
func TestDistillationInTraining(t *testing.T) {
	r := withDistillation()
	r.Train.Distillation.TakesFrom = 0.25
	m, _ := made(r)
	b := batch(r, 3)
	loss := func(epoch int) float64 {
		tape := ag.NewTape(cpu.New())
		defer tape.Close()
		b.Epoch, b.Seed = epoch, 8
		l := read(t, m.Loss(tape, b).Data())
		m.AfterStep(b)
		return float64(l[0])
	}
	m.Dropout = 0
	begun := read(t, m.anchors.Features)
	first := loss(0)
	require.Equal(t, begun, read(t, m.anchors.Features), "not before takes_from")
	m.anchors.TakesFrom = 0.75
	loss(2)
	require.Equal(t, begun, read(t, m.anchors.Features), "of all epochs")
	weight := m.anchors.Weights[1]
	m.anchors.Weights[1] = 0
	plain := loss(3)
	m.anchors.Weights[1] = weight
	require.Greater(t, first, plain)
	taken := read(t, m.anchors.Features)
	require.NotEqual(t, begun, taken)
	tape := ag.NewTape(cpu.New())
	defer tape.Close()
	feature := m.network.Feature(b.Pixels(tape))
	values, answers := read(t, feature.Data()), read(t, ag.Softmax(m.Head.Forward(feature)).Data())
	for i, class := range b.Labels {
		require.InDeltaSlice(t, values[24*i:24*(i+1)], taken[class*2*24:class*2*24+24], 1e-6)
		require.InDeltaSlice(t, answers[7*i:7*(i+1)], read(t, m.anchors.Probabilities)[class*2*7:class*2*7+7], 1e-6)
	}

	// A video that its own answer explains is pulled towards it less than towards random ones, and twice the weight is twice the loss.
	m.anchors.Weights[1] = 1
	one := loss(3) - plain
	m.anchors.Weights[1] = 2
	require.InEpsilon(t, 2*one, loss(3)-plain, 1e-4)
}

// Anchors have room for the batch of the modality that the model is for, and there are none where a recipe asks for none.
func TestRoomOfAnchors(t *testing.T) {
	r := withDistillation()
	r.Train.ImageBatch, r.Train.VideoBatch = 5, 3
	m, _ := made(r)
	require.Equal(t, []int{3, 24}, m.anchors.features.Shape())
	require.Len(t, m.anchors.labels, 3)
	images := r
	images.Model.Temporal, images.Model.ImageClasses, images.Model.VideoClasses = nil, 6, 0
	require.NoError(t, System.Check(images))
	m, _ = made(images)
	require.Equal(t, [][]int{{5, 24}, {5, 6}, {6, 2, 24}}, [][]int{m.anchors.features.Shape(), m.anchors.answers.Shape(), m.anchors.Features.Shape()})
	require.Len(t, m.anchors.labels, 5)
	r.Train.Distillation = &recipe.Distillation{Starts: []float64{0}, Weights: []float64{1}}
	m, s := made(r)
	require.Nil(t, m.anchors)
	require.Empty(t, s.States())
}

// MACs of a video are those of its frames, and the landmark network's: 9 patches of 48 values, 10 tokens of width 24, of which the
// last of two blocks computes one, with three heads. A gradient flows back to the first modules, and not into landmarks or pixels.
func TestMACs(t *testing.T) {
	m, s := made(tiny())
	_, err := nn.Freeze(s.Params(), Base)
	require.NoError(t, err)
	const linear, attention, embedding, view, head = (1 + 10) * (4 + 2*5) * 24 * 24, 2*10*10*24 + 2*3*10*24, 9 * 48 * 24, 9 * 6 * 24, 24 * 7
	modules := 3*9*24*2 + 9*(4*24*12+4*12*12+2*5*12)
	require.Equal(t, 5*(embedding+view+linear+attention+2*modules+m.faces.trunk.MACs(24))+head, m.MACs(data.Video))
	require.Equal(t, 5*(view+linear+2*attention+4*modules)+2*head, m.GradientMACs(data.Video))

	m, s = made(tiny()) // of which the places of frames learn alone: a gradient flows back to them through all but the first modules
	_, err = nn.Freeze(s.Params(), append([]string{"patch_embed_prompt.*", "prompt_*", "ln_post.*", "head.*"}, Base...))
	require.NoError(t, err)
	const overTime = 9 * 2 * 5 * 12 // of an adapter, each of whose two products has two gradients
	require.Equal(t, 5*(linear+2*attention+modules+overTime)+head, m.GradientMACs(data.Video))

	r := tiny()
	r.Model.Temporal, r.Model.ImageClasses, r.Model.VideoClasses = nil, 7, 0
	m, _ = made(r)
	products := linear + attention + 2*3*9*24*2
	require.Equal(t, embedding+view+products+m.faces.trunk.MACs(24)+head, m.MACs(data.Image))
	require.Equal(t, embedding+view+2*(products+head), m.GradientMACs(data.Image))
	r.Model.Prompter = nil
	m, _ = made(r)
	require.Equal(t, embedding+linear+attention+head, m.MACs(data.Image))
}

// A gradient flows back to any parameter that learns, though all others are frozen, through the head.
func TestGradientOfEachParameter(t *testing.T) {
	_, s := made(tiny())
	for i, learned := range s.Params() {
		if learned.Extractor {
			continue
		}
		m, s := made(tiny())
		for k, p := range s.Params() {
			if k != i {
				p.Freeze()
			}
		}
		least := 24 * 7                                                                                                  // of the head
		if slices.Contains([]string{"head.fc_cls.bias", "prompt_norms.1.weight", "prompt_norms.1.bias"}, learned.Name) { // of which the latter is not used
			least = 0
		}
		require.GreaterOrEqual(t, m.GradientMACs(data.Video), least, learned.Name)
	}
}

// What is not in a block of the image model learns at the full rate, prompts too; class token and positions as the patch embedding. Neither
// these nor places in time decay.
func TestGroup(t *testing.T) {
	r := tiny()
	r.Train.LayerDecay, r.Train.WeightDecay = 0.5, 0.05
	for name, want := range map[string][]float64{
		"cls_token": {0.125, 0}, "pos_embed": {0.125, 0}, "patch_embed.proj.weight": {0.125, 0.05}, "blocks.0.mlp.fc1.weight": {0.25, 0.05},
		"prompt_blocks.0.conv0_0.weight": {1, 0.05}, "patch_embed_prompt.proj.weight": {1, 0.05}, "temporal_embedding": {1, 0},
		"prompt_blocks.1.TMA.T_Adapter.D_fc1.weight": {1, 0.05}, "head.fc_cls.weight": {1, 0.05},
	} {
		scale, decay := System.Group(r, name, []int{2, 3})
		require.Equal(t, want, []float64{scale, decay}, name)
	}
}

func TestChecks(t *testing.T) {
	require.NoError(t, System.Check(withDistillation()))
	for want, change := range map[string]func(m *recipe.Model, d *recipe.Distillation, t *recipe.Train){
		"model.tubelet is 5: each frame is read by itself": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) { m.Tubelet = 5 },
		"system s2d has one head, so that one of them":     func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) { m.ImageClasses = 7 },
		"model.prompter.width is -1: it must lie between 0": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.Prompter = &recipe.Prompter{Width: -1, LandmarkWidth: 4}
		},
		"model.prompter.landmark_width is 0: it must lie between 1 and 1024": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.Prompter = &recipe.Prompter{Width: 4}
		},
		"model.temporal.width is 12 and heads 5: the width must be a multiple": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.Temporal = &recipe.Temporal{Width: 12, Heads: 5}
		},
		"model.temporal.width is 12 and heads 0": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.Temporal = &recipe.Temporal{Width: 12}
		},
		"model.temporal.width is -4 and heads 2": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.Temporal = &recipe.Temporal{Width: -4, Heads: 2}
		},
		"model.temporal joins the frames of videos, and the model is for images": func(m *recipe.Model, _ *recipe.Distillation, _ *recipe.Train) {
			m.ImageClasses, m.VideoClasses = 7, 0
		},
		"train.distillation.anchors is 4097: it must lie between 0 and 4096": func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.Anchors = 4097 },
		"train.distillation.nearest is 3: it must lie between 1 and 2":       func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.Nearest = 3 },
		"train.distillation.takes_from is 1.5: it must lie":                  func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.TakesFrom = 1.5 },
		"train.distillation.update_every is -1: it must lie":                 func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.UpdateEvery = -1 },
		"train.distillation has 1 starts and 2 weights":                      func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.Starts = d.Starts[:1] },
		"train.distillation has 0 starts and 0 weights": func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) {
			d.Starts, d.Weights = nil, nil
		},
		"a number of train.distillation.starts is 0.25: it must lie between 0.5 and 1": func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) {
			d.Starts = []float64{0.5, 0.25}
		},
		"a number of train.distillation.weights is NaN": func(_ *recipe.Model, d *recipe.Distillation, _ *recipe.Train) { d.Weights[1] = math.NaN() },
		"train.distillation needs samples of one class": func(_ *recipe.Model, _ *recipe.Distillation, t *recipe.Train) { t.Cutmix = 1 },
	} {
		r := withDistillation()
		change(&r.Model, r.Train.Distillation, &r.Train)
		require.ErrorContains(t, System.Check(r), want)
	}
	r := withDistillation()
	r.Train.Distillation.Anchors, r.Train.Mixup = 0, 0.8
	require.NoError(t, System.Check(r), "of no distillation")
}

// file is a weights file in memory.
type file map[string]tensor

type tensor struct {
	shape  []int
	values []float32
}

func (f file) Names() []string             { return slices.Sorted(maps.Keys(f)) }
func (f file) Metadata() map[string]string { return nil }

func (f file) Shape(name string) ([]int, bool) {
	t, ok := f[name]
	return t.shape, ok
}

func (f file) Read(name string, dst []float32) error {
	copy(dst, f[name].values)
	return nil
}

// fileOf holds the parameters of the model of a recipe under other names.
func fileOf(t *testing.T, r recipe.Recipe, seed uint64, rename func(string) string) file {
	r.Seed = seed
	_, s := made(r)
	f := file{}
	for _, p := range s.Params() {
		f[rename(p.Name)] = tensor{p.Shape(), read(t, p.Data())}
	}
	return f
}
