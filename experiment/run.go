package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"mien/asm"
	"mien/atomicfile"
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/train"
	"mien/weights"
)

// Options are what a training command was told beside the recipe.
type Options struct {
	Recipe     recipe.Recipe
	Train      Lists
	Validation Lists  // evaluated during and after fine-tuning, where given
	Init       string // file or run to start from; "" is from scratch
	Out        string
	Resume     bool
	Recompute  bool // layers forget what they computed until the backward pass: less memory, the same bits
	Watch      Watcher
}

// Watcher hears how a run goes, to show it.
type Watcher interface {
	Start(total, done int)               // steps of the run, and how many an earlier run did
	Step(s train.Step, m data.Modality)  // after each step
	Evaluated(epoch int, report *Report) // after each evaluation
	Note(line string)                    // something worth a line
}

// run is a training run in progress, common to pre-training and fine-tuning.
type run struct {
	Options
	folder    *folder
	backend   engine.Backend
	plan      plan
	params    []nn.Param
	optimizer *train.AdamW
	schedule  train.Schedule
	loss      func(t *ag.Tape, b *batch) *ag.Value
	metadata  map[string]string                           // of model.safetensors
	evaluate  func(context.Context, int) (*Report, error) // nil without validation
	progress  train.Progress
}

// Metrics is the content of metrics.json.
type Metrics struct {
	Loss        map[data.Modality]float64 `json:"loss"` // mean of the last epoch
	Final       *Report                   `json:"final,omitempty"`
	Epochs      int                       `json:"epochs"`
	Parameters  int                       `json:"parameters"`
	Environment Environment               `json:"environment"`
}

// Environment is what else a run's bits depend on.
type Environment struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Arch    string `json:"arch"`
	Kernels string `json:"kernels"`
	Seed    uint64 `json:"seed"`
}

// Version tells the build: the module's version or the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}

// digest names what a checkpoint belongs to.
func (o Options) digest() string {
	lists, _ := json.Marshal([]any{o.Train, o.Init})
	return fmt.Sprintf("%s/%s", o.Recipe.Digest(), lists)
}

// train runs the loop from the last checkpoint, if there is one, and writes the finished run folder.
func (r *run) train(ctx context.Context) (*Metrics, error) {
	defer r.folder.close()
	if err := r.restore(); err != nil {
		return nil, err
	}
	if err := r.folder.clean(); err != nil {
		return nil, err
	}
	text, err := r.Recipe.Text()
	if err != nil {
		return nil, err
	}
	if err := atomicfile.WriteBytes(r.folder.path(recipeFile), text); err != nil {
		return nil, err
	}
	if err := r.folder.startLog(r.progress.Epoch, r.Recipe.Train.Epochs); err != nil {
		return nil, err
	}
	steps := r.plan.steps()
	r.Watch.Start(r.Recipe.Train.Epochs*steps, r.progress.Epoch*steps)
	var logged error
	loop := train.Loop[*batch]{
		Backend: r.backend, Recompute: r.Recompute, Optimizer: r.optimizer, Schedule: r.schedule, Clip: r.Recipe.Train.Clip,
		Epochs: r.Recipe.Train.Epochs, Steps: steps,
		Batches: r.plan.batches,
		Loss:    r.loss,
		OnStep: func(s train.Step, b *batch) {
			err := r.folder.logLine(logEntry{Epoch: s.Epoch, Step: s.Step, Modality: string(b.modality), Loss: s.Loss, LR: s.LR, GradNorm: s.GradNorm})
			if logged == nil {
				logged = err
			}
			r.Watch.Step(s, b.modality)
		},
		OnEpoch: func(ctx context.Context, epoch int) error {
			if logged != nil {
				return logged
			}
			return r.endEpoch(ctx, epoch)
		},
	}
	if err := loop.Run(ctx, r.progress.Epoch); err != nil {
		return nil, err
	}
	return r.finish(ctx)
}

// restore continues from the folder's checkpoint if it belongs to this run.
func (r *run) restore() error {
	r.progress.Recipe = r.digest()
	if !r.folder.has(checkpointFile) {
		return nil
	}
	p, err := train.Resume(r.folder.path(checkpointFile), r.optimizer)
	if err != nil {
		return err
	}
	if p.Recipe != r.digest() {
		return r.folder.foreign()
	}
	r.progress = p
	return nil
}

func (r *run) endEpoch(ctx context.Context, epoch int) error {
	every, last := max(r.Recipe.Train.EvalEvery, 1), epoch == r.Recipe.Train.Epochs-1
	if r.evaluate != nil && (epoch+1)%every == 0 && !last {
		report, err := r.evaluate(ctx, epoch)
		if err != nil {
			return err
		}
		if err := r.scored(epoch, report); err != nil {
			return err
		}
	}
	r.progress.Epoch = epoch + 1
	return train.Save(r.folder.path(checkpointFile), r.optimizer, r.progress)
}

// scored logs an evaluation and keeps the model if it is the best so far.
func (r *run) scored(epoch int, report *Report) error {
	r.Watch.Evaluated(epoch, report)
	if err := r.folder.logLine(logEntry{Epoch: epoch, Step: r.plan.steps(), Metrics: report}); err != nil {
		return err
	}
	if score := report.Score(); !r.progress.HasBest || score > r.progress.Best {
		r.progress.Best, r.progress.HasBest = score, true
		return saveModel(r.folder.path(bestFile), r.params, r.metadata)
	}
	return nil
}

// finish writes model.safetensors, evaluates that last model and writes metrics.json. The model comes first: nothing that fails
// after it costs the training.
func (r *run) finish(ctx context.Context) (*Metrics, error) {
	if err := saveModel(r.folder.path(modelFile), r.params, r.metadata); err != nil {
		return nil, err
	}
	m := &Metrics{Epochs: r.Recipe.Train.Epochs, Parameters: nn.Count(r.params), Loss: map[data.Modality]float64{},
		Environment: Environment{Version(), runtime.Version(), runtime.GOARCH, asm.F32().Name, r.Recipe.Seed}}
	if r.evaluate != nil {
		report, err := r.evaluate(ctx, m.Epochs-1)
		if err != nil {
			return nil, err
		}
		if err := r.scored(m.Epochs-1, report); err != nil {
			return nil, err
		}
		m.Final = report
	}
	entries, err := readLog(r.folder.dir)
	if err != nil {
		return nil, err
	}
	counts := map[data.Modality]float64{}
	for _, e := range entries {
		if e.Epoch == m.Epochs-1 && e.Modality != "" {
			k := data.Modality(e.Modality)
			counts[k]++
			m.Loss[k] += (e.Loss - m.Loss[k]) / counts[k]
		}
	}
	return m, r.folder.writeJSON(metricsFile, m)
}

// saveModel writes parameters under their published names.
func saveModel(path string, params []nn.Param, metadata map[string]string) error {
	var tensors []weights.Tensor
	for _, p := range params {
		values, err := engine.Read[float32](p.Data())
		if err != nil {
			return err
		}
		tensors = append(tensors, weights.Tensor{Name: p.Name, Shape: p.Shape(), Data: values})
	}
	return weights.WriteSafetensors(path, tensors, metadata)
}

// weightsPath returns the weights file of FILE|RUN.
func weightsPath(fileOrRun string) (string, error) {
	info, err := os.Stat(fileOrRun)
	if err != nil {
		return "", fmt.Errorf("%s: no such weights file or run folder", fileOrRun)
	}
	if !info.IsDir() {
		return fileOrRun, nil
	}
	path := filepath.Join(fileOrRun, modelFile)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s: a folder without %s: is the run finished?", fileOrRun, modelFile)
	}
	return path, nil
}

// pixelsOf brings a batch onto the tape.
func pixelsOf(t *ag.Tape, b *batch, size int) *ag.Value {
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, b.pixels, b.size, 3, b.frames, size, size))
}
