package train

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine/cpu"
)

// Only the time in which a batch is awaited counts, not that in which one is used; batches and errors come as they are.
func TestTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := errors.New("failed")
		batches := func(yield func(int, error) bool) {
			for i, err := range []error{nil, failed, nil, nil} {
				time.Sleep(time.Duration(i+1) * time.Minute)
				if !yield(10*i, err) {
					return
				}
			}
		}
		var waited time.Duration
		var got []int
		for b, err := range timed(batches, &waited) {
			time.Sleep(time.Hour)
			got = append(got, b)
			require.Equal(t, b == 10, errors.Is(err, failed))
			if b == 20 {
				break
			}
		}
		require.Equal(t, []int{0, 10, 20}, got)
		require.Equal(t, 6*time.Minute, waited)
	})
}

// A step counts the wait for its own batches alone, and takes at least as long.
func TestStepsSayHowLongTheyWaited(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	l, _ := descent(b, func(int) float64 { return 1 })
	l.Epochs, l.Steps = 1, 3
	const pause = 20 * time.Millisecond
	l.Batches = func(context.Context, int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range 3 {
				if i == 1 {
					time.Sleep(pause)
				}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
	loss := l.Loss
	l.Loss = func(t *ag.Tape, batch int) *ag.Value {
		if batch == 2 {
			time.Sleep(pause)
		}
		return loss(t, batch)
	}
	var steps []Step
	l.OnStep = func(s Step, _ int) error {
		steps = append(steps, s)
		return nil
	}
	require.NoError(t, l.Run(t.Context(), 0))
	require.Len(t, steps, 3)
	for i, s := range steps {
		require.GreaterOrEqual(t, s.Took, s.Waited, "step %d", i)
	}
	require.GreaterOrEqual(t, steps[1].Waited, pause)
	require.GreaterOrEqual(t, steps[2].Took-steps[2].Waited, pause)
}
