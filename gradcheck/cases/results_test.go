package cases_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/gradcheck"
	"mien/gradcheck/cases"
)

var update = flag.Bool("update", false, "write testdata/results.txt")

// TestResults compares what the cases compute with results.txt: how many outputs and gradients, and a weighted sum of each. A case that
// computes something else checks something else. `go test ./gradcheck/cases -run TestResults -update` writes those of new cases.
func TestResults(t *testing.T) {
	var text strings.Builder
	for _, c := range append(gradcheck.Ops(), cases.Layers()...) {
		tensors, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
		require.NoError(t, err)
		var gradients []float64
		for _, g := range tensors[1:] {
			gradients = append(gradients, g.Values...)
		}
		fmt.Fprintf(&text, "%s: outputs %s, gradients of %d tensors %s\n", c.Name, weighted(tensors[0].Values), len(tensors)-1, weighted(gradients))
	}
	const path = "testdata/results.txt"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String())
}

// weighted gives neighbours different weights, so that their order counts.
func weighted(values []float64) string {
	sum := 0.0
	for i, v := range values {
		sum += v * float64(i%7+1)
	}
	return fmt.Sprintf("[%d] %.5f", len(values), math.Round(sum*1e5)/1e5+0) // no negative zero
}
