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

// A step counts the wait for its own batches alone, and what it took since the step before.
func TestStepsSayHowLongTheyWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := cpu.New()
		defer b.Close()
		l, _ := descent(b, func(int) float64 { return 1 })
		l.Epochs, l.Steps, l.Parts = 1, 3, 2
		l.Batches = func(context.Context, int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i, minutes := range []time.Duration{0, 1, 2, 4, 0, 0} {
					time.Sleep(minutes * time.Minute)
					if !yield(i, nil) {
						return
					}
				}
			}
		}
		loss := l.Loss
		l.Loss = func(t *ag.Tape, batch int) *ag.Value {
			time.Sleep([]time.Duration{10, 0, 0, 20, 0, 30}[batch] * time.Minute)
			return loss(t, batch)
		}
		var took, waited []float64 // minutes
		l.OnStep = func(s Step, _ int) error {
			took, waited = append(took, s.Took.Minutes()), append(waited, s.Waited.Minutes())
			return nil
		}
		require.NoError(t, l.Run(t.Context(), 0))
		require.Equal(t, []float64{11, 26, 30}, took)
		require.Equal(t, []float64{1, 6, 0}, waited)
	})
}
