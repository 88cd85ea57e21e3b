package feadapter

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/system"
)

// A mean over frames gives the same answer to an onset and to the offset that is its reverse, also behind adapters that see a frame by itself;
// adapters that convolve over time do not. bench/reversed shows that they learn the difference.
func TestOnlyTimeTellsOnsetFromOffset(t *testing.T) {
	pair := drawn.Reversed(3, 2, 4, drawn.MinSize)
	for name, blind := range map[string]bool{"image": true, "plain": true, "fe": false, "st": false} {
		b := cpu.New()
		m, _ := golden.Load[*classifier](t, b, "feadapter_"+name+"_tiny.safetensors", System, goldenRecipe(name))
		var batch system.Batch
		for _, item := range pair.Items {
			sample, err := item.Open(t.Context(), data.OpenOptions{H: 12, W: 12})
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{0, 1, 2, 3})
			require.NoError(t, err)
			batch.Views = append(batch.Views, f.View())
		}
		tape := ag.NewTape(b)
		logits, err := engine.Read[float64](m.Logits(batch.Pixels(tape), data.Video, engine.Key{}).Data())
		require.NoError(t, err)
		largest := 0.0
		for c := range 5 {
			largest = max(largest, logits[c]-logits[5+c], logits[5+c]-logits[c])
		}
		require.Equal(t, blind, largest < 1e-5, "%s: logits differ by %g", name, largest)
		if !blind {
			require.Greater(t, largest, 1e-3, name)
		}
		tape.Close()
	}
}
