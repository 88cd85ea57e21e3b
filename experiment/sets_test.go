package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/recipe"
)

// A label without a class is told once, also where warm-up and main part have the same sets.
func TestLabelsAreCheckedOnce(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	require.Positive(t, r.Data.DrawnPictures)
	r.Model.ImageClasses = 2
	_, err = TrainingSets(r, Lists{})
	require.ErrorContains(t, err, "head has classes 0 to 1")
	require.NotContains(t, err.Error(), "\n")
}

// A warm-up draws from the drawn faces alone, in epochs of the usual length, and is over when it should be.
func TestDrawnEpochs(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.DrawnEpochs = 1
	few := drawn.Pictures(5, 32, 36)
	warm := Sets{Static: few, Dynamic: drawn.Clips(5, 8, drawnFrames, 36)}
	all := Sets{Static: join(repeat(drawn.Pictures(6, 32, 36), 3), few), Dynamic: warm.Dynamic}
	p, err := newPlan(r, Training{Main: all, Warm: warm})
	require.NoError(t, err)
	require.Equal(t, 128/r.Train.ImageBatch, p.images)
	for epoch, largest := range []int{31, 127} {
		samples := p.draw(data.Image, p.images*r.Train.ImageBatch, epoch)
		require.Len(t, samples, 128)
		top := 0
		for _, i := range samples {
			top = max(top, i)
		}
		require.Equal(t, largest, top, "epoch %d", epoch)
	}
	require.Equal(t, all.Static.Label(33), all.Static.Label(1), "a repeated sample keeps its label")
	require.Equal(t, all.Static.Name(96), few.Name(0))
}
