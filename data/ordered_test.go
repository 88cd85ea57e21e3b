package data

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func square(_ context.Context, i int) (int, error) { return i * i, nil }

func TestOrderedKeepsOrder(t *testing.T) {
	for _, workers := range []int{0, 1, 3, 50} {
		i := 0
		for v, err := range Ordered(t.Context(), 40, workers, 5, func(ctx context.Context, i int) (int, error) {
			if rand.IntN(2) == 0 {
				runtime.Gosched()
			}
			return square(ctx, i)
		}) {
			require.NoError(t, err)
			require.Equal(t, i*i, v)
			i++
		}
		require.Equal(t, 40, i)
	}
	for range Ordered(t.Context(), 0, 2, 2, square) {
		t.Fatal("no items")
	}
}

// While the consumer is blocked, ahead items and the next one are produced, and no more.
func TestOrderedLooksAheadSoFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started atomic.Int32
		for i := range Ordered(t.Context(), 100, 4, 3, func(ctx context.Context, i int) (int, error) {
			started.Add(1)
			return i, nil
		}) {
			synctest.Wait()
			require.Equal(t, int32(min(i+1+3, 100)), started.Load())
		}
	})
}

// synctest.Test fails when a goroutine of the loop outlives it.
func TestOrderedEndsItsGoroutines(t *testing.T) {
	slow := func(ctx context.Context, i int) (int, error) {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Duration(i+1) * time.Second):
			return i, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		for v := range Ordered(t.Context(), 100, 4, 3, slow) {
			if v == 5 {
				break
			}
		}
		require.LessOrEqual(t, runtime.NumGoroutine(), before) // those of earlier tests may end, too
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		items := 0
		for v, err := range Ordered(ctx, 100, 4, 3, slow) {
			if v == 5 {
				cancel()
			}
			last = err
			items++
		}
		require.ErrorIs(t, last, context.Canceled)
		require.Equal(t, 7, items)
	})
	synctest.Test(t, func(t *testing.T) {
		require.Panics(t, func() {
			for range Ordered(t.Context(), 100, 4, 3, slow) {
				panic("consumer")
			}
		})
	})
}

func TestOrderedErrorsStandInPlace(t *testing.T) {
	broken := errors.New("broken")
	var got []string
	for v, err := range Ordered(t.Context(), 5, 2, 2, func(_ context.Context, i int) (int, error) {
		switch i {
		case 1:
			return 0, broken
		case 3:
			var none []int
			return none[i], nil
		}
		return i, nil
	}) {
		got = append(got, fmt.Sprint(v, err))
	}
	require.Equal(t, []string{"0 <nil>", "0 broken", "2 <nil>",
		"0 item 3: panic: runtime error: index out of range [3] with length 0", "4 <nil>"}, got)
}
