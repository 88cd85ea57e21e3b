package run

import (
	"context"

	"mien/infer"
	"mien/modelfile"
	"mien/system"
)

// Evaluation during a run, and the model of its best epoch. Go on with folder.go.

// prepareEvaluation opens the validation sets, if there are any and the model is a classifier.
func (r *run) prepareEvaluation(ctx context.Context) error {
	t := r.plan.sets
	r.sources = r.plan.sources()
	net, ok := r.model.(system.Classifier)
	if !ok {
		return nil
	}
	d := modelfile.Description{System: r.system, Recipe: r.Recipe, Labels: t.Labels, Precision: r.Precision, Own: true,
		Trained: r.trained(1)} // it is measured after an epoch at least
	sets, err := validationSets(r.Options, t.memory, d)
	if err != nil || len(sets.All()) == 0 {
		return err
	}
	model := infer.Of(net, d, r.Backend)
	model.Skips = &r.skips
	matched, notes, err := model.Match(sets)
	if err != nil {
		return err
	}
	r.notes = append(r.notes, notes...)
	if matched, err = r.skips.Check(ctx, matched, r.Watch.Checked); err != nil {
		return err
	}
	r.sources = append(r.sources, SourcesOf("validation", matched)...)
	r.evaluate = func(ctx context.Context) (*infer.Report, error) { return model.Evaluate(ctx, matched) }
	return err
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
	if score := report.Mean(); !r.progress.HasBest || score > r.progress.Best {
		r.progress.Best, r.progress.HasBest = score, true
		err = r.write(bestFile, epoch+1)
	}
	return report, err
}
