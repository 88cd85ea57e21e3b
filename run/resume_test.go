package run

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
)

// interrupt starts a run and cancels it, as Ctrl-C does, at a step. No memory is leaked.
func interrupt(t *testing.T, o Options, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := 0
	o.Watch = &watched{step: func() {
		if heard++; heard == step {
			cancel()
		}
	}}
	_, err := Train(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, heard, step)
}

// A run that is interrupted in the first epoch, or in the middle or at the end of an epoch, and resumed gives the same bits as
// an uninterrupted one: model, best model, log and metrics.
func TestInterruptedAndResumed(t *testing.T) {
	whole := evaluated(t)
	want := trained(t, whole)
	files := []string{identityFile, modelfile.Name, bestFile, logFile, metricsFile, recipeFile}
	steps := len(whole.Watch.(*watched).steps) / whole.Recipe.Train.Epochs
	require.GreaterOrEqual(t, steps, 6)
	for _, at := range []int{1, 3, steps, steps + 4, 2 * steps, 3*steps - 1} {
		o := evaluated(t)
		o.Train, o.Validation = whole.Train, whole.Validation
		interrupt(t, o, at)
		log, err := os.ReadFile(filepath.Join(o.Out, logFile))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(want.log, string(log)), "the log before is the beginning of the log, at step %d", at)
		require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
		o.Resume = true
		require.Equal(t, want, trained(t, o), "interrupted at step %d", at)
		for _, name := range files {
			a, err := os.ReadFile(filepath.Join(whole.Out, name))
			require.NoError(t, err)
			b, err := os.ReadFile(filepath.Join(o.Out, name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), "%s differs, interrupted at step %d", name, at)
		}
	}
}

// A finished run is left as it is, but for checkpoints that a kill left behind.
func TestFinishedRunIsLeft(t *testing.T) {
	o := evaluated(t)
	metrics, err := Train(t.Context(), o)
	require.NoError(t, err)
	steps := len(o.Watch.(*watched).steps)
	before := contents(t, o.Out)
	files := []string{identityFile, recipeFile, logFile, bestFile, modelfile.Name, metricsFile}
	require.ElementsMatch(t, files, slices.Collect(maps.Keys(before)))
	for _, name := range []string{checkpointFile(3), "." + checkpointFile(3) + "-17", "." + metricsFile + "-4"} {
		require.NoError(t, os.WriteFile(filepath.Join(o.Out, name), nil, 0o644))
	}
	w := &watched{}
	o.Resume, o.Watch = true, w
	again, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, metrics, again)
	require.Equal(t, before, contents(t, o.Out))
	require.Empty(t, w.steps)
	require.Empty(t, w.evaluated)
	require.Equal(t, []int{steps, steps}, []int{w.total, w.done})
	require.Equal(t, []string{"run folder " + o.Out + ": the run is finished"}, w.notes)
}

// contents returns the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(text)
	}
	return files
}

// renamed is a backend of another name, such as that of other kernels.
type renamed struct{ engine.Backend }

func (renamed) Name() string { return "cpu/other" }

// A run resumes only with what its bits depend on, and the error names what differs; recomputation may change.
func TestResumeOfAnother(t *testing.T) {
	pretrained := options(t, toy(t, "s4d-tiny"))
	trained(t, pretrained)
	base := evaluated(t)
	base.Init = pretrained.Out
	interrupt(t, base, 12)
	before := contents(t, base.Out)
	base.Resume = true
	other := options(t, toy(t, "s4d-tiny"))
	other.Recipe.Seed = 5
	trained(t, other)
	resolved := func(path string) string {
		path, err := filepath.EvalSymlinks(path)
		require.NoError(t, err)
		return path
	}
	weights := func(run string) string { return resolved(filepath.Join(run, modelfile.Name)) }
	edited := base.Train.StaticList
	list, err := os.ReadFile(edited)
	require.NoError(t, err)
	freeze := []string{"blocks.0.*"}
	for want, change := range map[string]func(o *Options){
		"seed is 0 there and 1 here":                                          func(o *Options) { o.Recipe.Seed++ },
		"train.lr is 0.01 there and 0.02 here":                                func(o *Options) { o.Recipe.Train.LR *= 2 },
		"model.top_k is 2 there and 1 here":                                   func(o *Options) { o.Recipe.Model.TopK = 1 },
		"train.freeze is unset there and [blocks.0.*] here":                   func(o *Options) { o.Recipe.Train.Freeze = freeze },
		"the backend is " + base.Backend.Name() + " there and cpu/other here": func(o *Options) { o.Backend = renamed{o.Backend} },
		"--precision is f32 there and bf16 here":                              func(o *Options) { o.Precision = engine.BF16 },
		"model.safetensors there and unset here":                              func(o *Options) { o.Init = "" },
		"--val-static-list is":                                                func(o *Options) { o.Validation = faceList(t, 3) },
		"--dynamic-list is ":                                                  func(o *Options) { o.Train.DynamicList = faceList(t, 4).DynamicList },
		"--static-list has another content now": func(o *Options) {
			require.NoError(t, os.WriteFile(edited, append([]byte("face.png 1\n"), list...), 0o644))
		},
		"--static-list is " + resolved(edited) + " there and unset here, --static-root is": func(o *Options) {
			o.Train.StaticList, o.Train.StaticRoot = "", ""
		},
		"--init is " + weights(base.Init) + " there and " + weights(other.Out) + " here": func(o *Options) {
			o.Init = other.Out
		},
	} {
		o := base
		change(&o)
		_, err := Train(t.Context(), o)
		require.ErrorContains(t, err, "run folder "+o.Out+" belongs to another run: ")
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, ": resume with the same, or give another --out")
		require.Equal(t, before, contents(t, o.Out), want)
		require.NoError(t, os.WriteFile(edited, list, 0o644))
	}
	o := base
	o.Recipe.Name, o.Recipe.Train.Epochs, o.Recipe.Data.Stride, o.Recipe.Data.ListRepeat, o.Recipe.Model.Balance = "other", 7, 1, 2, 1
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, "run folder "+o.Out+" belongs to another run: name is s4d-tiny there and other here, "+
		"data.list_repeat is unset there and 2 here, data.stride is 3 there and 1 here, model.balance is unset there and 1 here, 1 more: "+
		"resume with the same, or give another --out")
	o = base
	o.Resume = false
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, "run folder "+o.Out+" holds a run: give --resume to continue it, or another --out")
	o = base
	o.Recompute = true
	require.NoError(t, os.Remove(filepath.Join(o.Out, recipeFile))) // run.json identifies the run
	trained(t, o)
	require.FileExists(t, filepath.Join(o.Out, recipeFile))
}

// The same files are the same run, however their paths are spelled and wherever lists and weights lie.
func TestResumeWithOtherPaths(t *testing.T) {
	o := evaluated(t)
	o.Init = evaluatedOnce(t)
	steps := func(o Options) string { // but for the first line of the log, which has the paths
		got := trained(t, o)
		_, log, _ := strings.Cut(got.log, "\n")
		return got.model + log
	}
	want := steps(o)
	for name, change := range map[string]func(o *Options){
		"relative": func(o *Options) {
			here, err := os.Getwd()
			require.NoError(t, err)
			for _, path := range []*string{&o.Train.StaticList, &o.Train.StaticRoot, &o.Validation.DynamicList, &o.Init} {
				*path, err = filepath.Rel(here, *path)
				require.NoError(t, err)
			}
		},
		"moved": func(o *Options) {
			text, err := os.ReadFile(o.Train.DynamicList)
			require.NoError(t, err)
			o.Train.DynamicList = filepath.Join(t.TempDir(), "copy.csv")
			require.NoError(t, os.WriteFile(o.Train.DynamicList, text, 0o644))
		},
		"linked": func(o *Options) {
			root := filepath.Join(t.TempDir(), "link")
			require.NoError(t, os.Symlink(o.Train.StaticRoot, root))
			o.Train.StaticRoot, o.Init = root, filepath.Join(o.Init, modelfile.Name)
		},
	} {
		again := o
		again.Out, again.Watch = filepath.Join(t.TempDir(), "run"), &watched{}
		interrupt(t, again, 12)
		again.Resume = true
		change(&again)
		require.Equal(t, want, steps(again), name)
	}
}

// evaluatedOnce returns the folder of a short run to start from.
func evaluatedOnce(t *testing.T) string {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Seed = 8
	trained(t, o)
	return o.Out
}

// Neither more nor fewer epochs: the learning rates of those that are finished would have been others.
func TestResumeWithOtherEpochs(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	trained(t, o)
	before := contents(t, o.Out)
	for _, epochs := range []int{1, 3} {
		o.Resume = true
		o.Recipe.Train.Epochs = epochs
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, fmt.Sprintf("run folder %s belongs to another run: train.epochs is 2 there and %d here: "+
			"resume with the same, or give another --out; learning rates are laid out over all epochs, "+
			"so to learn on after a finished run begin another with --init %[1]s", o.Out, epochs))
		require.Equal(t, before, contents(t, o.Out))
	}
}

// Nothing is there to be resumed: a typo must not begin a run.
func TestResumeOfNothing(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Resume = true
	want := "run folder " + o.Out + ": nothing to resume: drop --resume to begin a run there, or correct --out"
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, want)
	require.NoDirExists(t, o.Out)
	require.NoError(t, os.Mkdir(o.Out, 0o755))
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, want)
	notes := filepath.Join(o.Out, "notes.txt")
	require.NoError(t, os.WriteFile(notes, nil, 0o644))
	for _, o.Resume = range []bool{true, false} {
		_, err = Train(t.Context(), o)
		require.ErrorContains(t, err, "run folder "+o.Out+" is not empty and holds no run of this version of mien: give another --out")
		require.Equal(t, map[string]string{"notes.txt": ""}, contents(t, o.Out))
	}
	require.NoError(t, os.WriteFile(filepath.Join(o.Out, lockFile), nil, 0o644)) // which a kill left behind
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "is not empty and holds no run of this version")
	require.Equal(t, map[string]string{"notes.txt": ""}, contents(t, o.Out))
	require.NoError(t, os.Remove(notes))
	o.Resume = true
	for _, record := range []string{"", "{}", `{"format":"mien-run-0"}`} {
		require.NoError(t, os.WriteFile(filepath.Join(o.Out, identityFile), []byte(record), 0o644))
		_, err = Train(t.Context(), o)
		require.EqualError(t, err, filepath.Join(o.Out, identityFile)+" is damaged, or of another version of mien: give another --out")
	}
}

// damage flips a bit in the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	text[len(text)/2] ^= 1
	require.NoError(t, os.WriteFile(path, text, 0o644))
}

// Checkpoints have the order of their epochs, and nothing else is taken for one.
func TestCheckpoints(t *testing.T) {
	f := folder{dir: t.TempDir()}
	for _, name := range []string{checkpointFile(9), checkpointFile(10), checkpointFile(100), bestFile,
		"checkpoint-007.safetensors", "checkpoint-11.safetensors.old", "checkpoint-x.safetensors"} {
		require.NoError(t, os.WriteFile(f.path(name), nil, 0o644))
	}
	require.Equal(t, []int{100, 10, 9}, f.checkpoints())
	require.NoError(t, f.dropCheckpoints(2))
	require.Equal(t, []int{100, 10}, f.checkpoints())
	require.Len(t, contents(t, f.dir), 6)
}

// The same weights file and the same settings on another processor are another run: its kernels round differently.
func TestArchIsPartOfARun(t *testing.T) {
	id, err := options(t, toy(t, "s4d-tiny")).identity()
	require.NoError(t, err)
	require.Empty(t, id.differences(id))
	there := id
	there.Arch = "z80"
	require.Equal(t, []string{"the processor is z80 there and " + runtime.GOARCH + " here"}, id.differences(there))
}

// A damaged checkpoint is reported, and the one before it leads to the same bits.
func TestResumeFromTheCheckpointBefore(t *testing.T) {
	whole := evaluated(t)
	want := trained(t, whole)
	require.Equal(t, []int{0, 1, 2, 3}, whole.Watch.(*watched).saved)
	steps := len(whole.Watch.(*watched).steps) / 3
	o := evaluated(t)
	o.Train, o.Validation = whole.Train, whole.Validation
	interrupt(t, o, 2*steps+3)
	o.Resume = true
	last, before := filepath.Join(o.Out, checkpointFile(2)), filepath.Join(o.Out, checkpointFile(1))
	damage(t, last)
	w := &watched{}
	o.Watch = w
	require.Equal(t, want, trained(t, o))
	require.Contains(t, w.notes, last+": damaged checkpoint: its checksum does not fit its content: going on from the checkpoint before")
	require.Equal(t, []int{1, 2, 3}, w.saved)
	require.Len(t, w.steps, 2*steps)
	a, b := contents(t, whole.Out), contents(t, o.Out)
	require.Equal(t, a[bestFile], b[bestFile])
	require.Equal(t, a[metricsFile], b[metricsFile])

	o.Out, o.Resume = filepath.Join(t.TempDir(), "run"), false
	interrupt(t, o, 2*steps+3)
	o.Resume = true
	last, before = filepath.Join(o.Out, checkpointFile(2)), filepath.Join(o.Out, checkpointFile(1))
	damage(t, last)
	damage(t, before)
	held := contents(t, o.Out)
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, before+": damaged checkpoint: its checksum does not fit its content: "+
		"no checkpoint is intact: remove them to begin the run again")
	require.Equal(t, held, contents(t, o.Out))
}

// What a run that goes on says of a damaged checkpoint comes behind what it says of its weights and heads anyway.
func TestNotesOfADamagedCheckpoint(t *testing.T) {
	pre := options(t, toy(t, "s4d-tiny-pretrain"))
	trained(t, pre)
	o := alone(t, "s4d-tiny", data.Image)
	o.Recipe.Train.Epochs, o.Init = 3, pre.Out
	interrupt(t, o, 7) // of three a epoch
	want := append(prepared(t, withOut(o, t.TempDir())).notes,
		filepath.Join(o.Out, checkpointFile(2))+": damaged checkpoint: its checksum does not fit its content: going on from the checkpoint before")
	require.Len(t, want, 5)
	damage(t, filepath.Join(o.Out, checkpointFile(2)))
	o.Resume, o.Watch = true, &watched{}
	trained(t, o)
	require.Equal(t, want, o.Watch.(*watched).notes)
}

// withOut returns options with another folder.
func withOut(o Options, dir string) Options {
	o.Out = dir
	return o
}

// Two checkpoints are kept, and one of another run is refused.
func TestForeignCheckpoint(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Epochs = 4
	interrupt(t, o, 20)
	other := o
	other.Out, other.Recipe.Seed = filepath.Join(t.TempDir(), "run"), 1
	interrupt(t, other, 20)
	require.NoFileExists(t, filepath.Join(o.Out, checkpointFile(1)))
	require.FileExists(t, filepath.Join(o.Out, checkpointFile(2)))
	require.NoError(t, os.Rename(filepath.Join(other.Out, checkpointFile(3)), filepath.Join(o.Out, checkpointFile(3))))
	o.Resume = true
	_, err := Train(t.Context(), o)
	foreign := filepath.Join(o.Out, checkpointFile(3))
	require.EqualError(t, err, foreign+" does not belong to the run beside it: remove it, or give another --out")
}

// A run folder is locked while a run works on it, and no longer.
func TestLock(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	host, err := os.Hostname()
	require.NoError(t, err)
	w := o.Watch.(*watched)
	w.step = func() {
		before := contents(t, o.Out)
		for _, resume := range []bool{false, true} {
			second := o
			second.Resume, second.Watch = resume, &watched{}
			_, err := Train(t.Context(), second)
			require.EqualError(t, err, fmt.Sprintf("run folder %s is in use by process %d on %q: wait for its end, or give another --out",
				o.Out, os.Getpid(), host))
			require.Equal(t, before, contents(t, o.Out))
		}
		w.step = nil
	}
	trained(t, o)
	lock := filepath.Join(o.Out, lockFile)
	require.NoFileExists(t, lock)

	require.NoError(t, os.WriteFile(lock, []byte("1 elsewhere\n"), 0o644)) // as a killed run leaves it
	o.Resume, o.Watch = true, &watched{}
	trained(t, o)
	require.NoFileExists(t, lock)

	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o644))
	require.NoError(t, os.Symlink(victim, lock))
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, "run folder "+o.Out+" can't be locked: "+lock+" is not a file of its own: remove it")
	require.Equal(t, "precious", contents(t, filepath.Dir(victim))["victim"])
}
