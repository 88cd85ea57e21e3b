package engine_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// scarce is a backend whose memory can run out.
type scarce struct {
	engine.Backend
	empty bool
}

var errEmpty = errors.New("all of it is taken")

func (s *scarce) Name() string { return "scarce" }

func (s *scarce) Alloc(bytes int) (engine.Buffer, error) {
	if s.empty {
		return nil, errEmpty
	}
	return s.Backend.Alloc(bytes)
}

func TestCatchTurnsAllocErrorsIntoErrors(t *testing.T) {
	b := &scarce{Backend: cpu.New(), empty: true}
	err := func() (err error) {
		defer engine.Catch(&err)
		engine.New(b, engine.Float32, 3<<10, 1<<10)
		return nil
	}()
	var refused *engine.AllocError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, engine.AllocError{Backend: "scarce", Bytes: 12 << 20, Err: errEmpty}, *refused)
	require.ErrorIs(t, err, errEmpty)
	require.EqualError(t, err,
		"scarce has no room for 12.0 MiB (all of it is taken): choose a smaller batch or model, or --recompute in training")
}

// A backend at its end has no memory to give either, and says why: it is no lack of room.
func TestMemoryOfABrokenDevice(t *testing.T) {
	lost := errors.New("it was lost")
	err := error(&engine.AllocError{Backend: "gpu", Bytes: 5, Err: &engine.DeviceError{Backend: "gpu", Err: lost}})
	require.EqualError(t, err, "gpu: it was lost")
	require.ErrorIs(t, err, lost)
}

func TestCatchLetsOtherPanicsPass(t *testing.T) {
	for _, value := range []any{"a mistake", &engine.ShapeError{Op: "op"}, errEmpty} {
		var err error
		require.PanicsWithValue(t, value, func() {
			defer engine.Catch(&err)
			panic(value)
		})
		require.NoError(t, err)
	}
}

func TestCatchKeepsOtherErrors(t *testing.T) {
	err := func() (err error) {
		defer engine.Catch(&err)
		return errEmpty
	}()
	require.Equal(t, errEmpty, err)
}
