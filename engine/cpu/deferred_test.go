package cpu_test

import (
	"fmt"
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
)

// TestDeferred runs the suite on a backend that defers all work, and on some that run their queue at random points.
func TestDeferred(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	seeds := []uint64{0, 1, 2}
	if testing.Short() {
		seeds = []uint64{0, 1}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			enginetest.RunAll(t, func() engine.Backend {
				return enginetest.NewDeferred(cpu.New(), seed)
			}, enginetest.Options{Float64: true, SkipFloat64: true})
		})
	}
}

func TestDeferredDoesNothingBeforeItMust(t *testing.T) {
	for name, wait := range map[string]func(d engine.Backend, x *engine.Tensor){
		"Flush":    func(d engine.Backend, _ *engine.Tensor) { d.Flush() },
		"Sync":     func(d engine.Backend, _ *engine.Tensor) { require.NoError(t, d.Sync()) },
		"Download": func(d engine.Backend, x *engine.Tensor) { require.NoError(t, d.Download(nil, x.Buffer(), 0)) },
	} {
		inner := enginetest.NewCounting(cpu.New())
		d := enginetest.NewDeferred(inner, 0)
		x := engine.Filled(d, engine.Float32, 3, 5)
		w := d.PackWeight(x, engine.Full)
		require.Empty(t, inner.Kernels, name)
		require.Zero(t, inner.Uploads, name)
		wait(d, x)
		require.Equal(t, map[string]int{"Fill": 1, "PackWeight": 1}, inner.Kernels, name)
		w.Free()
		x.Free()
	}
}

// A tensor is NaN before anything is written to it, even where there were zeros before, and again when it was freed.
func TestDeferredPoisons(t *testing.T) {
	inner := cpu.New()
	d := enginetest.NewDeferred(inner, 0)
	x := engine.New(d, engine.Float32, 70_000)
	values, err := engine.Read[float64](x)
	require.NoError(t, err)
	for i, v := range values {
		if !math.IsNaN(v) {
			t.Fatalf("element %d of new memory is %v", i, v)
		}
	}
	d.Fill(x, 0)
	x.Free()
	require.NoError(t, d.Sync())
	again := engine.New(inner, engine.Float32, 70_000)
	values, err = engine.Read[float64](again)
	require.NoError(t, err)
	for i, v := range values {
		if !math.IsNaN(v) {
			t.Fatalf("element %d of freed memory is %v", i, v)
		}
	}
}

func TestDeferredRefusesWhatWasFreed(t *testing.T) {
	d := enginetest.NewDeferred(cpu.New(), 0)
	x, y := engine.Zeros(d, engine.Float32, 3), engine.Zeros(d, engine.Float32, 3)
	stale := engine.Borrow(d, y.Buffer(), 0, engine.Float32, 3)
	y.Free()
	require.Panics(t, func() { d.Scale(x, y, 1) })
	require.Panics(t, func() { d.Scale(x, stale, 1) })
	require.Panics(t, func() { d.Free(stale.Buffer()) })
	require.Panics(t, func() { d.Upload(stale.Buffer(), 0, []byte{1}) })
	require.Panics(t, func() { d.Scale(x, engine.Zeros(cpu.New(), engine.Float32, 3), 1) }, "of another backend")
	require.Panics(t, func() { d.Scale(x, engine.Outline(engine.Float32, 3), 1) })
	require.NoError(t, d.Sync())
}

// All memory of the inner backend is freed, including buffers freed before they were used.
func TestDeferredGivesMemoryBack(t *testing.T) {
	inner := cpu.New()
	for seed := range uint64(5) {
		d := enginetest.NewDeferred(inner, seed)
		x := engine.Filled(d, engine.Float32, 2, 3, 4)
		w, unused := d.PackWeight(x, engine.BF16), d.PackWeight(x, engine.Full)
		a, y := engine.Filled(d, engine.Float32, 1, 5, 4), engine.New(d, engine.Float32, 5, 3)
		d.Gemm(engine.GemmArgs{C: y, A: a, Packed: w, M: 5, N: 3, K: 4, LDA: 4, LDC: 3, Batch: 1})
		w.Free()
		x.Free()
		values, err := engine.Read[float32](y)
		require.NoError(t, err)
		require.Equal(t, []float32{8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8}, values)
		for _, t := range []*engine.Tensor{a, y} {
			t.Free()
		}
		unused.Free()
		require.Zero(t, d.Stats().LiveBytes)
		require.NoError(t, d.Sync())
		require.Zero(t, inner.Stats().LiveBytes)
	}
}

// Calls queued after one that panicked are still made.
func TestDeferredGoesOnAfterAPanic(t *testing.T) {
	d := enginetest.NewDeferred(cpu.New(), 0)
	x := engine.Zeros(d, engine.Float32, 2)
	d.Binary(engine.PReLU+1, x, x, x)
	d.Fill(x, 7)
	require.Panics(t, func() { d.Flush() })
	values, err := engine.Read[float32](x)
	require.NoError(t, err)
	require.Equal(t, []float32{7, 7}, values)
}
