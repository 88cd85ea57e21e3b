package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"mien/engine"
	"mien/report"
)

// How a command ends: its exit status, and what it says on standard error.

const (
	failed  = 1
	misused = 2 // the command line is wrong, whatever the files hold that it names
	someBad = 3 // some inputs could not be used, or only in part, and the rest is done

	// The shell's exit statuses for a command ended by Ctrl-C, by SIGPIPE and by SIGTERM.
	interrupted = 130
	unheard     = 141
	terminated  = 143
)

// exits says what the exit statuses mean, for help and the man page.
var exits = []struct {
	code int
	what string
}{
	{0, "Done."},
	{failed, "Failed: nothing was done, or not all of it; also a mistake in mien."},
	{misused, "Usage: an unknown command or flag, a value that it does not take, or something missing."},
	{someBad, "Some inputs could not be used, or only in part; each is named, and the rest is done."},
	{interrupted, "Interrupted by Ctrl-C; where something is kept, a line says how to go on."},
	{unheard, "Ended because nobody reads standard output any more, as behind `head`; a file that was being written stays unfinished."},
	{terminated, "Ended by SIGTERM, likewise."},
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef returns an error of the command line: a value out of its range, flags that do not go together.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// misread adds to an error of the parser how to read about the command.
func misread(err error) error {
	command := "mien"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context.Selected() != nil {
		command = wrong.Context.Selected().FullPath()
	}
	return usagef("%w\nhint: `%s --help` says what it takes", err, command)
}

// reportError prints an error, which may have a hint on a second line, and returns the exit status.
func reportError(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	inputs, bad := errors.AsType[*badInputs](err)
	if bad && inputs.all == 1 { // which has been reported
		return failed + (someBad-failed)*inputs.damaged
	}
	text := strings.Replace(report.Printable(err.Error()), `\nhint: `, "\nhint: ", 1)
	fmt.Fprintf(stderr, "mien: %s\n", text)
	if _, usage := errors.AsType[usageError](err); usage {
		return misused
	}
	if bad && inputs.bad < inputs.all {
		return someBad
	}
	return failed
}

// reportPanic prints a bug as one line, with MIEN_DEBUG=1 with the stack trace. Running out of memory is not a bug.
func reportPanic(stderr io.Writer, p any) int {
	if e, ok := p.(*engine.AllocError); ok {
		return reportError(stderr, e)
	}
	what := "internal error:"
	if _, ok := p.(*engine.ShapeError); ok {
		what = "shapes do not fit,"
	}
	if os.Getenv("MIEN_DEBUG") == "1" { // not by a panic, whose exit status is that of a wrong command line
		fmt.Fprintf(stderr, "mien: %s %v\n\n%s", what, p, debug.Stack())
		return failed
	}
	fmt.Fprintf(stderr, "mien: %s %v\nhint: this is a mistake in mien; "+
		"please report it with the output of the same command under MIEN_DEBUG=1\n", what, p)
	return failed
}
