package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Ctrl-C and SIGTERM: every command ends within about a second, and the exit status says why.

// grace is how long a command may take to end by itself after a signal.
var grace = time.Second

// signalled is why a context ended.
type signalled struct{ os.Signal }

func (s signalled) Error() string { return s.String() }

// untilSignal returns a context that ends at the first Ctrl-C or SIGTERM. A second one kills the process.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(signalled{s})
	}()
	return ctx
}

// untilDone runs a command and returns its exit status. After a signal, a command that does not look at its context in time, as in a
// step of a large model, is left to end with the process: no file is ever half written under its name.
func (out *console) untilDone(command func() int) int {
	done := make(chan int, 1)
	go func() { done <- command() }()
	select {
	case code := <-done:
		return code
	case <-out.ctx.Done():
	}
	select {
	case code := <-done:
		return code
	case <-time.After(grace + time.Duration(out.drain.Load())):
		fmt.Fprintln(out.stderr) // after what a progress bar may have left
		return out.interrupted()
	}
}

// interrupted says how to go on and returns the exit status.
func (out *console) interrupted() int {
	if hint := out.hint.Load(); hint != nil {
		fmt.Fprintf(out.stderr, "mien: %s\n", *hint)
	}
	if s, ok := errors.AsType[signalled](context.Cause(out.ctx)); ok && s.Signal == syscall.SIGTERM {
		fmt.Fprintln(out.stderr, "mien: terminated")
		return terminated
	}
	fmt.Fprintln(out.stderr, "mien: interrupted")
	return interrupted
}
