package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// However short a run is made, a warm-up on drawn faces leaves epochs for the lists, and either part ends at a low learning rate.
func TestEpochsLeaveSomeForTheLists(t *testing.T) {
	for epochs, drawn := range map[int]int{2: 1, 3: 1, 10: 6, 40: 24, 80: 48} {
		o, err := trainFlags{Recipe: "london-finetune", Epochs: epochs}.options(&console{}, recipe.Finetune)
		require.NoError(t, err)
		require.Equal(t, epochs, o.Recipe.Train.Epochs)
		require.Equal(t, drawn, o.Recipe.Train.DrawnEpochs, "of %d", epochs)
		const steps = 50
		rate := o.Recipe.Schedule(steps)
		for _, last := range []int{drawn*steps - 1, epochs*steps - 1} {
			require.Less(t, rate(last), o.Recipe.Train.LR/50, "step %d of %d epochs", last, epochs)
		}
	}
	_, err := trainFlags{Recipe: "london-finetune", Epochs: 1}.options(&console{}, recipe.Finetune)
	require.EqualError(t, err, "recipe london-finetune learns from drawn faces first and from the lists then: it needs at least 2 epochs")
}
