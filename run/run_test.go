package run

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
	"mien/train"
	"mien/vit"
)

// A failure after the last step does not lose the model.
func TestModelIsSavedFirst(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Watch.(*watched).step = func() {
		log, err := os.OpenFile(filepath.Join(o.Out, logFile), os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = log.WriteString("damaged\n")
		require.NoError(t, err)
		require.NoError(t, log.Close())
	}
	_, err := Train(t.Context(), o)
	require.ErrorContains(t, err, "log.jsonl: invalid character")
	require.FileExists(t, filepath.Join(o.Out, modelfile.Name))
}

// A run that diverges reports the batch, and saves nothing.
func TestDivergedRun(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.LR, o.Recipe.Train.WarmupEpochs, o.Recipe.Train.Clip = 1e30, 0, 0
	_, err := Train(t.Context(), o)
	require.Error(t, err)
	require.Regexp(t, `^(loss|norm of the gradients) is (NaN|[+-]Inf) in epoch 1, step \d+ \((image|video), learning rate .*\): lower`, err.Error())
	require.NoFileExists(t, filepath.Join(o.Out, checkpointFile(1)))
	require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
}

// beginning returns the initial parameters of a run of a recipe.
func beginning(t *testing.T, r recipe.Recipe) map[string][]float32 {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: r.Seed})
	s.Build(scope, r)
	values := map[string][]float32{}
	for _, p := range scope.Params() {
		values[p.Name], err = engine.Read[float32](p.Data())
		require.NoError(t, err)
	}
	return values
}

// Frozen parameters keep their bits, even across a resume, and all others are trained.
func TestFreeze(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		r := toy(t, name)
		r.Seed = 9
		r.Train.Freeze = []string{"blocks.*", "patch_embed.*"}
		if r.Kind == recipe.Pretrain {
			r.Train.Freeze = []string{"encoder.blocks.*", "encoder.patch_embed.*"}
		}
		o := options(t, r)
		interrupt(t, o, 8)
		o.Resume = true
		trained(t, o)
		before, after := beginning(t, r), parameters(t, filepath.Join(o.Out, modelfile.Name))
		require.Len(t, after, len(before))
		frozen := 0
		for name := range before {
			encoder := strings.TrimPrefix(name, "encoder.")
			if strings.HasPrefix(encoder, "blocks.") || strings.HasPrefix(encoder, "patch_embed.") {
				require.Equal(t, before[name], after[name], name)
				frozen++
			} else {
				require.NotEqual(t, before[name], after[name], name)
			}
		}
		require.Greater(t, frozen, 20)
	}
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Freeze = []string{"blocks.*", "neck.*"}
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, `train.freeze: no parameter matches "neck.*"`)
	o.Recipe.Train.Freeze = []string{"blocks.*", "*"}
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, "train.freeze: nothing is left to learn")
	require.NoDirExists(t, o.Out)
}

// Parameters that a system never trains are frozen in addition to those of the recipe.
func TestSystemFreezes(t *testing.T) {
	own := vit.System
	own.Frozen = func(r recipe.Recipe) []string { return []string{r.Name + ".*"} }
	o := options(t, recipe.Recipe{Name: "fc", Train: recipe.Train{Freeze: []string{"norm.*"}}})
	scope := nn.NewScope(o.Backend, engine.Float32, nn.Random{})
	for _, name := range []string{"fc.weight", "norm.weight", "head.weight"} {
		scope.Param(name, nn.Ones, 3)
	}
	r := &run{Options: o, system: &own, params: scope.Params()}
	require.NoError(t, r.freeze())
	var learned []bool
	for _, p := range r.params {
		learned = append(learned, p.NeedsGrad())
	}
	require.Equal(t, []bool{false, false, true}, learned)
	require.Equal(t, []string{"3 of 9 parameters are tuned"}, r.notes)
}

// A run at bf16 differs from one at f32, resumes only at bf16, and gives the same bits as an uninterrupted one.
func TestPrecision(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	full := trained(t, o)
	low := func() Options {
		o := options(t, toy(t, "s4d-tiny"))
		o.Precision = engine.BF16
		return o
	}
	whole := low()
	want := trained(t, whole)
	require.NotEqual(t, full.model, want.model)
	first := log(t, whole)[0]
	require.NotEqual(t, log(t, o)[0], first)
	require.InEpsilon(t, log(t, o)[0].Loss, first.Loss, 0.01)

	broken := low()
	interrupt(t, broken, 8)
	broken.Resume, broken.Precision = true, engine.Full
	_, err := Train(t.Context(), broken)
	require.ErrorContains(t, err, "belongs to another run: --precision is bf16 there and f32 here")
	broken.Precision = engine.BF16
	require.Equal(t, want, trained(t, broken))

	o = low()
	o.Precision = engine.Int8
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "cannot train at int8, which has no gradients: choose f32 or bf16")
	require.NoDirExists(t, o.Out)
}

// Rematerialised layers take less memory and give the same bits.
func TestRecompute(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Model.ImageSize, r.Model.Depth, r.Data.DrawnVideos = 64, 6, 0
	kept, again := options(t, r), options(t, r)
	again.Recompute = true
	require.Equal(t, trained(t, kept), trained(t, again))
	require.Less(t, again.Backend.Stats().PeakBytes, kept.Backend.Stats().PeakBytes)
}

// evaluated is a toy run of three epochs that is evaluated on lists after each.
func evaluated(t *testing.T) Options {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Epochs = 3
	o.Train, o.Validation = faceList(t, 2), faceList(t, 6)
	return o
}

// log reads the log of a run.
func log(t *testing.T, o Options) []logEntry {
	t.Helper()
	entries, err := readLog(o.Out)
	require.NoError(t, err)
	return entries
}

// The log has each step once, in order, and each evaluation at the end of its epoch; metrics.json has the last evaluation and
// the mean losses of the last epoch.
func TestLogAndMetrics(t *testing.T) {
	o := evaluated(t)
	o.Recipe.Seed = 5
	got, err := Train(t.Context(), o)
	require.NoError(t, err)
	w := o.Watch.(*watched)
	require.Equal(t, []int{0, 1, 2}, w.evaluated)
	entries, step, epoch := log(t, o), 0, 0
	sums, counts := map[data.Modality]float64{}, map[data.Modality]float64{}
	steps := len(entries)/3 - 1
	schedule := o.Recipe.Schedule(steps)
	require.Len(t, w.steps, 3*steps)
	require.Equal(t, []int{3 * steps, 0}, []int{w.total, w.done})
	for _, e := range entries {
		require.Equal(t, []int{epoch, step}, []int{e.Epoch, e.Step})
		if step == steps {
			require.NotNil(t, e.Metrics)
			require.Equal(t, 6, e.Metrics.Static.N)
			require.Equal(t, 6, e.Metrics.Dynamic.N)
			require.Empty(t, e.Modality)
			epoch, step = epoch+1, 0
			continue
		}
		require.Nil(t, e.Metrics)
		heard := w.steps[epoch*steps+step]
		heard.Took, heard.Waited = 0, 0 // which are not logged
		require.Equal(t, train.Step{Epoch: epoch, Step: step, Loss: e.Loss, LR: e.LR, GradNorm: e.GradNorm}, heard)
		require.InDelta(t, schedule(epoch*steps+step), e.LR, 1e-15)
		require.Positive(t, e.GradNorm)
		if epoch == 2 {
			m := data.Modality(e.Modality)
			sums[m], counts[m] = sums[m]+e.Loss, counts[m]+1
		}
		step++
	}
	require.Equal(t, 3, epoch)

	var m Metrics
	text, err := os.ReadFile(filepath.Join(o.Out, metricsFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &m))
	require.Len(t, m.Loss, 2)
	for k := range m.Loss {
		require.InDelta(t, sums[k]/counts[k], m.Loss[k], 1e-12)
		require.InDelta(t, m.Loss[k], got.Loss[k], 1e-12)
	}
	require.Equal(t, entries[len(entries)-1].Metrics, m.Final)
	require.Equal(t, 3, m.Epochs)
	elements := 0
	for _, v := range parameters(t, filepath.Join(o.Out, modelfile.Name)) {
		elements += len(v)
	}
	require.Equal(t, elements, m.Parameters)
	require.Equal(t, o.Backend.Name(), m.Environment.Backend)
	require.Equal(t, o.Recipe.Seed, m.Environment.Seed)

	curves, err := Curves(o.Out)
	require.NoError(t, err)
	require.Equal(t, data.Image, curves[0].Modality)
	require.Equal(t, data.Video, curves[1].Modality)
	require.Len(t, slices.Concat(curves[0].Loss, curves[1].Loss), 3*steps)
	i := 0
	for _, e := range entries {
		if e.Modality == "image" {
			require.Equal(t, e.Loss, curves[0].Loss[i])
			require.Equal(t, float64(e.Epoch*steps+e.Step), curves[0].Steps[i])
			i++
		}
	}
}

// A run on one modality has a loss of that one alone.
func TestLossOfOneModality(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		for _, m := range []data.Modality{data.Image, data.Video} {
			got, err := Train(t.Context(), alone(t, name, m))
			require.NoError(t, err)
			require.Equal(t, []data.Modality{m}, slices.Collect(maps.Keys(got.Loss)))
			require.Positive(t, got.Loss[m])
		}
	}
}

// The model with the best evaluation is kept, whatever follows; among equals, the first.
func TestBestIsKept(t *testing.T) {
	for _, c := range []struct {
		by, set string
		best    [6]float32 // epoch after each
		score   float64
	}{
		{"", "", [6]float32{0, 1, 1, 1, 4, 4}, 42.5}, {"uar", "static", [6]float32{0, 1, 1, 1, 1, 1}, 70},
		{"war", "", [6]float32{0, 0, 0, 0, 0, 0}, 75}, {"war", "dynamic", [6]float32{0, 1, 1, 1, 1, 1}, 90},
		{"loss", "static", [6]float32{0, 0, 0, 3, 4, 4}, 0},
	} {
		testBestIsKept(t, c.by, c.set, c.best, c.score)
	}
}

func testBestIsKept(t *testing.T, by, set string, want [6]float32, score float64) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.BestBy, o.Recipe.Train.BestSet = by, set
	r := &run{Options: o}
	defer r.close()
	require.NoError(t, r.prepare(t.Context()))
	require.NoError(t, r.begin())
	report := func(static, dynamic float64) *infer.Report {
		return &infer.Report{Static: &infer.Score{UAR: static, WAR: 100 - static, Loss: static},
			Dynamic: &infer.Score{UAR: dynamic, WAR: 100 - dynamic, Loss: dynamic}}
	}
	for epoch, found := range []*infer.Report{report(20, 30), report(70, 10), report(50, 25), report(10, 70), report(0, 85), report(30, 30)} {
		values := make([]float32, r.params[0].Data().Len())
		for i := range values {
			values[i] = float32(epoch)
		}
		engine.Write(r.params[0].Data(), values)
		r.evaluate = func(context.Context) (*infer.Report, error) { return found, nil }
		got, err := r.score(t.Context(), epoch)
		require.NoError(t, err)
		require.Equal(t, found, got)
		best := parameters(t, filepath.Join(o.Out, bestFile))
		require.Equal(t, want[epoch], best[r.params[0].Name][0], "%s %s after epoch %d", by, set, epoch)
	}
	require.Equal(t, score, r.progress.Best)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, o.Watch.(*watched).evaluated)
}

// A list on which the best epoch is chosen must be there, and one of the test is called so, in the log and aloud.
func TestListOfTheBest(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Validation = faceList(t, 3)
	o.Recipe.Train.BestSet, o.Recipe.Train.BestOnTest = "dynamic", true
	r := prepared(t, o)
	require.Equal(t, []string{"training", "training", "test", "test"}, []string{r.sources[0].Set, r.sources[1].Set, r.sources[2].Set, r.sources[3].Set})
	require.Contains(t, r.notes, "the best epoch is chosen on the test list, as the recipe says (train.best_on_test): its scores there are too good")

	o.Out += "2"
	o.Validation.DynamicList, o.Validation.DynamicRoot = "", ""
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, "train.best_set is dynamic: give --val-dynamic-list, or leave train.best_set out")
}

// A resumed run knows the best score so far: a worse epoch does not replace that model, and a better one does.
func TestBestIsKeptAfterResume(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Epochs = 5
	for epoch, c := range []struct {
		score float64
		best  float32
	}{{70, 0}, {60, 0}, {80, 2}, {75, 2}} {
		r := &run{Options: o}
		require.NoError(t, r.prepare(t.Context()))
		require.NoError(t, r.restore())
		require.NoError(t, r.begin())
		require.Equal(t, epoch, r.progress.Epoch)
		p := r.params[0]
		engine.Write(p.Data(), slices.Repeat([]float32{float32(epoch)}, p.Data().Len()))
		r.evaluate = func(context.Context) (*infer.Report, error) {
			return &infer.Report{Static: &infer.Score{UAR: c.score}}, nil
		}
		require.NoError(t, r.endEpoch(t.Context(), epoch))
		r.close()
		require.Equal(t, c.best, parameters(t, filepath.Join(o.Out, bestFile))[p.Name][0], "after epoch %d", epoch)
		o.Resume = true
	}
}

// best.safetensors is the model of the epoch whose evaluation was best, as that epoch left it.
func TestBestOfARun(t *testing.T) {
	o := evaluated(t)
	saved := map[int]map[string][]float32{} // by epoch
	w := o.Watch.(*watched)
	w.step = func() {
		if s := w.steps[len(w.steps)-1]; s.Epoch > 0 && s.Step == 0 {
			values := map[string][]float32{}
			for name, v := range parameters(t, filepath.Join(o.Out, checkpointFile(s.Epoch))) {
				if of, ok := strings.CutPrefix(name, "param."); ok {
					values[of] = v
				}
			}
			saved[s.Epoch-1] = values
		}
	}
	trained(t, o)
	saved[2] = parameters(t, filepath.Join(o.Out, modelfile.Name))
	best, score := 0, math.Inf(-1)
	for _, e := range log(t, o) {
		if e.Metrics != nil && (e.Metrics.Static.UAR+e.Metrics.Dynamic.UAR)/2 > score {
			best, score = e.Epoch, (e.Metrics.Static.UAR+e.Metrics.Dynamic.UAR)/2
		}
	}
	require.Len(t, saved, 3)
	require.Equal(t, saved[best], parameters(t, filepath.Join(o.Out, bestFile)), "epoch %d", best)
	f, err := modelfile.Open(filepath.Join(o.Out, bestFile))
	require.NoError(t, err)
	defer f.Close()
	d, err := modelfile.Describe(f)
	require.NoError(t, err)
	require.Equal(t, o.Recipe, d.Recipe)
	require.Equal(t, data.DFEW, d.Labels[data.Video])
}

// The first evaluation is the best so far, even if all of it is wrong.
func TestFirstIsBest(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	r := prepared(t, o)
	require.NoError(t, r.begin())
	r.evaluate = func(context.Context) (*infer.Report, error) { return &infer.Report{Static: &infer.Score{}}, nil }
	_, err := r.score(t.Context(), 0)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(o.Out, bestFile))
	require.Equal(t, train.Progress{HasBest: true}, r.progress)
}

// An evaluation lies after the steps of all epochs up to its own.
func TestEvaluations(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Train.Epochs, r.Train.EvalEvery, r.Data.DrawnTest = 3, 2, 5
	o := options(t, r)
	_, err := Train(t.Context(), o)
	require.NoError(t, err)
	all, err := Evaluations(o.Out)
	require.NoError(t, err)
	curves, err := Curves(o.Out)
	require.NoError(t, err)
	steps := float64(len(curves[0].Steps) + len(curves[1].Steps))
	require.Len(t, all, 2)
	require.Equal(t, [2]int{1, 2}, [2]int{all[0].Epoch, all[1].Epoch})
	require.Equal(t, [2]float64{steps * 2 / 3, steps}, [2]float64{all[0].Steps, all[1].Steps})
	require.Equal(t, 5, all[0].Report.Static.N)

	log := contents(t, o.Out)[logFile]
	first, rest, _ := strings.Cut(log, "\n")
	text := first + "\n" + `{"format":"mien-skipped-1","epoch":0,"step":0,"skipped":{"path":"a"}}` + "\n" + rest
	require.NoError(t, os.WriteFile(filepath.Join(o.Out, logFile), []byte(text), 0o644))
	again, err := Evaluations(o.Out)
	require.NoError(t, err)
	require.Equal(t, all, again, "an unreadable sample is no step")
	same, err := Curves(o.Out)
	require.NoError(t, err)
	require.Equal(t, curves, same)
	_, err = Evaluations(t.TempDir())
	require.Error(t, err)
}
