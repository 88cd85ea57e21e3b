package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
	"mien/s2d"
)

// The test binary acts as the command when a script, or a test that kills it, starts it under the name mien.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mien": main})
}

// Whole command lines with their output, in testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"edit": edit, "landmarks": landmarks, "published": published, "round": round},
		Setup: func(e *testscript.Env) error {
			golden, err := filepath.Abs("../../testdata/golden")
			e.Setenv("GOLDEN", golden)
			shared, _ := filepath.Abs("../../../shared")
			e.Setenv("SHARED", shared)
			faces, _ := filepath.Abs("../../face/testdata")
			e.Setenv("FACES", faces)
			return err
		},
		Condition: func(cond string) (bool, error) {
			if cond == "shared" {
				_, err := os.Stat("../../../shared/data")
				return err == nil, nil
			}
			return false, nil
		},
	})
}

// edit FROM TO OLD NEW… copies a file and replaces texts, in which \n is a newline.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 4 || len(args)%2 != 0 {
		ts.Fatalf("usage: edit FROM TO OLD NEW…")
	}
	text := ts.ReadFile(args[0])
	for i := 2; i < len(args); i += 2 {
		if !strings.Contains(text, args[i]) {
			ts.Fatalf("%s does not hold %q", args[0], args[i])
		}
		text = strings.ReplaceAll(text, args[i], strings.ReplaceAll(args[i+1], `\n`, "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}

// landmarks FILE WIDTH writes a landmark network of some width, as drawn.
func landmarks(ts *testscript.TestScript, _ bool, args []string) {
	width, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(writeLandmarks(ts.MkAbs(args[0]), width, 1))
}

// writeLandmarks writes a landmark network of some width, drawn by a seed.
func writeLandmarks(path string, width int, seed uint64) error {
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: seed})
	mobilefacenet.NewTrunk(s, width)
	return modelfile.Write(path, s.Params(), nil)
}

// published FILE writes a model of recipe s2d-tiny, as drawn, in the form of those of S2D's authors.
func published(ts *testscript.TestScript, _ bool, args []string) {
	r, err := recipe.Load("s2d-tiny")
	ts.Check(err)
	ts.Check(writePublished(ts.MkAbs(args[0]), r))
}

// writePublished writes the model of a recipe of system s2d, as drawn, without a landmark network and without a word on itself.
func writePublished(path string, r recipe.Recipe) error {
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 6})
	s2d.System.Build(s, r)
	own := slices.DeleteFunc(slices.Clone(s.Params()), func(p nn.Param) bool { return p.Extractor })
	return modelfile.Write(path, own, nil)
}

// round FROM TO copies a text and rounds its numbers to two decimals: kernel sets differ in the last digits.
func round(ts *testscript.TestScript, _ bool, args []string) {
	text := regexp.MustCompile(`[0-9]\.[0-9]{4,}(e-[0-9]+)?`).ReplaceAllStringFunc(ts.ReadFile(args[0]), func(number string) string {
		x, err := strconv.ParseFloat(number, 64)
		ts.Check(err)
		return fmt.Sprintf("%.2f", x)
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}

// mien runs a command line in this process.
func mien(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(context.Background(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestPanicsBecomeOneLine(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, failed, reportPanic(&stderr, "index out of range"))
	require.Contains(t, stderr.String(), "mien: internal error: index out of range\n")
	require.NotContains(t, stderr.String(), "goroutine")

	stderr.Reset()
	require.Equal(t, failed, reportPanic(&stderr, &engine.AllocError{Backend: "gpu", Bytes: 3 << 20, Err: errors.New("it is full")}))
	require.Equal(t, "mien: gpu has no room for 3.0 MiB (it is full): choose a smaller batch or model, or --recompute in training\n", stderr.String())
}

// broken is a standard output that breaks the command.
type broken struct{ cause any }

func (b broken) Write([]byte) (int, error) { panic(b.cause) }

// A panic in a command is reported once, at the top: with its stack trace only where that is asked for.
func TestPanicOfACommand(t *testing.T) {
	const hint = "\nhint: this is a mistake in mien; please report it with the output of the same command under MIEN_DEBUG=1\n"
	shape := &engine.ShapeError{Op: "add", Got: 3, Want: 4}
	for cause, want := range map[any]string{"no such thing": "internal error: no such thing", shape: "shapes do not fit, " + shape.Error()} {
		var stderr bytes.Buffer
		require.Equal(t, failed, execute(t.Context(), []string{"info"}, broken{cause}, &stderr))
		require.Equal(t, "mien: "+want+hint, stderr.String())
	}
	t.Setenv("MIEN_DEBUG", "1")
	var stderr bytes.Buffer
	require.Equal(t, failed, execute(t.Context(), []string{"info"}, broken{"no such thing"}, &stderr), "and not the 2 of a panic")
	require.Contains(t, stderr.String(), "mien: internal error: no such thing\n\ngoroutine ")
	require.Contains(t, stderr.String(), "broken.Write")
}

// The exit status says whether nothing was done, or only a part; a single bad input has been reported already.
func TestReportError(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{nil, 0, ""},
		{errors.New("it\x1b is so\nhint: do that"), failed, "mien: it\\x1b is so\nhint: do that\n"},
		{fmt.Errorf("x: %w", usagef("--n %d: %w", 3, errors.New("too many"))), misused, "mien: x: --n 3: too many\n"},
		{&badInputs{bad: 1, all: 1}, failed, ""},
		{&badInputs{bad: 2, all: 2}, failed, "mien: 2 of 2 inputs failed\n"},
		{fmt.Errorf("x: %w", &badInputs{bad: 2, all: 5}), someBad, "mien: x: 2 of 5 inputs failed\n"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, c.code, reportError(&stderr, c.err))
		require.Equal(t, c.text, stderr.String())
	}
}

// A seed fixes a run, whatever the number of threads.
func TestSameBitsForAnyThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	dir := t.TempDir()
	var serial []byte
	for _, threads := range []int{1, 2, 3, 64} {
		runtime.GOMAXPROCS(threads) // --threads takes no more than there are cores
		out := filepath.Join(dir, strconv.Itoa(threads))
		code, _, stderr := mien("finetune", "--recipe", "s4d-tiny", "--epochs", "1", "--out", out)
		require.Zero(t, code, stderr)
		model, err := os.ReadFile(filepath.Join(out, "model.safetensors"))
		require.NoError(t, err)
		if serial == nil {
			serial = model
		}
		require.True(t, bytes.Equal(serial, model), "1 and %d threads differ", threads)
	}
}

// command returns an executable that runs mien: testscript.Main selects the command by its file name.
func command(t *testing.T) string {
	exe, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(t.TempDir(), "mien")
	require.NoError(t, os.Symlink(exe, bin))
	return bin
}

// resumed adds --resume if the folder holds a run.
func resumed(args []string, dir string) []string {
	if run.Begun(dir) {
		return append(args, "--resume")
	}
	return args
}

// A run that is killed at any moment and resumed gives the same bits as an uninterrupted one.
func TestKilledAndResumed(t *testing.T) { killAndResume(t, "cpu") }

// killAndResume kills and resumes runs on a device.
func killAndResume(t *testing.T, device string) {
	bin := command(t)
	for _, kind := range []string{"pretrain", "finetune"} {
		t.Run(kind, func(t *testing.T) {
			recipe := map[string]string{"pretrain": "s4d-tiny-pretrain", "finetune": "s4d-tiny"}[kind]
			args := func(out string) []string { return []string{kind, "--recipe", recipe, "--device", device, "--out", out} }
			whole, killed := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "killed")
			start := time.Now()
			out, err := exec.Command(bin, args(whole)...).CombinedOutput()
			require.NoError(t, err, string(out))
			took := time.Since(start)

			kills := 0
			for _, share := range []float64{0.15, 0.4, 0.7, 0.3} {
				cmd := exec.Command(bin, resumed(args(killed), killed)...)
				require.NoError(t, cmd.Start())
				time.Sleep(time.Duration(share * float64(took)))
				cmd.Process.Kill()
				if cmd.Wait() != nil {
					kills++
				}
			}
			require.Positive(t, kills, "no run was killed")
			unfinished := filepath.Join(killed, ".checkpoint-2.safetensors-123") // as left by a kill during the write
			require.NoError(t, os.WriteFile(unfinished, []byte("half"), 0o644))
			out, err = exec.Command(bin, resumed(args(killed), killed)...).CombinedOutput()
			require.NoError(t, err, string(out))
			names := []string{"run.json", "model.safetensors", "log.jsonl", "recipe.toml", "metrics.json"}
			if kind == "finetune" {
				names = append(names, "best.safetensors")
			}
			for _, name := range names {
				a, err := os.ReadFile(filepath.Join(whole, name))
				require.NoError(t, err)
				b, err := os.ReadFile(filepath.Join(killed, name))
				require.NoError(t, err)
				require.True(t, bytes.Equal(a, b), "%s differs", name)
			}
			left, err := os.ReadDir(killed)
			require.NoError(t, err)
			for _, e := range left {
				require.False(t, strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "checkpoint"), "%s is left over", e.Name())
			}
		})
	}
}
