package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// However short a run is made, a warm-up on drawn faces leaves epochs for the lists.
func TestEpochsLeaveSomeForTheLists(t *testing.T) {
	for epochs, drawn := range map[int]int{1: 0, 2: 1, 3: 1, 10: 6, 40: 24, 80: 48} {
		o, err := trainFlags{Recipe: "london-finetune", Epochs: epochs}.options(nil)
		require.NoError(t, err)
		require.Equal(t, epochs, o.Recipe.Train.Epochs)
		require.Equal(t, drawn, o.Recipe.Train.DrawnEpochs, "of %d", epochs)
	}
}
