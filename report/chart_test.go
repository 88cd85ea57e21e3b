package report

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
)

// An axis of frames marks no half of one.
func TestWholeTicks(t *testing.T) {
	var labels []string
	for _, mark := range (whole{}).Ticks(7, 15) {
		require.Equal(t, float64(int(mark.Value)), mark.Value)
		if !mark.IsMinor() {
			labels = append(labels, mark.Label)
		}
	}
	require.Equal(t, []string{"10", "15"}, labels, "without 7.5 and 12.5")
}

// The chart of a video has a line for each class, its points at the middle of the windows, in both formats.
func TestTimelineChart(t *testing.T) {
	stem := filepath.Join(t.TempDir(), "clip")
	labels := []string{"happiness", "fear", "neutral"}
	require.NoError(t, SaveTimeline(stem, "a clip", labels, []infer.Moment{
		{Window: data.Window{First: 0, Last: 14, Stride: 2}, Probabilities: []float64{0.7, 0.2, 0.1}},
		{Window: data.Window{First: 20, Last: 34, Stride: 2}, Probabilities: []float64{0.1, 0.3, 0.6}},
	}))
	text, err := os.ReadFile(stem + ".svg")
	require.NoError(t, err)
	for _, part := range append(labels, "a clip", "frame", "probability") {
		require.Equal(t, 1, strings.Count(string(text), ">"+part+"</text>"), part)
	}
	for tick, shown := range map[string]bool{"0": false, "8": true, "16": true, "24": true, "32": false} { // from frame 7 to 27
		require.Equal(t, shown, strings.Contains(string(text), ">"+tick+"</text>"), tick)
	}
	f, err := os.Open(stem + ".png")
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	require.Greater(t, m.Bounds().Dx(), m.Bounds().Dy())
}
