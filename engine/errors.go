package engine

import (
	"errors"
	"fmt"
)

// ShapeError is the value of every panic about shapes, dtypes and unknown ops inside mathematics: a mistake of the program, not of
// its input. The command recovers it once, at the top.
type ShapeError struct {
	Op   string
	Got  any
	Want any
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("%s: got %v, want %v", e.Op, e.Got, e.Want)
}

// AllocError reports that a backend had no memory for a tensor. Tensors are allocated in the middle of mathematics, which returns no
// errors, so New panics with it, and the function that starts a computation defers Catch.
type AllocError struct {
	Backend string
	Bytes   int
	Err     error
}

func (e *AllocError) Error() string {
	if broken, ok := errors.AsType[*DeviceError](e.Err); ok {
		return broken.Error()
	}
	return fmt.Sprintf("%s has no room for %.1f MiB (%v): choose a smaller batch or model, or --recompute in training",
		e.Backend, float64(e.Bytes)/(1<<20), e.Err)
}

func (e *AllocError) Unwrap() error { return e.Err }

// DeviceError is the end of a backend: its device was lost, or failed to do its work. Whatever is asked of the backend afterwards has the
// same error, memory included, where it is no lack of room.
type DeviceError struct {
	Backend string
	Err     error
}

func (e *DeviceError) Error() string { return fmt.Sprintf("%s: %v", e.Backend, e.Err) }
func (e *DeviceError) Unwrap() error { return e.Err }

// Catch, deferred, turns a panic with an *AllocError into *err. All other panics pass.
func Catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case *AllocError:
		*err = p
	default:
		panic(p)
	}
}
