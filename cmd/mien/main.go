// Command mien learns and reads facial expressions in images and videos.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"

	"github.com/alecthomas/kong"

	"mien/asm"
	"mien/run"
)

// cli is the grammar of the command line; each command has its own file.
type cli struct {
	Demo       demoCmd       `cmd:"" help:"Pre-train, fine-tune and evaluate on drawn faces, and write a page about it."`
	Pretrain   pretrainCmd   `cmd:"" help:"Pre-train an encoder with masked images and videos."`
	Finetune   finetuneCmd   `cmd:"" help:"Fine-tune jointly on labelled images and videos."`
	Landmarks  landmarksCmd  `cmd:"" help:"Train a network of facial landmarks on drawn faces."`
	Ablate     ablateCmd     `cmd:"" help:"Carry out a table of runs that differ in single settings, beside the papers' numbers."`
	Eval       evalCmd       `cmd:"" help:"Measure recalls of a model on labelled lists."`
	Crossval   crossvalCmd   `cmd:"" help:"Fine-tune and measure fold by fold, and pool the answers."`
	Predict    predictCmd    `cmd:"" help:"Name the expression in images and videos."`
	Report     reportCmd     `cmd:"" help:"Draw what runs learned and what their model makes of lists: a page and its figures."`
	Explain    explainCmd    `cmd:"" help:"Draw what a model looks at in images and videos."`
	Serve      serveCmd      `cmd:"" help:"Answer over HTTP, with a page for people."`
	Prepare    prepareCmd    `cmd:"" help:"Cut the faces out of a dataset's images and videos."`
	Data       dataCmd       `cmd:"" help:"Check lists and the files that they name, or draw faces with lists."`
	Info       infoCmd       `cmd:"" help:"Describe a model or a run, or list sizes and recipes."`
	Recipe     recipeCmd     `cmd:"" help:"Print an embedded recipe, or list them."`
	Gradcheck  gradcheckCmd  `cmd:"" help:"Check every gradient against finite differences."`
	Devices    devicesCmd    `cmd:"" help:"List what can compute on this machine, and test it."`
	Doctor     doctorCmd     `cmd:"" help:"Say what this machine has for mien, and test what mien computes on it."`
	Convert    convertCmd    `cmd:"" help:"Convert weights to safetensors."`
	Bench      benchCmd      `cmd:"" help:"Measure kernels and models on this machine."`
	Completion completionCmd `cmd:"" help:"Print a script that makes a shell complete commands, flags and recipes."`
	Licenses   licensesCmd   `cmd:"" help:"Print the licences and notices of all that is in this binary."`
	Man        manCmd        `cmd:"" help:"Print the manual page of all commands, for man: see docs/commands.md."`
	Complete   completeCmd   `cmd:"" hidden:""`

	Device  string           `help:"Where to compute: auto, cpu, vulkan or vulkan:N, by its number in devices." default:"auto"`
	Threads uint             `help:"Threads to compute with, at most one for each core; 0 is one for each core." default:"0"`
	Version kong.VersionFlag `help:"Print version and kernels."`
}

func main() { os.Exit(execute(untilSignal(), os.Args[1:], os.Stdout, os.Stderr)) }

// execute parses args, runs a command and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &console{ctx: ctx, stdout: &checked{Writer: stdout}, stderr: stderr}
	return out.untilDone(func() int { return out.command(args) })
}

func (out *console) command(args []string) (code int) {
	stderr := out.stderr
	defer func() {
		if p := recover(); p != nil {
			code = reportPanic(stderr, p)
		} else if code == 0 {
			code = reportError(stderr, out.stdout.err)
		}
	}()
	if err := asm.ActiveErr(); err != nil {
		return reportError(stderr, usageError{err})
	}
	var c cli
	exited := -1
	parser := kong.Must(&c, kong.Name("mien"),
		kong.Description("mien learns and reads facial expressions in images and videos."),
		kong.Writers(out.stdout, stderr), kong.Exit(func(code int) { exited = code }),
		kong.Vars{"version": fmt.Sprintf("mien %s, %s kernels, %s/%s", run.Version(), asm.F32().Name, runtime.GOOS, runtime.GOARCH)},
		kong.KindMapper(reflect.String, kong.MapperFunc(verbatim)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(printHelp))
	parsed, err := parser.Parse(orHelp(args))
	switch {
	case out.stdout.err != nil:
		return reportError(stderr, out.stdout.err)
	case exited >= 0 && len(args) == 0: // a script that says nothing has a mistake
		return misused
	case exited >= 0: // --help and --version
		return exited
	case err != nil:
		return reportError(stderr, misread(err))
	}
	useThreads(c.Threads)
	if out.backend, err = deviceOf(parsed.Command(), c.Device, stderr); err != nil {
		return reportError(stderr, err)
	}
	err = parsed.Run(out)
	closed := out.backend.Close()
	if errors.Is(err, context.Canceled) {
		return out.interrupted()
	}
	return reportError(stderr, cmp.Or(err, closed))
}

// verbatim takes an argument as it is, where kong would replace what is not UTF-8, and so name another file.
func verbatim(ctx *kong.DecodeContext, target reflect.Value) error {
	t, err := ctx.Scan.PopValue("string")
	if err == nil {
		target.SetString(t.String())
	}
	return err
}
