package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/mae"
	"mien/moae"
	"mien/nn"
	"mien/s4d"
	"mien/train"
	"mien/vit"
	"mien/weights"
)

// Golden files hold what PyTorch makes of tiny models; testdata/golden/README.md says how they are made.
const goldenDir = "../testdata/golden/"

// golden is an open golden file.
type golden struct {
	t *testing.T
	*weights.File
}

func openGolden(t *testing.T, name string) golden {
	t.Helper()
	f, err := weights.Open(goldenDir + name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return golden{t, f}
}

// values reads a tensor.
func (g golden) values(name string) ([]float32, []int) {
	g.t.Helper()
	shape, ok := g.Shape(name)
	require.True(g.t, ok, "no tensor %s", name)
	v := make([]float32, engine.Elements(shape))
	require.NoError(g.t, g.Read(name, v))
	return v, shape
}

// check compares a tensor with PyTorch's, relative to its largest value, and shows the first pairs if they differ.
func (g golden) check(name string, got *engine.Tensor, tolerance float64) {
	g.t.Helper()
	want, shape := g.values(name)
	require.NotNil(g.t, got, "%s was not computed", name)
	have, err := engine.Read[float32](got)
	require.NoError(g.t, err)
	require.Len(g.t, have, len(want), "%s %v", name, shape)
	largest, worst, at := 1e-6, 0.0, 0
	for i, w := range want {
		largest = max(largest, math.Abs(float64(w)))
		if d := math.Abs(float64(w - have[i])); d > worst || d != d {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance*largest) {
		n := min(6, len(want))
		g.t.Errorf("%s %v: off by %.3g at %d, largest value %.3g; PyTorch %v…, mien %v…", name, shape, worst, at, largest, want[:n], have[:n])
	}
}

// tensor uploads a golden tensor.
func (g golden) tensor(b engine.Backend, name string, shape ...int) *engine.Tensor {
	v, own := g.values(name)
	if shape == nil {
		shape = own
	}
	return engine.FromSlice(b, engine.Float32, v, shape...)
}

// eachKernels runs a test on every set of kernels that this machine has.
func eachKernels(t *testing.T, test func(t *testing.T)) {
	for _, k := range asm.Implementations() {
		t.Run(k.Name, func(t *testing.T) {
			restore, err := asm.Use(k.Name)
			require.NoError(t, err)
			defer restore()
			test(t)
		})
	}
}

var tinyEncoder = vit.Config{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 3, Heads: 1, MLPRatio: 4}

func goldenS4D(t *testing.T, b engine.Backend) (*s4d.Model, []nn.Param) {
	load := s4d.FromFineTuned(openGolden(t, "s4d_tiny.safetensors").File)
	scope := nn.NewScope(b, engine.Float32, load)
	m := s4d.New(scope, s4d.Config{Encoder: tinyEncoder, MoAE: moae.Config{Experts: 4, TopK: 2}, MoAEBlocks: []int{1, 2}, ImageClasses: 7, VideoClasses: 5})
	require.NoError(t, scope.Err())
	_, err := load.Finish()
	require.NoError(t, err)
	return m, scope.Params()
}

var pixelShapes = map[data.Modality][]int{data.Image: {2, 3, 1, 16, 16}, data.Video: {2, 3, 4, 16, 16}}

// goldenTolerance is relative to the largest value of a tensor: a few roundings of float32 through three blocks. Gradients pass
// through everything twice.
const (
	goldenTolerance     = 5e-6
	goldenGradTolerance = 2e-5
	goldenLossTolerance = 1e-5 // after ten steps of AdamW, which divides by small numbers
)

func TestGoldenS4D(t *testing.T) {
	eachKernels(t, func(t *testing.T) {
		for _, k := range []data.Modality{data.Image, data.Video} {
			b := engine.NewCPU()
			m, params := goldenS4D(t, b)
			g := openGolden(t, fmt.Sprintf("s4d_%s.safetensors", k))
			tape := ag.NewTape(b)
			pixels := tape.Const(g.tensor(b, "input", pixelShapes[k]...))

			x := m.Embed.Forward(m.Encoder.Patchify(pixels)) // by hand, to see between the blocks
			g.check("patch_embed", x.Data(), goldenTolerance)
			x = ag.Add(x, vit.Position(tape, engine.Float32, x.Dim(1), m.Encoder.Dim))
			for i, block := range m.Blocks {
				x, _ = block.Feed(block.Attend(x), moae.Pass{})
				g.check(fmt.Sprintf("blocks.%d", i), x.Data(), goldenTolerance)
			}

			out := m.Forward(pixels, k, moae.Pass{})
			for i, r := range out.Routing {
				g.checkGates(fmt.Sprintf("gates.%d", m.MoAEBlocks[i]), r)
			}
			g.check("feature", out.Feature.Data(), goldenTolerance)
			g.check("logits", out.Logits.Data(), goldenTolerance)
			loss := s4d.Loss(out, tape.Const(g.tensor(b, "targets")))
			g.check("loss", loss.Data(), goldenTolerance)
			tape.Backward(loss)
			g.checkGradients(params)
			tape.Close()
		}
	})
}

// checkGates compares the weights of the chosen experts with PyTorch's dense matrix of gates.
func (g golden) checkGates(name string, r moae.Output) {
	g.t.Helper()
	want, shape := g.values(name)
	experts := shape[len(shape)-1]
	choice, err := engine.Read[int32](r.Choice.Data())
	require.NoError(g.t, err)
	gates, err := engine.Read[float32](r.Gates.Data())
	require.NoError(g.t, err)
	dense := make([]float32, len(want))
	for i, c := range choice {
		dense[c] = gates[i]
	}
	require.Equal(g.t, len(want)/experts*2, len(choice))
	for i := range want {
		require.InDelta(g.t, want[i], dense[i], 1e-5, "%s: token %d, expert %d", name, i/experts, i%experts)
	}
}

// checkGradients compares every gradient, and that there are no others.
func (g golden) checkGradients(params []nn.Param) {
	g.t.Helper()
	for _, p := range params {
		name := "grad." + p.Name
		if _, ok := g.Shape(name); ok {
			g.check(name, p.Grad(), goldenGradTolerance)
		} else if p.Grad() != nil && !strings.Contains(p.Name, "noise_linear") {
			g.t.Errorf("PyTorch has no gradient of %s", p.Name)
		}
		p.ZeroGrad()
	}
}

// steps runs ten optimizer steps and compares each loss.
func (g golden) steps(b engine.Backend, params []nn.Param, beta2 float64, decay func(name string, shape []int) float64, loss func(step int, t *ag.Tape) *ag.Value) {
	g.t.Helper()
	optimizer := train.NewAdamW(b, params, train.AdamWConfig{Beta1: 0.9, Beta2: beta2, Eps: 1e-8,
		Group: func(name string, shape []int) (float64, float64) { return 1, decay(name, shape) }})
	want, _ := g.values("losses")
	for i, w := range want {
		tape := ag.NewTape(b)
		l := loss(i, tape)
		got, err := engine.Read[float64](l.Data())
		require.NoError(g.t, err)
		require.InEpsilon(g.t, float64(w), got[0], goldenLossTolerance, "loss of step %d", i)
		tape.Backward(l)
		_, err = optimizer.Update(1e-3, 0)
		require.NoError(g.t, err)
		tape.Close()
	}
	for _, p := range params {
		if _, ok := g.Shape("final." + p.Name); ok {
			g.check("final."+p.Name, p.Data(), 1e-4) // a gradient near 0 still moves a parameter by up to the learning rate
		}
	}
}

func vectorsDoNotDecay(_ string, shape []int) float64 {
	if len(shape) > 1 {
		return 0.05
	}
	return 0
}

func TestGoldenS4DSteps(t *testing.T) {
	eachKernels(t, func(t *testing.T) {
		files := map[data.Modality]golden{}
		for _, k := range []data.Modality{data.Image, data.Video} {
			files[k] = openGolden(t, fmt.Sprintf("s4d_%s.safetensors", k))
		}
		step := func(m *s4d.Model, b engine.Backend, k data.Modality, tape *ag.Tape) *ag.Value {
			out := m.Forward(tape.Const(files[k].tensor(b, "input", pixelShapes[k]...)), k, moae.Pass{})
			return s4d.Loss(out, tape.Const(files[k].tensor(b, "targets")))
		}
		for k, g := range files {
			b := engine.NewCPU()
			m, params := goldenS4D(t, b)
			g.steps(b, params, 0.999, vectorsDoNotDecay, func(_ int, tape *ag.Tape) *ag.Value { return step(m, b, k, tape) })
		}
		b := engine.NewCPU()
		m, params := goldenS4D(t, b)
		joint := openGolden(t, "s4d_joint.safetensors")
		var order []int
		require.NoError(t, json.Unmarshal([]byte(joint.Metadata()["order"]), &order))
		joint.steps(b, params, 0.999, vectorsDoNotDecay, func(i int, tape *ag.Tape) *ag.Value {
			return step(m, b, []data.Modality{data.Image, data.Video}[order[i]], tape)
		})
	})
}

func goldenMAE(t *testing.T, b engine.Backend) (*mae.Model, []nn.Param) {
	load := &nn.Load{File: openGolden(t, "mae_tiny.safetensors").File}
	scope := nn.NewScope(b, engine.Float32, load)
	encoder := tinyEncoder
	encoder.Depth = 2
	m := mae.New(scope, mae.Config{Encoder: encoder, DecoderDim: 64, DecoderDepth: 1, DecoderHeads: 1})
	require.NoError(t, scope.Err())
	_, err := load.Finish()
	require.NoError(t, err)
	return m, scope.Params()
}

func TestGoldenMAE(t *testing.T) {
	eachKernels(t, func(t *testing.T) {
		for _, k := range []data.Modality{data.Image, data.Video} {
			b := engine.NewCPU()
			m, params := goldenMAE(t, b)
			g := openGolden(t, fmt.Sprintf("mae_%s.safetensors", k))
			hidden, shape := g.values("mask")
			mask, err := mae.NewMask(shape[0], shape[1], hidden)
			require.NoError(t, err)
			forward := func(tape *ag.Tape) mae.Output {
				return m.Forward(tape.Const(g.tensor(b, "input", pixelShapes[k]...)), mask)
			}

			tape := ag.NewTape(b)
			out := forward(tape)
			g.check("target", out.Target.Data(), goldenTolerance)
			g.check("pred", out.Pred.Data(), goldenTolerance)
			g.check("loss", out.Loss.Data(), goldenTolerance)
			tape.Backward(out.Loss)
			g.checkGradients(params)
			tape.Close()

			decay := func(name string, _ []int) float64 { return pretrainDecay(name, 0.05) }
			g.steps(b, params, 0.95, decay, func(_ int, tape *ag.Tape) *ag.Value { return forward(tape).Loss })
		}
	})
}

// A checkpoint as the released code saves it gives PyTorch's probabilities, from picture files to softmax.
func TestReleasedCheckpoint(t *testing.T) {
	var want map[data.Modality][]float64
	text, err := os.ReadFile(goldenDir + "released_expected.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &want))
	eachKernels(t, func(t *testing.T) {
		m, err := OpenModel(goldenDir+"released_form.pth", nil)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, m.Net.MoAEBlocks)
		for path, modality := range map[string]data.Modality{"face.png": data.Image, "clip": data.Video} {
			clip, kind, err := data.Open(filepath.Join(goldenDir, path), data.OpenOptions{})
			require.NoError(t, err)
			require.Equal(t, modality, kind)
			p, err := m.Predict(t.Context(), path, clip, kind)
			require.NoError(t, err)
			require.InDeltaSlice(t, want[modality], p.Probabilities, 2e-5)
		}
	})
}

// The encoder of a published pre-training file loads unchanged; what stays unused and what is missing is as published.
func TestReleasedPretraining(t *testing.T) {
	f := openGolden(t, "released_pretrain.pt").File
	require.True(t, s4d.IsPretraining(f))
	load := s4d.FromPretraining(f, nn.Random{})
	scope := nn.NewScope(engine.NewCPU(), engine.Float32, load)
	c, err := s4d.Published("tiny")
	require.NoError(t, err)
	c.Encoder = vit.Config{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 64, Depth: 3, Heads: 1, MLPRatio: 4}
	c.MoAEBlocks = []int{2}
	s4d.New(scope, c)
	require.NoError(t, scope.Err())
	r, err := load.Finish()
	require.NoError(t, err)
	require.Contains(t, r.Missing, "fc_norm.weight")
	require.Contains(t, r.Missing, "head.video.bias")
	require.Contains(t, r.Missing, "blocks.2.moe_layer.experts.7.fc2.bias")
	require.Contains(t, r.Unused, "mask_token")
	require.Contains(t, r.Unused, "encoder.norm.weight")
	require.Contains(t, r.Unused, "decoder.head.weight")
	require.False(t, slices.ContainsFunc(r.Missing, func(n string) bool { return strings.Contains(n, "attn") }))
	require.Len(t, r.Loaded, 2+3*13, "embedding and three blocks of thirteen tensors")
}
