package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"mien/engine"
	"mien/report"
)

// console is the environment of a command: where it writes, and its backend.
type console struct {
	ctx     context.Context
	stdout  *checked
	stderr  io.Writer
	backend engine.Backend
	hint    atomic.Pointer[string] // what to do after an interruption, if there is anything to say
	drain   atomic.Int64           // nanoseconds that the command has, besides grace, to end after a signal
}

// endsWithin gives the command this time, and grace, to end after a signal.
func (out *console) endsWithin(d time.Duration) { out.drain.Store(int64(d)) }

// checked passes on what is written and keeps the first error, such as that of a full disk, after which it writes no more. Functions
// that print need not check: the command reports the error at its end.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(p []byte) (n int, err error) {
	if c.err != nil {
		return 0, c.err
	}
	if n, err = c.Writer.Write(p); err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err
		}
		c.err = fmt.Errorf("standard output: %w", err)
	}
	return n, c.err
}

// print prints a result: as JSON, or as a table of rows.
func (out *console) print(asJSON bool, result any, header []string, rows ...[]string) error {
	if asJSON {
		return json.NewEncoder(out.stdout).Encode(result)
	}
	report.Table(out.stdout, header, rows)
	return nil
}

// note prints what the user should know, unless the command is to be quiet.
func (out *console) note(quiet bool, text string) {
	if !quiet {
		fmt.Fprintf(out.stderr, "mien: %s\n", text)
	}
}

// cells formats a row of a table; tabs separate its cells.
func cells(format string, args ...any) []string {
	return strings.Split(fmt.Sprintf(format, args...), "\t")
}

// badInputs is the error of a command that could not use some of its inputs, or all of some, and has reported each of them.
type badInputs struct{ bad, damaged, all int }

func (e *badInputs) Error() string {
	text := fmt.Sprintf("%d of %d inputs failed", e.bad, e.all)
	switch {
	case e.damaged > 0 && e.bad > 0:
		text += fmt.Sprintf(", and %d were used in part", e.damaged)
	case e.damaged > 0:
		text = fmt.Sprintf("%d of %d inputs were used in part", e.damaged, e.all)
	}
	return text
}

// meter shows the progress of a command, and prints its complaints above the bar.
type meter struct {
	*report.Progress // nil for none
	stderr           io.Writer
}

func newMeter(out *console, total int, description string, quiet bool) meter {
	if quiet {
		return meter{stderr: out.stderr}
	}
	return meter{report.NewProgress(out.stderr, total, description), out.stderr}
}

func (m meter) Add(n int) {
	if m.Progress != nil {
		m.Progress.Add(n)
	}
}

func (m meter) complain(err error) {
	line := "mien: " + report.Printable(err.Error())
	if m.Progress != nil {
		m.Progress.Print(line)
	} else {
		fmt.Fprintln(m.stderr, line)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
