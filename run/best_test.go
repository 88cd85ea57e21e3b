package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/recipe"
)

// By model.eval_as_training the evaluations of a run draw noise and drop tokens, and the run says so. The finished model does neither:
// its answer to a sample is the same beside others and alone, unless it is opened as published.
func TestEvaluationsAsInTraining(t *testing.T) {
	run := func(change func(m *recipe.Model)) (Options, *Metrics) {
		o := options(t, toy(t, "s4d-tiny"))
		o.Recipe.Data.DrawnTest = 5
		o.Recipe.Train.RouterNoise = true
		o.Recipe.Model.Capacity = 0.5
		change(&o.Recipe.Model)
		m, err := Train(t.Context(), o)
		require.NoError(t, err)
		return o, m
	}
	const note = "evaluations of this run draw router noise and limit what experts take, as the recipe says (model.eval_as_training): " +
		"`mien eval` does so with --published alone"
	plain, measured := run(func(*recipe.Model) {})
	noisy, drawn := run(func(m *recipe.Model) { m.EvalAsTraining = true })
	require.NotContains(t, plain.Watch.(*watched).notes, note)
	require.Equal(t, 1, len(slices.DeleteFunc(noisy.Watch.(*watched).notes, func(line string) bool { return line != note })))
	require.Equal(t, outcomeOf(t, plain).model, outcomeOf(t, noisy).model)
	require.NotEqual(t, measured.Final.Static.Loss, drawn.Final.Static.Loss)

	answers := func(m *infer.Model, first, n int) [][]float64 {
		sets, err := DrawnTest(m.Description)
		require.NoError(t, err)
		sets.Image, sets.Video.Items = nil, sets.Video.Items[first:first+n]
		r, err := m.Evaluate(t.Context(), sets)
		require.NoError(t, err)
		var all [][]float64
		for _, a := range r.Dynamic.Answers {
			all = append(all, a.Probabilities)
		}
		return all
	}
	m, err := infer.Open(noisy.Out, noisy.Backend, nil)
	require.NoError(t, err)
	defer m.Close()
	r, err := m.Evaluate(t.Context(), must(DrawnTest(m.Description)))
	require.NoError(t, err)
	require.InDelta(t, measured.Final.Static.Loss, r.Static.Loss, 1e-6, "as in a run whose recipe asks for nothing else")
	together := answers(m, 0, 5)
	for i := range 5 {
		require.InDeltaSlice(t, together[i], answers(m, i, 1)[0], 1e-6)
	}
	published, err := infer.OpenPublished(noisy.Out, noisy.Backend, nil)
	require.NoError(t, err)
	defer published.Close()
	require.Equal(t, 0.5, published.Recipe.Model.Capacity, "that of the recipe")
	require.NotEqual(t, answers(published, 0, 5)[3], answers(published, 3, 1)[0])
}

func must[T any](s T, err error) T {
	if err != nil {
		panic(err)
	}
	return s
}

// The figures of a run's folder are those of the model that it stands for.
func TestMeasured(t *testing.T) {
	dir, final := t.TempDir(), &infer.Report{Static: &infer.Score{UAR: 40}}
	evaluation := func(epoch int, static, dynamic float64) any {
		return evaluationLine{place{evaluationFormat, epoch, 10 * (epoch + 1)}, &infer.Report{
			Static: &infer.Score{UAR: static}, Dynamic: &infer.Score{UAR: dynamic, WAR: 100 - dynamic}}}
	}
	var log []byte
	for i, uar := range [][2]float64{{50, 10}, {20, 60}, {80, 10}, {40, 45}} {
		line, err := json.Marshal(evaluation(i, uar[0], uar[1]))
		require.NoError(t, err)
		log = append(append(log, line...), '\n')
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, logFile), log, 0o644))
	s := State{Metrics: &Metrics{Final: final}}
	measured := func() *infer.Report { return must(s.Measured(dir)) }
	require.Equal(t, final, measured())
	s.Recipe.Train.UseBest = true
	require.Equal(t, 80.0, measured().Static.UAR, "of the mean of both")
	s.Recipe.Train.BestSet = "dynamic"
	require.Equal(t, 60.0, measured().Dynamic.UAR)
	s.Recipe.Train.BestBy = "war"
	require.Equal(t, 50.0, measured().Static.UAR, "the first of equals, as training keeps it")
	_, err := s.Measured(t.TempDir())
	require.Error(t, err)
}

// A run that has nothing to choose its best epoch on says so.
func TestNoListForTheBestEpoch(t *testing.T) {
	const note = "train.use_best: there is no list (--val-…) to choose the best epoch on: the folder stands for the model of the last"
	for _, n := range []int{0, 5} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Recipe.Data.DrawnTest, o.Recipe.Train.UseBest = n, true
		_, err := Train(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, n == 0, slices.Contains(o.Watch.(*watched).notes, note))
	}
}

// A head that --init loaded answers in the evaluations of a run that has nothing for it to learn from; one that begins anew does not.
func TestEvaluationOfALoadedHead(t *testing.T) {
	first := options(t, toy(t, "s4d-tiny"))
	trained(t, first)
	counts := func(r *infer.Report) map[string]int {
		n := map[string]int{}
		for _, s := range r.Scores() {
			n[s.Name] = s.N
		}
		return n
	}
	for m, want := range map[data.Modality]struct {
		alone   map[string]int
		refusal string
	}{
		data.Image: {map[string]int{"static": 5}, "the model has never learned from videos: fine-tune it on some, with --init, or leave them out"},
		data.Video: {map[string]int{"dynamic": 5}, "the model has never learned from images: fine-tune it on some, with --init, or leave them out"},
	} {
		o := alone(t, "s4d-tiny", m)
		o.Validation = faceList(t, 3)
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, want.refusal)
		o.Init = first.Out
		require.Equal(t, map[string]int{"static": 3, "dynamic": 3}, counts(must(prepared(t, o).evaluate(t.Context()))))

		o = alone(t, "s4d-tiny", m)
		o.Recipe.Data.DrawnTest = 5
		require.Equal(t, want.alone, counts(must(prepared(t, o).evaluate(t.Context()))), "of drawn faces, those that it learns from")
		o.Init = first.Out
		require.Equal(t, map[string]int{"static": 5, "dynamic": 5}, counts(must(prepared(t, o).evaluate(t.Context()))))
	}
}

// A run that learns the classes of its own list is evaluated on lists of the same classes, in whichever order, and on no others.
func TestEvaluationOfOwnClasses(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Model.ImageClasses, o.Recipe.Data.DrawnImages, o.Recipe.Data.ListRepeat = 3, 0, 2
	o.Train, o.Validation = namedList(t, "tired", "awake", "bored"), namedList(t, "bored", "tired", "tired", "awake", "glad")
	r := prepared(t, o)
	report, err := r.evaluate(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"awake", "bored", "tired"}, report.Static.Labels)
	require.Equal(t, 4, report.Static.N)
	require.Contains(t, r.notes, "1 of 5 image samples show classes that the model does not know: they are left out")

	o.Validation = namedList(t, "fear", "anger")
	err = Check(t.Context(), o, true)
	require.ErrorContains(t, err, "their classes are fear, anger; asked for are awake, bored, tired")
}
