// Package run carries out a training run: from a recipe and lists to batches, through the loop of package train, to a run
// folder. It uses models only through package system and does not depend on any backend.
//
// A run folder holds, when finished:
//
//	run.json            what the run is, for --resume: settings, and the content of its lists and of --init
//	recipe.toml         the recipe as it ran, the seed included
//	log.jsonl           what the run learns from and is measured on; then one JSON object for each step and evaluation
//	best.safetensors    the model of the best epoch, if the run was evaluated
//	model.safetensors   the model after the last epoch
//	metrics.json        final losses, recalls and environment
//
// and until then a checkpoint after each of the last two epochs, parameters and optimizer, and a lock while a process works on it.
//
// [Train] is the entry point. Go on with sets.go (where samples come from), plan.go (which samples a step uses), build.go (the
// model) and folder.go (what is stored).
package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"

	"mien/atomicfile"
	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
	"mien/train"
)

// Options are the settings of a training command besides the recipe.
type Options struct {
	Recipe     recipe.Recipe
	Backend    engine.Backend
	Train      data.Lists
	Validation data.Lists // evaluated during and after fine-tuning, if given
	Init       string     // file or run to start from; "" is from scratch
	Landmarks  string     // file or run with the weights of a frozen network whose features the model reads; "" is none, or that of Init
	Out        string
	Resume     bool
	Recompute  bool             // rematerialise layers in the backward pass: less memory, the same bits
	Precision  engine.Precision // of products; parameters stay float32
	SkipBad    int              // samples that may be unreadable and are left out
	Memory     int64            // that the run may use, in bytes; 0 if unknown
	Watch      Watcher
}

// Watcher receives the progress of a run, to display it.
type Watcher interface {
	Checked(done, total int)                   // first, after the files of each listed sample are checked
	Sources([]Source)                          // then: what the run learns from and is measured on
	Start(total, done int)                     // then: steps of the run, and how many are already done
	Step(s train.Step, m data.Modality)        // after each step
	Saved(epochs int)                          // after the checkpoint of so many epochs, and first: 0 is none
	Evaluated(epoch int, report *infer.Report) // after each evaluation
	Print(line string)                         // a message for the user
}

// run is a training run in progress.
type run struct {
	Options
	system    *system.System
	folder    folder
	plan      plan
	scope     *nn.Scope // of the model
	model     system.Model
	params    []nn.Param
	optimizer *train.AdamW
	loaded    modelfile.Trained                                              // record of the heads that --init loaded
	sources   []Source                                                       // of training and validation
	evaluate  func(context.Context) (*infer.Report, error)                   // nil without validation
	locate    func(context.Context) (map[data.Modality]LandmarkError, error) // nil unless landmarks are measured
	progress  train.Progress
	skips     data.Skips
	logged    int      // samples of skips that the log holds
	notes     []string // messages from preparation
}

// Train runs a recipe, or resumes it, and writes the finished run folder.
func Train(ctx context.Context, o Options) (*Metrics, error) {
	o, err := o.withCrop()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, skips: data.Skips{Limit: o.SkipBad}}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if m, err := r.finished(); m != nil || err != nil {
		return m, err
	}
	for _, stage := range []func() error{r.restore, r.begin, func() error { return r.loop(ctx) }} {
		if err := stage(); err != nil {
			return nil, err
		}
	}
	return r.finish(ctx)
}

// close releases what the run has allocated so far.
func (r *run) close() {
	r.folder.log.Close()
	r.folder.release()
	if r.optimizer != nil {
		r.optimizer.Free()
	}
	if r.scope != nil {
		r.scope.Free()
	}
}

// Check returns the error with which Train would end before it writes anything, of a run that begins or, with Resume, goes on. files says
// whether to look at the files of each listed sample, too, which takes a while.
func Check(ctx context.Context, o Options, files bool) error {
	o, err := o.withCrop()
	if err != nil {
		return err
	}
	r := &run{Options: o, skips: data.Skips{Limit: o.SkipBad}}
	defer r.close()
	if err := r.ready(ctx, files); err != nil || !o.Resume {
		return err
	}
	id, err := o.identity()
	if err != nil {
		return err
	}
	f := folder{dir: o.Out}
	return f.check(true, id)
}

// prepare does everything that can fail before the first write.
func (r *run) prepare(ctx context.Context) (err error) {
	if err = r.ready(ctx, true); err == nil {
		r.folder, err = openFolder(r.Options)
	}
	return err
}

// ready makes all of the run but its folder. files says whether to check those of listed samples.
func (r *run) ready(ctx context.Context, files bool) (err error) {
	defer engine.Catch(&err)
	r.system, err = systems.OfRun(r.Recipe, r.Resume)
	if err := cmp.Or(err, r.Backend.Supports(r.Precision, true)); err != nil {
		return err
	}
	sets, err := TrainingSets(r.Recipe, r.system, r.Options.Train)
	if err != nil {
		return err
	}
	if files {
		if sets.Main, err = r.skips.Check(ctx, sets.Main, r.Watch.Checked); err != nil {
			return err
		}
	}
	if r.plan, err = newPlan(r.Recipe, sets); err != nil {
		return err
	}
	r.plan.skip = r.SkipBad
	if err := r.checkCost(); err != nil {
		return err
	}
	if err := r.build(sets.Labels); err != nil {
		return err
	}
	return r.prepareEvaluation(ctx, files)
}

// trained is the record of the model after so many epochs.
func (r *run) trained(epochs int) modelfile.Trained { return r.loaded.Plus(r.plan.learned(epochs)) }

// write stores the model as it is after so many epochs.
func (r *run) write(name string, epochs int) error {
	metadata, err := modelfile.Metadata(r.Recipe, r.plan.sets.Labels, r.trained(epochs))
	if err != nil {
		return err
	}
	return modelfile.Write(r.folder.path(name), r.params, metadata)
}

// finished returns the metrics of a run that has ended, so that there is nothing left to do, and nil for any other.
func (r *run) finished() (*Metrics, error) {
	if !r.folder.has(metricsFile) || !r.folder.has(modelfile.Name) {
		return nil, nil
	}
	text, err := os.ReadFile(r.folder.path(metricsFile))
	if err != nil {
		return nil, err
	}
	m := new(Metrics)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", r.folder.path(metricsFile), err)
	}
	steps := m.Epochs * r.plan.steps()
	r.Watch.Start(steps, steps)
	r.Watch.Print(fmt.Sprintf("run folder %s: the run is finished", r.folder.dir))
	return m, errors.Join(r.folder.clean(), r.folder.dropCheckpoints(0)) // a kill may have come before
}

// restore continues from the latest checkpoint that is intact, if there is any.
func (r *run) restore() error {
	r.progress.Run = r.folder.digest()
	var damaged error
	for _, epochs := range r.folder.checkpoints() {
		path := r.folder.path(checkpointFile(epochs))
		p, err := train.Resume(path, r.kept(), r.optimizer)
		switch {
		case err != nil:
			damaged = err
			r.notes = append(r.notes, fmt.Sprintf("%v: going on from the checkpoint before", err))
		case p.Run != r.progress.Run:
			return fmt.Errorf("%s does not belong to the run beside it: remove it, or give another --out", path)
		default:
			r.progress = p
			return nil
		}
	}
	if damaged != nil {
		return fmt.Errorf("%w: no checkpoint is intact: remove them to begin the run again", damaged)
	}
	return nil
}

// begin writes the files that a run folder has before the first step, and first the one that makes it a run's folder.
func (r *run) begin() error {
	text, err := r.Recipe.Text()
	if err != nil {
		return err
	}
	if err := cmp.Or(r.folder.clean(), atomicfile.WriteBytes(r.folder.path(identityFile), r.folder.record),
		atomicfile.WriteBytes(r.folder.path(recipeFile), text)); err != nil {
		return err
	}
	return r.folder.startLog(r.progress.Epoch, r.Recipe.Train.Epochs, r.sources)
}

// loop runs the remaining steps.
func (r *run) loop(ctx context.Context) error {
	t, steps := r.Recipe.Train, r.plan.steps()
	r.Watch.Sources(r.sources)
	r.Watch.Start(t.Epochs*steps, r.progress.Epoch*steps)
	r.Watch.Saved(r.progress.Epoch)
	for _, line := range r.notes {
		r.Watch.Print(line)
	}
	if err := r.recall(); err != nil {
		return err
	}
	loop := train.Loop[*system.Batch]{
		Backend: r.Backend, Optimizer: r.optimizer, Schedule: r.Recipe.Schedule(steps), Clip: t.Clip,
		Recompute: r.Recompute, Precision: r.Precision, Epochs: t.Epochs, Steps: steps, Parts: r.Recipe.Parts(),
		Batches: r.plan.batches,
		Loss:    r.model.Loss,
		OnStep: func(s train.Step, b *system.Batch) error {
			r.Watch.Step(s, b.Modality)
			if err := r.skip(s.Epoch, s.Step, b.Skipped); err != nil {
				return err
			}
			return r.folder.logLine(stepLine{place{stepFormat, s.Epoch, s.Step}, b.Modality, s.Loss, s.LR, s.GradNorm})
		},
		OnEpoch: r.endEpoch,
	}
	if f, ok := r.model.(system.Follower); ok {
		loop.AfterStep = f.AfterStep
	}
	return loop.Run(ctx, r.progress.Epoch)
}

func (r *run) endEpoch(ctx context.Context, epoch int) error {
	every, last := max(r.Recipe.Train.EvalEvery, 1), epoch == r.Recipe.Train.Epochs-1
	if (epoch+1)%every == 0 && !last {
		if _, err := r.score(ctx, epoch); err != nil {
			return err
		}
	}
	r.progress.Epoch = epoch + 1
	if err := train.Save(r.folder.path(checkpointFile(epoch+1)), r.kept(), r.optimizer, r.progress); err != nil {
		return err
	}
	r.Watch.Saved(epoch + 1)
	return r.folder.dropCheckpoints(2) // one may be damaged
}

// finish writes model.safetensors, evaluates that last model and writes metrics.json. The model is written first: no later
// failure can lose it.
func (r *run) finish(ctx context.Context) (m *Metrics, err error) {
	if err := r.write(modelfile.Name, r.Recipe.Train.Epochs); err != nil {
		return nil, err
	}
	m = &Metrics{Format: metricsFormat, Epochs: r.Recipe.Train.Epochs, Parameters: nn.Count(r.params), Loss: map[data.Modality]float64{},
		Environment: Environment{Version(), runtime.Version(), runtime.GOARCH, r.Backend.Name(), r.Recipe.Seed}}
	if m.Final, err = r.score(ctx, m.Epochs-1); err != nil {
		return nil, err
	}
	if r.locate != nil {
		if m.Landmarks, err = r.locate(ctx); err != nil {
			return nil, err
		}
	}
	m.Skipped = r.skips.Samples
	if err := m.addLosses(r.folder.dir); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := atomicfile.WriteBytes(r.folder.path(metricsFile), append(text, '\n')); err != nil {
		return nil, err
	}
	return m, r.folder.dropCheckpoints(0)
}
