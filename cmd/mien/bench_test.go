package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/s4d"
	"mien/system"
	"mien/systems"
	"mien/vit"
)

// macs counts the multiply-adds of a published model on a sample of a modality, in units of 10⁹.
func macs(t *testing.T, name string, m data.Modality) float64 {
	t.Helper()
	r, ok := systems.Preset(name)
	require.True(t, ok)
	s, err := systems.Of(r)
	require.NoError(t, err)
	var net system.Model
	_, err = nn.Outline(math.MaxInt, func(scope *nn.Scope) { net = s.Build(scope, r) })
	require.NoError(t, err)
	return float64(net.MACs(m)) / 1e9
}

// Multiply-adds of the published models: the counts of the literature for the plain transformer.
func TestMACs(t *testing.T) {
	require.InDelta(t, 80.69, macs(t, "vit-base", data.Video), 0.005)
	require.InDelta(t, 8.796, macs(t, "vit-base", data.Image), 0.0005)
	require.InDelta(t, 83.55, macs(t, "s4d-base", data.Video), 0.005)
	require.InDelta(t, 11.5625, macs(t, "mae-base", data.Video), 0.0005) // 760 of them hidden
}

// A model small enough to count by hand.
func TestMACsByHand(t *testing.T) {
	require.Equal(t, 3*(3+1+2*2)*4*4+2*3*3*4, vit.BlockMACs(3, 4, 2))
	e := vit.Config{ImageSize: 2, Frames: 1, PatchSize: 1, Tubelet: 1, Dim: 4, Depth: 2, Heads: 1, MLPRatio: 2}
	c := s4d.Config{Encoder: e, MoAE: moae.Config{Experts: 3, TopK: 2}, MoAEBlocks: []int{1}}
	require.Equal(t, 3*3*4+2*vit.BlockMACs(3, 4, 2)+3*(4*3+2*2*4*1)+4*5, c.MACs(3, 5))
}

// A step on one modality does not use the head of the other.
func TestUsedParams(t *testing.T) {
	heads := map[data.Modality]string{data.Image: "head.image.", data.Video: "head.video."}
	all := []nn.Param{{Name: "head.image.bias"}, {Name: "blocks.0.norm1.weight"}, {Name: "head.video.weight"}}
	require.Equal(t, all[:2], usedParams(all, heads, data.Image))
	require.Equal(t, all[1:], usedParams(all, heads, data.Video))
	require.Equal(t, all, usedParams(all, nil, data.Video))
}

// The matrices of bench gemm are multiplied as the flags say: stored in either order, several at once, packed, rounded. Their
// elements are small integers, so that every product is exact.
func TestGemmWork(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for _, c := range []benchGemmCmd{
		{M: 2, N: 5, K: 11, Batch: 1},
		{M: 3, N: 5, K: 11, Batch: 4},
		{M: 3, N: 5, K: 11, Batch: 4, TransB: true},
		{M: 3, N: 5, K: 11, Batch: 1, Packed: true},
		{M: 3, N: 5, K: 11, Batch: 1, Packed: true, Precision: engine.BF16},
	} {
		work := c.work(b)
		require.Equal(t, c.Packed, work.Packed != nil)
		b.Gemm(work)
		got, err := engine.Read[float64](work.C)
		require.NoError(t, err)
		var want []float64
		element := func(i int) float64 { return float64(i%7 - 3) }
		for n := range c.Batch {
			for i := range c.M {
				for j := range c.N {
					sum := 0.0
					for k := range c.K {
						y := n*c.K*c.N + k*c.N + j
						if c.TransB || c.Packed {
							y = n*c.K*c.N + j*c.K + k
						}
						sum += element(n*c.M*c.K+i*c.K+k) * element(y)
					}
					want = append(want, sum)
				}
			}
		}
		require.Equal(t, want, got, "%+v", c)
	}
}

// The speed of bench gemm is that of all its multiply-adds, each two operations, and the table has the numbers of the JSON.
func TestSpeedOfGemm(t *testing.T) {
	code, stdout, stderr := mien("bench", "gemm", "--m", "40", "--n", "50", "--k", "60", "--batch", "3", "--repeat", "1", "--json")
	require.Zero(t, code, stderr)
	var r struct {
		MS, GFLOPS float64
		Peak       float64 `json:"peak_gflops"`
		Fraction   float64 `json:"peak_fraction"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.InEpsilon(t, 2*3*40*50*60/1e6, r.GFLOPS*r.MS, 1e-9)
	require.InEpsilon(t, r.GFLOPS/r.Peak, r.Fraction, 1e-9)
	code, stdout, stderr = mien("bench", "gemm", "--m", "200", "--n", "300", "--k", "400", "--repeat", "1")
	require.Zero(t, code, stderr)
	var m, n, k, threads int
	var kernels string
	var ms, speed, peak, share float64
	_, err := fmt.Sscan(strings.SplitAfter(stdout, "\n")[1], &m, &n, &k, &threads, &kernels, &ms, &speed, &peak, &share)
	require.NoError(t, err)
	require.Equal(t, [3]int{200, 300, 400}, [3]int{m, n, k})
	const rounding = 0.051
	require.InDelta(t, 48/speed, ms, rounding/10+48*rounding/(speed*speed), "48 million operations")
	require.InDelta(t, 100*speed/peak, share, rounding+100*rounding*(peak+speed)/(peak*peak))
}

// The models of the benchmarks, by what they are trained for.
func TestPresets(t *testing.T) {
	require.Equal(t, []string{"s4d-tiny", "s4d-small", "s4d-base", "s4d-large", "vitmtl-tiny", "vitmtl-small", "vitmtl-base", "vitmtl-large",
		"vitmoe-tiny", "vitmoe-small", "vitmoe-base", "vitmoe-large", "vit-tiny", "vit-small", "vit-base", "vit-large",
		"feadapter-tiny", "feadapter-small", "feadapter-base", "feadapter-large",
		"stadapter-tiny", "stadapter-small", "stadapter-base", "stadapter-large", "s2d-tiny", "s2d-small", "s2d-base", "s2d-large"}, presets(recipe.Finetune))
	require.Equal(t, []string{"mae-tiny", "mae-small", "mae-base", "mae-large"}, presets(recipe.Pretrain))
}

// The number of tokens makes a batch of images or of videos, which may be longer or shorter than the model's, and a model with one
// head has that of their modality.
func TestShape(t *testing.T) {
	for _, c := range []struct {
		model          string
		tokens         int
		want           int
		modality       data.Modality
		frames         int
		images, videos int // classes
	}{
		{"vit-small", 0, 800, data.Video, 16, 0, 7},
		{"vit-small", 100, 100, data.Image, 1, 7, 0},
		{"vit-small", 300, 300, data.Video, 6, 0, 7},
		{"s4d-small", 200, 200, data.Video, 4, 7, 7},
		{"s4d-small", 100, 100, data.Image, 1, 7, 7},
	} {
		r, ok := systems.Preset(c.model)
		require.True(t, ok)
		in := benchInput{Batch: 9, Tokens: c.tokens, Repeat: 1}
		require.NoError(t, in.shape(&r))
		require.Equal(t, c.want, in.Tokens)
		require.Equal(t, []int{c.images, c.videos}, []int{r.Model.ImageClasses, r.Model.VideoClasses}, c.model)
		b := in.pixels(r)
		require.Equal(t, c.modality, b.Modality)
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 0, 1}, b.Labels)
		require.Len(t, b.Views, 9)
		for _, v := range b.Views {
			require.Equal(t, []int{c.frames, 160, 160, c.frames * 160 * 160 * 3}, []int{v.T, v.H, v.W, len(v.Bytes)})
		}
		require.NotEqual(t, b.Views[0].Bytes, b.Views[8].Bytes)
		require.Equal(t, b, in.pixels(r), "the same every time")
	}
	for _, in := range []benchInput{{Batch: 0, Repeat: 1}, {Batch: 1, Repeat: 0}, {Batch: 1, Repeat: 1, Tokens: -100}} {
		r, _ := systems.Preset("vit-small")
		require.EqualError(t, in.shape(&r), "--batch and --repeat must be at least 1, --tokens at least 0")
	}
	for _, tokens := range []int{50, 150, 101} {
		r, _ := systems.Preset("vit-small")
		err := (&benchInput{Batch: 1, Repeat: 1, Tokens: tokens}).shape(&r)
		require.EqualError(t, err, fmt.Sprintf("--tokens %d: %s takes multiples of 100, the patches of an image", tokens, r.Name))
	}
}

// heard is a model that records the tapes and batches of its training steps.
type heard struct {
	system.Model
	recompute []bool
	precision []engine.Precision
	steps     []int
}

func (h *heard) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	h.recompute, h.precision, h.steps = append(h.recompute, t.Recompute), append(h.precision, t.Precision), append(h.steps, b.Step)
	return h.Model.Loss(t, b)
}

// Training steps are taken as the flags say, each on another batch, and change the parameters.
func TestBenchTrains(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for kind, name := range map[string]string{recipe.Finetune: "vit-tiny", recipe.Pretrain: "mae-tiny"} {
		m := benchModel{trainInput: trainInput{Recompute: true, Precision: engine.BF16, benchInput: benchInput{Batch: 2, Tokens: 25, Repeat: 1}},
			kind: kind, training: true}
		require.NoError(t, m.build(b, name, func(r *recipe.Recipe) error { r.Train.ImageMask, r.Train.VideoMask = 0.8, 0.5; return nil }))
		spy := &heard{Model: m.net}
		m.net = spy
		read := func() []float64 {
			values, err := engine.Read[float64](m.params[0].Data())
			require.NoError(t, err)
			return values
		}
		before, step := read(), m.train(&console{ctx: t.Context(), backend: b})
		require.NoError(t, step())
		require.NoError(t, step())
		require.NotEqual(t, before, read())
		require.Equal(t, []int{1, 2}, spy.steps)
		require.Equal(t, []bool{true, true}, spy.recompute)
		require.Equal(t, []engine.Precision{engine.BF16, engine.BF16}, spy.precision)
	}
	m := benchModel{kind: recipe.Pretrain}
	for tokens, other := range map[int]string{25: "head.video.", 50: "head.image."} {
		m := benchModel{trainInput: trainInput{benchInput: benchInput{Batch: 1, Tokens: tokens, Repeat: 1}}, kind: recipe.Finetune}
		require.NoError(t, m.build(b, "s4d-tiny", func(*recipe.Recipe) error { return nil }))
		require.Equal(t, data.ByModality(m.batch.Modality, 25, 50), tokens)
		r, ok := systems.Preset("s4d-tiny")
		require.True(t, ok)
		s, err := systems.Of(r)
		require.NoError(t, err)
		all, err := nn.Outline(math.MaxInt, func(scope *nn.Scope) { s.Build(scope, r) })
		require.NoError(t, err)
		used := slices.DeleteFunc(all, func(p nn.Param) bool { return strings.HasPrefix(p.Name, other) })
		require.Equal(t, nn.Count(used), nn.Count(m.params), "without the head of the other modality")
	}
	require.EqualError(t, m.build(b, "vit-tiny", nil), "--model vit-tiny: choose one of mae-tiny, mae-small, mae-base, mae-large")
}

// The work of a step is that of all its samples, twice the multiply-adds that are counted of one: of a training step, only what it learns goes
// backward twice.
func TestWorkOfASample(t *testing.T) {
	for command, kind := range map[string]string{"forward": recipe.Finetune, "train": recipe.Finetune, "pretrain": recipe.Pretrain} {
		name := map[string]string{"forward": "s4d-tiny", "train": "feadapter-tiny", "pretrain": "mae-tiny"}[command]
		r, ok := systems.Preset(name)
		require.True(t, ok)
		require.Equal(t, kind, r.Kind)
		r.Train.ImageMask = 0.95 // as of videos, unless --mask says otherwise
		tokens := imageTokens(r)
		s, err := systems.Of(r)
		require.NoError(t, err)
		var net system.Model
		params, err := nn.Outline(math.MaxInt, func(scope *nn.Scope) { net = s.Build(scope, r) })
		require.NoError(t, err)
		_, err = nn.Freeze(params, s.FrozenBy(r))
		require.NoError(t, err)
		want := float64(net.MACs(data.Image))
		if command != "forward" {
			want = float64(system.StepMACs(net, data.Image))
			require.Equal(t, command == "train", want < 3*float64(net.MACs(data.Image)))
		}
		code, stdout, stderr := mien("bench", command, "--model", name, "--tokens", fmt.Sprint(tokens), "--batch", "2", "--repeat", "1", "--json")
		require.Zero(t, code, stderr)
		var got struct{ GFLOP float64 }
		require.NoError(t, json.Unmarshal([]byte(stdout), &got))
		require.InEpsilon(t, 2*2*want/1e9, got.GFLOP, 1e-9, command)
	}
}

// The table of a step has each number under its name, in its unit.
func TestPrintedStep(t *testing.T) {
	r := stepReport{benchInput: benchInput{Batch: 3, Tokens: 25, Repeat: 4}, machine: machine{5, engine.BF16, "reference"}, Parameters: 7, GFLOP: 8,
		timing: timing{9.25, 6.5, speed{10.5, 42, 0.25}, 11, 8.5, 12 << 9}}
	require.Equal(t, [][]string{{"batch × tokens", "3 × 25"}, {"parameters", "7"}, {"threads, kernels", "5, reference bf16"},
		{"time of a step", "9.2 ms, fastest 6.5 ms"}, {"speed", "10.5 GFLOP/s, 25.0 % of the peak of 42.0"}, {"peak memory", "11 MiB, tensors 8 MiB"},
		{"allocated a step", "6.0 KiB of the Go heap"}}, r.rows())
	r.Tuned = 5
	require.Equal(t, []string{"parameters", "7, 5 of them tuned"}, r.rows()[1])
	r.Tuned = 7
	require.Equal(t, []string{"parameters", "7"}, r.rows()[1])
	r.PeakGFLOPS = 0
	require.Equal(t, []string{"speed", "10.5 GFLOP/s"}, r.rows()[4], "the peak of another device is unknown")
}
