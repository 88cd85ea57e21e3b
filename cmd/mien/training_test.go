package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/systems"
)

// Each flag reaches its option.
func TestOptions(t *testing.T) {
	seed := uint64(5)
	o, err := trainFlags{Recipe: "s4d-tiny", Init: "from", Out: "to", Resume: true, Epochs: new(uint(2)), Seed: &seed, Recompute: true, Precision: engine.BF16,
		dataFlags: dataFlags{"a", "b", "c", "d"}}.options(&console{}, recipe.Finetune)
	require.NoError(t, err)
	require.Equal(t, "from", o.Init)
	require.Equal(t, "to", o.Out)
	require.True(t, o.Resume)
	require.True(t, o.Recompute)
	require.Equal(t, engine.BF16, o.Precision)
	require.Equal(t, data.Lists{StaticList: "a", StaticRoot: "b", DynamicList: "c", DynamicRoot: "d"}, o.Train)
	want, err := systems.Load("s4d-tiny")
	require.NoError(t, err)
	want.Seed = 5
	want, err = want.WithEpochs(2)
	require.NoError(t, err)
	require.Equal(t, want, o.Recipe)

	o, err = trainFlags{Recipe: "s4d-tiny"}.options(&console{}, recipe.Finetune)
	require.NoError(t, err)
	want, err = systems.Load("s4d-tiny")
	require.NoError(t, err)
	require.Equal(t, want, o.Recipe)
	require.False(t, o.Resume || o.Recompute)
	require.Equal(t, engine.Full, o.Precision)
	require.True(t, o.Train.Empty())
}

// However short a run is, a warm-up on drawn faces leaves epochs for the lists, and both parts end at a low learning rate.
func TestEpochsLeaveSomeForTheLists(t *testing.T) {
	for epochs, drawn := range map[uint]int{2: 1, 3: 1, 10: 6, 40: 24, 80: 48} {
		o, err := trainFlags{Recipe: "london-finetune", Epochs: &epochs}.options(&console{}, recipe.Finetune)
		require.NoError(t, err)
		require.EqualValues(t, epochs, o.Recipe.Train.Epochs)
		require.Equal(t, drawn, o.Recipe.Train.DrawnEpochs, "of %d", epochs)
		const steps = 50
		rate := o.Recipe.Schedule(steps)
		for _, last := range []int{drawn*steps - 1, int(epochs)*steps - 1} {
			require.Less(t, rate(last), o.Recipe.Train.LR/50, "step %d of %d epochs", last, epochs)
		}
	}
	_, err := trainFlags{Recipe: "london-finetune", Epochs: new(uint(1))}.options(&console{}, recipe.Finetune)
	require.EqualError(t, err, "--epochs 1: recipe london-finetune learns from drawn faces first and from the lists then: it needs at least 2 epochs")
}

// No epochs are no run.
func TestNoEpochs(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "london-finetune", "s4d-tiny-pretrain"} {
		dir := filepath.Join(t.TempDir(), "run")
		code, _, stderr := mien(map[bool]string{true: "pretrain", false: "finetune"}[strings.HasSuffix(name, "pretrain")],
			"--recipe", name, "--epochs", "0", "--out", dir)
		require.Equal(t, 1, code)
		require.Regexp(t, `^mien: --epochs 0: .*(between 1 and|at least 2 epochs)`, stderr)
		require.NoDirExists(t, dir)
	}
}
