package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// remade is a discarded tensor that can be recomputed from another.
func remade(b engine.Backend, from *engine.Tensor, times *int) *engine.Tensor {
	t := engine.New(b, engine.Float32, from.Shape()...)
	b.Scale(t, from, 2)
	t.Discard(func() {
		*times++
		from.Restore()
		b.Scale(t, from, 2)
	})
	return t
}

// Two ops read one result: the first makes it again, the second finds it, and the last one frees it.
func TestRestoreForTwoReaders(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3}, 3)
	before, times := b.Stats().LiveBytes, 0
	y := remade(b, x, &times)
	require.Equal(t, before, b.Stats().LiveBytes, "nothing is held meanwhile")
	readers := []*engine.Tensor{y.View(3, 1), y.View(1, 3)}
	y.Free()
	for _, r := range readers {
		r.Restore()
		require.Greater(t, b.Stats().LiveBytes, before)
		values, err := engine.Read[float32](r)
		require.NoError(t, err)
		require.Equal(t, []float32{2, 4, 6}, values)
		r.Free()
	}
	require.Equal(t, 1, times)
	require.Equal(t, before, b.Stats().LiveBytes)
}

// A result that is recomputed from another discarded one, each with its own reader.
func TestRestoreOfAChain(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3}, 3)
	before, first, second := b.Stats().LiveBytes, 0, 0
	y := remade(b, x, &first)
	z := engine.New(b, engine.Float32, 3)
	z.Discard(func() { second++; y.Restore(); b.Scale(z, y, 5) })
	z.Restore()
	values, err := engine.Read[float32](z)
	require.NoError(t, err)
	require.Equal(t, []float32{10, 20, 30}, values)
	z.Free()
	y.Restore()
	y.Free()
	require.Equal(t, [2]int{1, 1}, [2]int{first, second})
	require.Equal(t, before, b.Stats().LiveBytes)
}

// The tensor is never read: there is nothing to free, and nothing may be allocated for a freed tensor.
func TestRestoreAfterTheLastFree(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3}, 3)
	before, times := b.Stats().LiveBytes, 0
	y := remade(b, x, &times)
	y.Free()
	y.Restore()
	require.Equal(t, before, b.Stats().LiveBytes, "Restore made memory that nobody frees")
	require.Zero(t, times)
	require.Panics(t, y.Free, "freed twice")
}

// Restore without memory leaves the tensor discarded, to be restored when there is some.
func TestRestoreWithoutMemory(t *testing.T) {
	b := &scarce{Backend: cpu.New()}
	x := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3}, 3)
	times := 0
	y := remade(b, x, &times)
	b.empty = true
	err := func() (err error) {
		defer engine.Catch(&err)
		y.Restore()
		return nil
	}()
	require.ErrorContains(t, err, "has no room")
	b.empty = false
	y.Restore()
	require.Equal(t, 1, times)
	y.Free()
	x.Free()
	require.Zero(t, b.Stats().LiveBytes)
}
