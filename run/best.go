package run

import (
	"context"
	"fmt"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/system"
)

// Evaluation during a run, and the model of its best epoch. Go on with folder.go.

// prepareEvaluation opens the validation sets, if there are any and the model is a classifier. files says whether to check those of listed
// samples.
func (r *run) prepareEvaluation(ctx context.Context, files bool) error {
	t := r.plan.sets
	r.sources = r.plan.sources()
	d := modelfile.Description{System: r.system, Recipe: r.Recipe, Labels: t.Labels, Precision: r.Precision, Own: true,
		Trained: r.trained(1)} // it is measured after an epoch at least
	if net, ok := r.model.(system.Locator); ok {
		return r.prepareLandmarks(net, d)
	}
	net, ok := r.model.(system.Classifier)
	if !ok {
		return nil
	}
	sets, err := validationSets(r.Options, t.memory, d)
	if err != nil {
		return err
	}
	if len(sets.All()) == 0 {
		if r.Recipe.Train.UseBest {
			r.notes = append(r.notes, "train.use_best: there is no list (--val-…) to choose the best epoch on: "+
				"the folder stands for the model of the last")
		}
		return nil
	}
	model := infer.Of(net, d, r.Backend)
	model.Skips = &r.skips
	matched, notes, err := model.Match(sets)
	if err != nil {
		return err
	}
	r.notes = append(r.notes, notes...)
	if files {
		if matched, err = r.skips.Check(ctx, matched, r.Watch.Checked); err != nil {
			return err
		}
	}
	if err := r.announceBest(matched); err != nil {
		return err
	}
	r.evaluate = func(ctx context.Context) (*infer.Report, error) { return withoutAnswers(model.Evaluate(ctx, matched)) }
	return err
}

// announceBest names the sets that the best epoch is chosen on, and says so where they are those of the test.
func (r *run) announceBest(sets data.Sets) error {
	t, name := r.Recipe.Train, "validation"
	if r.Recipe.Model.EvalAsTraining {
		r.notes = append(r.notes, "evaluations of this run draw router noise and limit what experts take, as the recipe says "+
			"(model.eval_as_training): `mien eval` does so with --published alone")
	}
	if t.BestOnTest {
		name = "test"
		r.notes = append(r.notes,
			"the best epoch is chosen on the test list, as the recipe says (train.best_on_test): its scores there are too good")
	}
	for _, c := range []struct {
		name string
		set  *data.Dataset
	}{{"static", sets.Image}, {"dynamic", sets.Video}} {
		if t.BestSet == c.name && c.set == nil {
			return fmt.Errorf("train.best_set is %s: give --val-%s-list, or leave train.best_set out", c.name, c.name)
		}
	}
	r.sources = append(r.sources, SourcesOf(name, sets)...)
	return nil
}

// score evaluates the model after an epoch, if there is something to evaluate on. It logs the report and keeps the model if it
// is the best so far.
func (r *run) score(ctx context.Context, epoch int) (*infer.Report, error) {
	if r.evaluate == nil {
		return nil, nil
	}
	report, err := r.evaluate(ctx)
	if err != nil {
		return nil, err
	}
	r.Watch.Evaluated(epoch, report)
	if err := r.logSkips(epoch, r.plan.steps()); err != nil {
		return nil, err
	}
	if err := r.folder.logLine(evaluationLine{place{evaluationFormat, epoch, r.plan.steps()}, report}); err != nil {
		return nil, err
	}
	if score := report.Quality(r.Recipe.Train.BestBy, r.Recipe.Train.BestSet); !r.progress.HasBest || score > r.progress.Best {
		r.progress.Best, r.progress.HasBest = score, true
		err = r.write(bestFile, epoch+1)
	}
	return report, err
}
