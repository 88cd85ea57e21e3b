package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// commandFlags are the flags and arguments of a command, with a line that all cases begin with.
type commandFlags struct {
	command string // "" is mien itself, whose flags all commands have
	line    string
	stop    string // where on standard error the command is interrupted, or atOnce
	slow    bool   // each time that the command asks whether it is interrupted takes a minute, by a fake clock
	cases   []flagCase
}

// atOnce interrupts a command that would take long before its first step.
const atOnce = "at once"

// flagCase is what a flag or an argument is for: two ends of a line that differ in it, and how what the lines do differs. In a line
// $out is a new folder, and $name is a toy of that name. A flag that is given again replaces what it was.
type flagCase struct {
	name          string // of an argument in <>
	without, with string
	effect        effect
}

// allFlags returns those of all commands.
func allFlags() []commandFlags {
	return slices.Concat(trainingFlags(), studyFlags(), inferenceFlags(), dataFlagCases(), otherFlags())
}

// TestEveryFlagMatters gives one flag at a time and checks that the results are others, and the right ones: a flag that acts on something
// else, or has no effect, fails.
func TestEveryFlagMatters(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))) // with one core, too, --threads 1 changes something
	r := newFlagRunner(t)
	for _, c := range allFlags() {
		for _, f := range c.cases {
			t.Run(strings.TrimSpace(c.command+" "+f.name), func(t *testing.T) {
				r := r.of(t, c)
				compared := contrast{r, r.do(f.without), r.do(f.with)}
				require.True(t, f.effect(compared), "nothing differs")
			})
		}
	}
}

// Every flag and every argument of every command is tested.
func TestFlagsAreComplete(t *testing.T) {
	var tested, there []string
	for _, c := range allFlags() {
		for _, f := range c.cases {
			tested = append(tested, strings.TrimSpace(c.command+" "+f.name))
		}
	}
	slices.Sort(tested)
	eachFlag(t, func(command, name string) { there = append(there, strings.TrimSpace(command+" "+name)) })
	require.ElementsMatch(t, there, slices.Compact(tested))
	require.Greater(t, len(there), 180)
}

// eachFlag visits every flag, and every argument as <name>, of every command, that of mien itself being "".
func eachFlag(t *testing.T, visit func(command, name string)) {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("mien"), kong.Vars{"version": ""})
	require.NoError(t, err)
	require.NoError(t, kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if n, ok := node.(*kong.Node); ok {
			command := strings.TrimPrefix(strings.TrimPrefix(n.FullPath(), "mien"), " ")
			for _, flag := range n.Flags {
				visit(command, flag.Name)
			}
			for _, argument := range n.Positional {
				visit(command, "<"+argument.Name+">")
			}
		}
		return next(nil)
	}))
}

// A folder of samples without the list that names them is refused by every command that takes one, whatever other list it has.
func TestFoldersWithoutLists(t *testing.T) {
	lines := map[string]string{"pretrain": "--recipe s4d-tiny-pretrain", "finetune": "--recipe s4d-tiny", "crossval": "--recipe s4d-tiny",
		"ablate": "pretraining", "eval": "--model none", "report": "none", "data check": "", "prepare": ""}
	var tested []string
	eachFlag(t, func(command, flag string) {
		of, ok := strings.CutSuffix(flag, "-root")
		if !ok {
			return
		}
		other := strings.NewReplacer("static", "dynamic", "dynamic", "static").Replace(of)
		args := append(strings.Fields(command+" "+lines[command]), "--"+flag, "faces", "--"+other+"-list", "none")
		if command != "eval" && command != "data check" {
			args = append(args, "--out", filepath.Join(t.TempDir(), "out"))
		}
		code, _, stderr := mien(args...)
		require.Equal(t, misused, code)
		require.Equal(t, fmt.Sprintf("mien: --%s faces is given without --%s-list: a list names the samples in that folder, with their labels\n", flag, of), stderr)
		tested = append(tested, command)
	})
	require.Len(t, tested, 2*(1+2+1+3+1+1+2+1))
}

// flagRunner carries out command lines, each once.
type flagRunner struct {
	t       *testing.T
	command commandFlags
	toys    string              // the folder of all toys
	done    map[string]*outcome // by command line
}

func newFlagRunner(t *testing.T) flagRunner {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	r := flagRunner{t: t, toys: dir, done: map[string]*outcome{}}
	r.makeToys()
	return r
}

func (r flagRunner) of(t *testing.T, c commandFlags) flagRunner {
	r.t, r.command = t, c
	return r
}

// outcome is what a command line did.
type outcome struct {
	code           int
	stdout, stderr string
	out            string // the folder $out
	peak           int64  // bytes that its backend held at most
	asked          int64  // times that it asked whether it is interrupted
}

// do carries out the line of the command with this end.
func (r flagRunner) do(end string) *outcome {
	r.t.Helper()
	line := strings.Join(strings.Fields(r.command.command+" "+r.command.line+" "+end), " ")
	key := fmt.Sprint(line, r.command.slow)
	if r.done[key] == nil {
		if r.command.slow {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // for threads that wait for work stop a fake clock
			synctest.Test(r.t, func(*testing.T) { r.done[key] = r.carryOut(line) })
		} else {
			r.done[key] = r.carryOut(line)
		}
	}
	return r.done[key]
}

func (r flagRunner) carryOut(line string) *outcome {
	r.t.Helper()
	o := &outcome{out: filepath.Join(r.toys, fmt.Sprintf("out-%d", len(r.done)))}
	args := strings.Fields(line)
	for i, word := range args {
		args[i] = strings.ReplaceAll(strings.ReplaceAll(word, "$out", o.out), "$", r.toys+"/")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // which --threads changes
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.command.stop == atOnce {
		cancel()
	}
	var stdout bytes.Buffer
	stderr := &stopper{text: r.command.stop, stop: cancel}
	asked := &askedContext{Context: ctx, slow: r.command.slow}
	out := &console{ctx: asked, stdout: &checked{Writer: &stdout}, stderr: stderr}
	o.code = out.command(args)
	if text := stdout.String(); strings.HasPrefix(text, "{") {
		require.Empty(r.t, afterJSON(text), "%s: what is JSON is JSON to its end", line)
	}
	o.stdout, o.stderr, o.asked = r.short(o, stdout.String()), r.short(o, stderr.written.String()), asked.times.Load()
	if out.backend != nil {
		o.peak = int64(out.backend.Stats().PeakBytes)
	}
	return o
}

// afterJSON returns what follows the values of JSON at the beginning of a text.
func afterJSON(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	for at := int64(0); ; at = d.InputOffset() {
		if err := d.Decode(new(any)); err != nil {
			return strings.TrimSpace(text[at:])
		}
	}
}

// short writes paths as command lines do.
func (r flagRunner) short(o *outcome, text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, o.out, "$out"), r.toys+string(filepath.Separator), "$")
}

// stopper is a standard error at which a text stops the command, if there is one.
type stopper struct {
	written bytes.Buffer
	text    string
	stop    func()
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.written.Write(p)
	if s.text != "" && strings.Contains(s.written.String(), s.text) {
		s.stop()
	}
	return n, err
}

// askedContext counts how often it is asked whether it has ended.
type askedContext struct {
	context.Context
	times atomic.Int64
	slow  bool
}

func (c *askedContext) Err() error {
	c.times.Add(1)
	if c.slow {
		time.Sleep(time.Minute)
	}
	return c.Context.Err()
}

// makeToys writes what command lines refer to: recipes, faces with lists, and finished runs.
func (r flagRunner) makeToys() {
	t := r.t
	toyRecipes(t, r.toys)
	for _, line := range []string{
		"data draw --out $a --images 6 --videos 4 --frames 9 --size 18 --seed 3",
		"data draw --out $b --images 6 --videos 4 --frames 9 --size 18 --seed 4", // other faces of the same names
		"data draw --out $c --images 2 --videos 1 --frames 2 --size 18 --seed 5",
		"finetune --recipe $tune.toml --out $tuned",
		"finetune --recipe $other.toml --out $others",
		"finetune --recipe $tune.toml --static-list $a/static.txt --static-root $a --out $listed",
		"pretrain --recipe $pre.toml --out $pretrained",
		"landmarks train --recipe $marks.toml --out $marked",
		"crossval --recipe $tune.toml --static-list $a/static.txt --static-root $a --folds 2 --out $crossed",
		"ablate $mine.toml --only plain --out $studied",
		"convert --precision int8 $tuned/model.safetensors $int8.safetensors",
		"convert $others/model.safetensors $kept",
	} {
		o := r.carryOut(line)
		require.Zero(t, o.code, "%s: %s", line, o.stderr)
	}
	toyLists(t, r.toys)
	saveDataset(t, filepath.Join(r.toys, "dataset"))
	toyFaces(t, r.toys)
	for _, seed := range []uint64{3, 4} {
		writeLocator(t, filepath.Join(r.toys, fmt.Sprintf("finder%d.safetensors", seed)), seed)
	}
}

// write writes a toy.
func write(t *testing.T, path ...string) {
	t.Helper()
	last := len(path) - 1
	require.NoError(t, os.WriteFile(filepath.Join(path[:last]...), []byte(path[last]), 0o644))
}
