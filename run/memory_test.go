package run

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

var errFull = errors.New("it is full")

// scarce is a backend that runs out of memory after a number of allocations.
type scarce struct {
	engine.Backend
	left, taken int
}

func (s *scarce) Alloc(bytes int) (engine.Buffer, error) {
	if s.left--; s.left < 0 {
		return nil, errFull
	}
	s.taken++
	return s.Backend.Alloc(bytes)
}

// Running out of memory, while a model is made or initialised, in a step or in an evaluation, is one error, and the run can be
// resumed with more memory.
func TestMemoryEnds(t *testing.T) {
	whole := evaluated(t)
	want := trained(t, whole)
	counting := &scarce{Backend: cpu.New(), left: 1 << 30}
	o := evaluated(t)
	o.Backend, o.Train, o.Validation = counting, whole.Train, whole.Validation
	trained(t, o)
	places := []int{0, 1, 7, 60, 150}
	for i := range 6 {
		places = append(places, 200+(counting.taken-201)*i/5)
	}
	for _, left := range places {
		o := evaluated(t)
		o.Train, o.Validation = whole.Train, whole.Validation
		o.Backend = &scarce{Backend: cpu.New(), left: left}
		_, err := Train(t.Context(), o)
		require.ErrorIs(t, err, errFull, "after %d of %d allocations", left, counting.taken)
		require.ErrorContains(t, err, "choose a smaller batch or model, or --recompute in training")
		require.NotContains(t, err.Error(), "\n")
		o.Backend, o.Resume = cpu.New(), Begun(o.Out)
		require.Equal(t, want, trained(t, o))
	}
}

// A run releases all backend memory, however it ends.
func TestRunGivesMemoryBack(t *testing.T) {
	for name, test := range map[string]int{"s4d-tiny": 3, "s4d-tiny-pretrain": 0} {
		r := toy(t, name)
		r.Data.DrawnTest = test
		o := options(t, r)
		trained(t, o)
		require.Zero(t, o.Backend.Stats().LiveBytes)
		require.Positive(t, o.Backend.Stats().PeakBytes)

		o = options(t, r)
		interrupt(t, o, 4)
		require.Zero(t, o.Backend.Stats().LiveBytes, "interrupted")

		o.Recipe.Seed++
		o.Resume = true
		_, err := Train(t.Context(), o)
		require.Error(t, err)
		require.Zero(t, o.Backend.Stats().LiveBytes, "refused")

		o = options(t, r)
		o.Init = "none"
		_, err = Train(t.Context(), o)
		require.Error(t, err)
		o.Init, o.Recipe.Train.Freeze = "", []string{"none"}
		_, err = Train(t.Context(), o)
		require.Error(t, err)
		require.Zero(t, o.Backend.Stats().LiveBytes, "refused")

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o = options(t, r)
		_, err = Train(ctx, o)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, o.Backend.Stats().LiveBytes, "interrupted before it began")
	}
}
