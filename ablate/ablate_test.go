package ablate

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/recipe"
	"mien/run"
	"mien/train"
)

// watched records a study, and calls step after each step of a run.
type watched struct {
	runs []string
	step func()
}

func (w *watched) Checked(int, int)             {}
func (w *watched) Sources([]run.Source)         {}
func (w *watched) Start(int, int)               {}
func (w *watched) Saved(int)                    {}
func (w *watched) Evaluated(int, *infer.Report) {}
func (w *watched) Print(string)                 {}

func (w *watched) Step(train.Step, data.Modality) {
	if w.step != nil {
		w.step()
	}
}

func (w *watched) Run(row string, seed uint64, kind string, done, all int) {
	w.runs = append(w.runs, fmt.Sprintf("%s %d %s, %d of %d", row, seed, kind, done, all))
}

// blinks is a study of the ablation in testdata, into a new folder.
func blinks(t *testing.T, seeds ...uint64) Study {
	t.Helper()
	a, err := recipe.LoadAblation("testdata/ablation.toml")
	require.NoError(t, err)
	b := cpu.New()
	t.Cleanup(func() { b.Close() })
	return Study{Ablation: a, Seeds: seeds, Observer: &watched{},
		Options: run.Options{Backend: b, Out: filepath.Join(t.TempDir(), "study")}}
}

// alone carries out the study.
func (s Study) alone(ctx context.Context) (*Result, error) {
	results, err := Run(ctx, s)
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// tuned is the run folder of a row's fine-tuning.
func (s Study) tuned(row string, seed uint64) string {
	return s.folder(place{row, seed, recipe.Finetune})
}

// models returns digests of all models of a folder, by path.
func models(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "model.safetensors"))
	require.NoError(t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		name, err := filepath.Rel(dir, filepath.Dir(path))
		require.NoError(t, err)
		all[filepath.ToSlash(name)] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return all
}

func must(r recipe.Recipe, err error) recipe.Recipe {
	if err != nil {
		panic(err)
	}
	return r
}

// Each row is carried out for each seed, in the order given; rows with one pre-training share it; and the table has what the runs
// measured.
func TestStudy(t *testing.T) {
	s := blinks(t, 7, 3)
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	var want []string
	for i, seed := range s.Seeds {
		for j, run := range []string{"scratch %d finetune", "vit %d pretrain", "vit %d finetune", "images %d pretrain", "images %d finetune", "one %d finetune"} {
			want = append(want, fmt.Sprintf(run+", %d of 12", seed, 6*i+j))
		}
	}
	require.Equal(t, want, s.Observer.(*watched).runs)
	digests := map[string]bool{}
	for _, digest := range models(t, s.Out) {
		digests[digest] = true
	}
	require.Len(t, digests, 12, "all models differ")

	require.Equal(t, []string{"mien-ablation-1", "blinks", "Blinks", "no paper"}, []string{result.Format, result.Name, result.Title, result.Source})
	require.Equal(t, []uint64{7, 3}, result.Seeds)
	require.Len(t, result.Rows, 4)
	require.Equal(t, &recipe.Millions{Active: 3, Total: 4.5}, result.Rows[1].Published)
	require.Equal(t, 2.5, *result.Rows[2].PublishedTFLOPs)
	for i, name := range []string{"scratch", "vit", "images", "one"} {
		row := result.Rows[i]
		require.Equal(t, name, row.Name)
		require.Equal(t, s.Ablation.Rows[i].Paper, row.Paper)
		require.Equal(t, s.Ablation.Rows[i].Parameters, row.Published)
		require.Equal(t, s.Ablation.Rows[i].TFLOPs, row.PublishedTFLOPs)
		var static, dynamic []float64
		for _, seed := range s.Seeds {
			state, err := run.ReadState(s.tuned(name, seed))
			require.NoError(t, err)
			require.Equal(t, seed, state.Recipe.Seed)
			require.Equal(t, row.Parameters, state.Metrics.Parameters)
			final := state.Metrics.Final
			if name == "vit" {
				require.Nil(t, final.Static)
			} else {
				static = append(static, final.Static.UAR)
			}
			dynamic = append(dynamic, final.Dynamic.WAR)
		}
		require.Equal(t, dynamic, row.Dynamic.WAR.Values)
		require.Equal(t, (dynamic[0]+dynamic[1])/2, row.Dynamic.WAR.Mean)
		if static == nil {
			require.Nil(t, row.Static)
		} else {
			require.Equal(t, static, row.Static.UAR.Values)
		}
	}
	const expert = 2*16*6 + 6 + 16 // one block has four, of which two or one are used
	scratch, vit, one := result.Rows[0], result.Rows[1], result.Rows[3]
	require.Equal(t, scratch.Parameters-2*expert, scratch.ActiveParameters)
	require.Equal(t, one.Parameters-3*expert, one.ActiveParameters)
	require.Equal(t, vit.Parameters, vit.ActiveParameters)

	require.Zero(t, *scratch.PretrainingMACs)
	_, net, err := outline(must(recipe.Load("testdata/pretrain.toml")))
	require.NoError(t, err)
	images := float64(2 * 3 * 4 * net.MACs(data.Image)) // 2 epochs of 3 batches of 4
	require.Equal(t, images, *result.Rows[2].PretrainingMACs)
	require.Equal(t, images+float64(2*3*6*net.MACs(data.Video)), *one.PretrainingMACs)
	require.Equal(t, *one.PretrainingMACs, *vit.PretrainingMACs)

	faces := func(set string, m data.Modality, samples int) run.Source {
		return run.Source{Set: set, Modality: m, Origin: run.DrawnFaces, Samples: samples, Classes: 7}
	}
	require.Equal(t, []run.Source{faces("training", data.Image, 12), faces("training", data.Video, 9)}, result.Pretrain)
	require.Equal(t, []run.Source{faces("training", data.Image, 15), faces("validation", data.Image, 11),
		faces("training", data.Video, 10), faces("validation", data.Video, 11)}, result.Finetune)

	text, err := os.ReadFile(filepath.Join(s.Out, "ablation.json"))
	require.NoError(t, err)
	var written Result
	require.NoError(t, json.Unmarshal(text, &written))
	require.Equal(t, result, &written)
	again, err := recipe.LoadAblation(filepath.Join(s.Out, "ablation.toml"))
	require.NoError(t, err)
	require.Equal(t, s.Ablation, again, "the record is an ablation that can be run")
}

// What a pre-training costs depends on the samples of its lists of either modality, not on their classes.
func TestCostOfPretrainingOnLists(t *testing.T) {
	s := blinks(t, 1)
	s.Only = []string{"vit"}
	var images, videos strings.Builder
	for i := range 9 {
		fmt.Fprintf(&images, "clip/%03d.png %d\n", 7*i, i%2)
	}
	clips := t.TempDir()
	fmt.Fprintln(&videos, "video_name,label")
	for i := range 5 {
		name := fmt.Sprint("v", i)
		require.NoError(t, os.Mkdir(filepath.Join(clips, name), 0o755))
		for j := range 3 {
			picture, err := os.ReadFile(fmt.Sprintf("../testdata/golden/clip/%03d.png", 9*i+j))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(clips, name, fmt.Sprintf("%d.png", j)), picture, 0o644))
		}
		fmt.Fprintf(&videos, "%s,2\n", name)
	}
	list := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	s.Pretrain = data.Lists{StaticList: list("faces.txt", images.String()), StaticRoot: "../testdata/golden",
		DynamicList: list("videos.csv", videos.String()), DynamicRoot: clips}
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	_, net, err := outline(must(recipe.Load("testdata/pretrain.toml")))
	require.NoError(t, err)
	want := 2*5*4*net.MACs(data.Image) + 2*4*6*net.MACs(data.Video)
	require.Equal(t, float64(want), *result.Rows[0].PretrainingMACs,
		"2 epochs of 5 batches of 4, of 9 listed and 12 drawn images, and of 4 of 6 views of 3, of 5 listed and 9 drawn videos")
	source := func(m data.Modality, origin string, samples, classes int) run.Source {
		return run.Source{Set: "training", Modality: m, Origin: origin, Samples: samples, Classes: classes}
	}
	require.Equal(t, []run.Source{source(data.Image, s.Pretrain.StaticList, 9, 2), source(data.Image, run.DrawnFaces, 12, 7),
		source(data.Video, s.Pretrain.DynamicList, 5, 1), source(data.Video, run.DrawnFaces, 9, 7)}, result.Pretrain)
}

// Samples that could not be read are named once, whichever runs and sets had them, and the most samples and classes of an origin count.
func TestSkippedOfAStudy(t *testing.T) {
	s := blinks(t, 1)
	s.Only, s.SkipBad = []string{"images"}, 2
	list := func(name, text string) data.Lists {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return data.Lists{StaticList: path, StaticRoot: "../testdata/golden"}
	}
	s.Train = list("faces.txt", "clip/000.png 0\nclip/007.png 3\nnone.png 2\nclip/014.png 5\n")
	s.Validation = list("others.txt", "clip/021.png 0\ngone.png 1\nclip/028.png 4\nclip/035.png 4\n")
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	var skipped []string
	for _, bad := range result.Skipped {
		skipped = append(skipped, string(bad.Modality)+" "+bad.Path)
	}
	require.Equal(t, []string{"image none.png", "image gone.png"}, skipped)
	source := func(set, origin string, samples, classes int) run.Source {
		return run.Source{Set: set, Modality: data.Image, Origin: origin, Samples: samples, Classes: classes}
	}
	require.Equal(t, []run.Source{source("training", s.Train.StaticList, 3, 3), source("training", run.DrawnFaces, 12, 7)}, result.Pretrain)
	require.Equal(t, []run.Source{source("training", s.Train.StaticList, 3, 3), source("training", run.DrawnFaces, 15, 7),
		source("validation", s.Validation.StaticList, 3, 2), {Set: "training", Modality: data.Video, Origin: run.DrawnFaces, Samples: 10, Classes: 7}}, result.Finetune)

	more := []run.Source{source("training", "a", 2, 6), source("validation", "a", 9, 1), source("training", "b", 4, 4)}
	require.Equal(t, []run.Source{source("training", "a", 5, 6), source("validation", "a", 9, 1), source("training", "b", 4, 4)},
		union([]run.Source{source("training", "a", 5, 3)}, more))
	require.Equal(t, []run.Source{source("training", "a", 5, 6), source("validation", "a", 9, 1), source("training", "b", 4, 4)},
		union(more, []run.Source{source("training", "a", 5, 3)}))
}

// A study that is interrupted, wherever, and resumed ends with the bits of one that was not, and repeats no finished run.
func TestInterruptedStudy(t *testing.T) {
	whole := blinks(t, 5)
	whole.Only = []string{"images", "one"}
	want, err := whole.alone(t.Context())
	require.NoError(t, err)
	for _, stop := range []int{1, 8, 25, 40} { // 6 steps of pre-training and 12 of fine-tuning, then 12 and 12
		s := blinks(t, 5)
		s.Only = whole.Only
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		s.Observer.(*watched).step = func() {
			if n++; n == stop {
				cancel()
			}
		}
		_, err := s.alone(ctx)
		require.ErrorIs(t, err, context.Canceled, "after step %d", stop)
		s.Resume, s.Observer = true, &watched{}
		got, err := s.alone(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, models(t, whole.Out), models(t, s.Out), "after step %d", stop)
	}
}

// Rows and seeds may be added later: what is done is not done again, and the table is of what is asked for.
func TestAddedRowsAndSeeds(t *testing.T) {
	s := blinks(t, 4)
	s.Only = []string{"one"}
	_, err := s.alone(t.Context())
	require.NoError(t, err)
	before := models(t, s.Out)
	require.Contains(t, before, "vit/seed-4/pretrain", "in the folder of the first row that has it, asked for or not")
	require.Len(t, before, 2)
	steps := 0
	s.Observer = &watched{step: func() { steps++ }}
	s.Resume, s.Only = true, []string{"one", "images"}
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2*3+3*(2+2), steps, "of images alone: pre-training without videos, and fine-tuning")
	require.Equal(t, []string{"images", "one"}, []string{result.Rows[0].Name, result.Rows[1].Name}, "in the ablation's order")
	after := models(t, s.Out)
	require.Len(t, after, 4)
	for name, digest := range before {
		require.Equal(t, digest, after[name])
	}
	s.Observer = &watched{step: func() { t.Error("something is done again") }}
	s.Ablation.Title, s.Ablation.Rows = "Blinks and more", append(s.Ablation.Rows, recipe.Row{Name: "more", Scratch: true})
	result, err = s.alone(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Blinks and more", result.Title)
	record, err := recipe.LoadAblation(filepath.Join(s.Out, "ablation.toml"))
	require.NoError(t, err)
	require.Equal(t, s.Ablation, record, "the record is of the study as it was asked for last")
}

// Nothing is written into a folder of anything else, and nothing is resumed that is not there.
func TestFoldersOfOthers(t *testing.T) {
	s := blinks(t, 1)
	s.Only = []string{"scratch"}
	s.Resume = true
	_, err := s.alone(t.Context())
	require.EqualError(t, err, s.Out+" holds no ablation to resume: drop --resume to begin one there, or correct --out")
	require.NoDirExists(t, s.Out)
	require.NoError(t, os.MkdirAll(s.Out, 0o755))
	note := filepath.Join(s.Out, "note.txt")
	require.NoError(t, os.WriteFile(note, nil, 0o644))
	s.Resume = false
	_, err = s.alone(t.Context())
	require.EqualError(t, err, s.Out+" is not empty and holds no ablation: give another --out")
	require.NoError(t, os.Remove(note))
	_, err = s.alone(t.Context())
	require.NoError(t, err)
	_, err = s.alone(t.Context())
	require.EqualError(t, err, s.Out+" holds an ablation: give --resume to continue it, or another --out")
	s.Resume, s.Epochs = true, map[string]int{recipe.Finetune: 2}
	_, err = s.alone(t.Context())
	require.ErrorContains(t, err, "row scratch, seed 1: run folder "+s.tuned("scratch", 1)+" belongs to another run: train.epochs is 3 there and 2 here")
}

func TestSpread(t *testing.T) {
	require.Equal(t, Spread{Mean: 4, Deviation: 3, Values: []float64{7, 1, 4}}, newSpread([]float64{7, 1, 4}))
	require.Equal(t, Spread{Mean: 7, Deviation: 0, Values: []float64{7}}, newSpread([]float64{7}))
}
