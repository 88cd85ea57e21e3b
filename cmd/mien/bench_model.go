package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
	"mien/train"
)

// bench forward, train and pretrain: steps of whole models of published sizes, on random weights and pixels.

type benchForwardCmd struct {
	Model     string           `help:"vit-SIZE is a plain vision transformer, s4d-SIZE and vitmoe-SIZE have experts, feadapter-SIZE and stadapter-SIZE adapters: tiny, small, base, large." default:"vit-base" placeholder:"NAME"`
	Precision engine.Precision `help:"Number format of weights and products: f32, bf16 or int8." default:"f32"`
	benchInput
}

type benchTrainCmd struct {
	Model    string `help:"vit-SIZE is a plain vision transformer, s4d-SIZE and vitmoe-SIZE have experts, feadapter-SIZE, stadapter-SIZE and s2d-SIZE adapters: tiny, small, base, large." default:"vit-base" placeholder:"NAME"`
	Adapters string `help:"Blocks with adapters, where the model has them: all, early, later, \"last 1/3\", …" placeholder:"BLOCKS"`
	Full     bool   `help:"Learn what the model's recipe freezes, too."`
	trainInput
}

type benchPretrainCmd struct {
	Model string  `help:"Encoder and decoder of the published sizes: mae-tiny, mae-small, mae-base, mae-large." default:"mae-base" placeholder:"NAME"`
	Mask  float64 `help:"Share of the patches that the encoder does not see." default:"0.95"`
	trainInput
}

// trainInput has the flags of both training benchmarks.
type trainInput struct {
	Recompute bool             `help:"Compute blocks twice instead of keeping what they computed."`
	Precision engine.Precision `help:"Number format of products: f32 or bf16." default:"f32"`
	benchInput
}

// benchInput has the flags of all three, which shape a batch of random pixels.
type benchInput struct {
	Batch   int  `json:"batch" help:"Samples a step." default:"1"`
	Tokens  int  `json:"tokens" help:"Patches of a sample: those of an image, or a multiple for a video; 0 is a whole video." default:"0"`
	Repeat  int  `json:"-" help:"Steps, or runs of 20 ms of shorter ones, of which the median counts." default:"5"`
	Profile bool `json:"-" help:"Print the time of each kernel, on the CPU of each method of its backend."`
	JSON    bool `json:"-" help:"Print JSON."`
}

// Run measures classification.
func (c *benchForwardCmd) Run(out *console) error {
	m := benchModel{trainInput: trainInput{Precision: c.Precision, benchInput: c.benchInput}, kind: recipe.Finetune}
	return m.run(out, c.Model, func(*recipe.Recipe) error { return nil })
}

// Run measures forward, backward and AdamW with the published numbers of fine-tuning: including label smoothing and router
// noise; layer decay costs nothing and is omitted.
func (c *benchTrainCmd) Run(out *console) error {
	m := benchModel{trainInput: c.trainInput, kind: recipe.Finetune, training: true}
	return m.run(out, c.Model, func(r *recipe.Recipe) error {
		r.Train.LabelSmoothing, r.Train.RouterNoise = 0.1, true
		if c.Full {
			r.Train.Freeze = nil
		}
		return c.place(r)
	})
}

// place moves the adapters of the model to other blocks.
func (c *benchTrainCmd) place(r *recipe.Recipe) error {
	switch a := r.Model.Adapter; {
	case c.Adapters == "":
		return nil
	case a == nil:
		return usagef("--adapters %q: %s has none; leave it out", c.Adapters, c.Model)
	default:
		a.Blocks = c.Adapters
		return nil
	}
}

// Run measures forward, backward and AdamW; each step hides other patches.
func (c *benchPretrainCmd) Run(out *console) error {
	m := benchModel{trainInput: c.trainInput, kind: recipe.Pretrain, training: true}
	return m.run(out, c.Model, func(r *recipe.Recipe) error {
		r.Train.ImageMask, r.Train.VideoMask = c.Mask, c.Mask
		return nil
	})
}

// benchModel is a benchmark of a model for runs of a kind.
type benchModel struct {
	trainInput
	kind     string
	training bool // or only the forward pass

	net    system.Model
	params []nn.Param // used by a step: without the head of the other modality
	batch  *system.Batch
}

// stepReport is the output of the benchmarks of whole models.
type stepReport struct {
	Format string `json:"format"`
	Model  string `json:"model"`
	benchInput
	machine
	Parameters int     `json:"parameters"` // used by the step
	Tuned      int     `json:"tuned"`      // of them, learned by it
	GFLOP      float64 `json:"gflop"`      // of one step, counted by formula
	timing
	Profile []profileRow `json:"profile,omitempty"`
}

// run measures steps of the model of that name, whose recipe it first changes, and prints the report.
func (m *benchModel) run(out *console, name string, change func(*recipe.Recipe) error) error {
	if err := out.backend.Supports(m.Precision, m.training); err != nil {
		return err
	}
	err := m.build(out.backend, name, change)
	if err != nil {
		return err
	}
	r := stepReport{Format: stepFormat, Model: name, benchInput: m.benchInput, Parameters: nn.Count(m.params)}
	step, macs := m.forward(out), m.net.MACs(m.batch.Modality)
	if m.training {
		step, macs = m.train(out), system.StepMACs(m.net, m.batch.Modality)
		r.Tuned = nn.CountTuned(m.params)
	}
	r.GFLOP = 2 * float64(m.Batch) * float64(macs) / 1e9
	if r.machine, r.timing, err = measure(out.ctx, out.backend, m.Precision, m.Repeat, r.GFLOP, step); err != nil {
		return err
	}
	if m.Profile {
		if r.Profile, err = profiled(out.backend, step); err != nil {
			return err
		}
	}
	err = out.print(m.JSON, r, []string{r.Model, ""}, r.rows()...)
	if m.Profile && !m.JSON {
		printProfile(out, r.Profile)
	}
	return err
}

// rows are the table of the report.
func (r stepReport) rows() [][]string {
	return [][]string{
		cells("batch × tokens\t%d × %d", r.Batch, r.Tokens),
		cells("parameters\t%s", r.parameters()),
		cells("threads, kernels\t%d, %s %s", r.Threads, r.Kernels, r.Precision),
		cells("time of a step\t%.1f ms, fastest %.1f ms", r.Milliseconds, r.Fastest),
		cells("speed\t%.1f GFLOP/s%s", r.GFLOPS, r.share()),
		cells("peak memory\t%.0f MiB, tensors %.0f MiB", r.PeakRSS, r.PeakDevice),
		cells("allocated a step\t%.1f KiB of the Go heap", float64(r.Allocated)/1024),
	}
}

// parameters says how many there are, and how many of them are learned.
func (r stepReport) parameters() string {
	if r.Tuned == 0 || r.Tuned == r.Parameters {
		return fmt.Sprint(r.Parameters)
	}
	return fmt.Sprintf("%d, %d of them tuned", r.Parameters, r.Tuned)
}

// build makes the model and a batch of random pixels for it.
func (m *benchModel) build(b engine.Backend, name string, change func(*recipe.Recipe) error) error {
	r, ok := systems.Preset(name)
	if !ok || r.Kind != m.kind {
		return usagef("--model %s: choose one of %s", name, strings.Join(presets(m.kind), ", "))
	}
	if err := m.shape(&r); err != nil {
		return err
	}
	if err := change(&r); err != nil {
		return err
	}
	s, err := systems.Of(r)
	if err != nil {
		return err
	}
	scope := nn.NewInferenceScope(b, nn.Random{Seed: benchSeed}, m.Precision)
	if m.training {
		scope = nn.NewScope(b, engine.Float32, nn.Random{Seed: benchSeed})
	}
	m.batch, m.net = m.pixels(r), s.Build(scope, r)
	m.params = usedParams(scope.Params(), s.Heads(r), m.batch.Modality)
	if m.training {
		_, err = nn.Freeze(m.params, s.FrozenBy(r))
	}
	return cmp.Or(scope.Err(), err)
}

// forward returns a function that classifies the batch, as predict does.
func (m *benchModel) forward(out *console) func() error {
	return func() error {
		t := ag.NewInferenceTape(out.backend, m.Precision)
		defer t.Close()
		logits := m.net.(system.Classifier).Logits(m.batch.Pixels(t), m.batch.Modality, engine.Key{})
		_, err := engine.Read[float64](logits.Data())
		return err
	}
}

// train returns a function that runs the training loop for one step, a later one on each call.
func (m *benchModel) train(out *console) func() error {
	group := func(_ string, shape []int) (lrScale, decay float64) { return 1, 0.05 * float64(min(len(shape)-1, 1)) }
	loop := train.Loop[*system.Batch]{
		Backend: out.backend, Epochs: 1, Steps: 1, Recompute: m.Recompute, Precision: m.Precision,
		Optimizer: train.NewAdamW(out.backend, m.params, 0.999, group),
		Schedule:  func(int) float64 { return 1e-5 },
		Batches: func(context.Context, int) iter.Seq2[*system.Batch, error] {
			return func(yield func(*system.Batch, error) bool) {
				m.batch.Step++
				yield(m.batch, nil)
			}
		},
		Loss:    m.net.Loss,
		OnStep:  func(train.Step, *system.Batch) error { return nil },
		OnEpoch: func(context.Context, int) error { return nil },
	}
	return func() error { return loop.Run(out.ctx, 0) }
}

// shape checks the flags against the model's geometry, and sets the tokens of a sample. A model with one head gets the head of
// the sample's modality.
func (in *benchInput) shape(r *recipe.Recipe) error {
	if in.Batch < 1 || in.Repeat < 1 || in.Tokens < 0 {
		return usagef("--batch and --repeat must be at least 1, --tokens at least 0")
	}
	image := imageTokens(*r)
	in.Tokens = cmp.Or(in.Tokens, image*r.Model.Frames/r.Model.Tubelet)
	if in.Tokens%image != 0 {
		return usagef("--tokens %d: %s takes multiples of %d, the patches of an image", in.Tokens, r.Name, image)
	}
	if float64(in.Batch)*float64(in.Tokens)*float64(3*r.Model.Tubelet*r.Model.PatchSize*r.Model.PatchSize) > 1<<31 {
		return usagef("%d samples of %d tokens do not fit in 8 GiB: choose fewer", in.Batch, in.Tokens)
	}
	if in.Tokens > image {
		r.Model.Frames = in.Tokens / image * r.Model.Tubelet
	} else if r.Model.ImageClasses == 0 {
		r.Model.ImageClasses, r.Model.VideoClasses = r.Model.VideoClasses, 0
	}
	return nil
}

func imageTokens(r recipe.Recipe) int {
	side := r.Model.ImageSize / r.Model.PatchSize
	return side * side
}

// benchSeed is the seed of the weights.
const benchSeed = 1

// pixels draws a batch with a fixed seed.
func (in benchInput) pixels(r recipe.Recipe) *system.Batch {
	b := &system.Batch{Seed: benchSeed, Modality: data.Video}
	frames, side := r.Model.Frames, r.Model.ImageSize
	if in.Tokens == imageTokens(r) {
		b.Modality, frames = data.Image, 1
	}
	rng := rand.NewChaCha8([32]byte{})
	for i := range in.Batch {
		v := data.View{T: frames, H: side, W: side, Bytes: make([]uint8, frames*side*side*3)}
		rng.Read(v.Bytes)
		b.Views, b.Labels = append(b.Views, v), append(b.Labels, i%max(1, r.Classes(b.Modality)))
	}
	if classes := r.Classes(b.Modality); classes > 0 {
		b.Soft = data.SmoothTargets(b.Labels, classes, r.Train.LabelSmoothing)
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
		for _, p := range s.Presets {
			for _, size := range sizes {
				if s.Kind == kind {
					names = append(names, p.Name+"-"+size)
				}
			}
		}
	}
	return names
}
