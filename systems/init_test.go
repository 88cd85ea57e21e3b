package systems

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// moments returns the largest magnitude and the standard deviation of a parameter's values.
func moments(t *testing.T, p nn.Param) (largest, deviation float64) {
	values, err := engine.Read[float64](p.Data())
	require.NoError(t, err)
	mean := 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return largest, math.Sqrt(deviation)
}

// wantStart is the initial distribution of a parameter in the released code: the bound of a uniform one, or the deviation of a
// normal one; both are 0 for a constant. Classifiers of small width start with a larger deviation: see nn.InitStd.
func wantStart(r recipe.Recipe, name string, shape []int) (bound, deviation float64) {
	in := float64(engine.Elements(shape[1:]))
	switch {
	case strings.HasSuffix(name, ".conv0_0.bias"), strings.HasSuffix(name, ".conv0_1.bias"):
		return 1 / math.Sqrt(float64(r.Model.Dim)), 0
	case strings.HasSuffix(name, ".conv1x1.bias"):
		return 1 / math.Sqrt(float64(r.Model.Prompter.Width)), 0
	case name == "patch_embed_prompt.proj.bias":
		return 1 / math.Sqrt(float64(2*r.Model.Prompter.LandmarkWidth)), 0
	case strings.HasSuffix(name, "patch_embed.proj.bias"):
		return 1 / math.Sqrt(float64(48*r.Model.Tubelet)), 0
	case len(shape) == 1:
		return 0, 0
	case r.System == "mobilefacenet" && len(shape) == 4: // depth-wise
		return 1 / math.Sqrt(in/float64(shape[3])), 0
	case r.System == "mobilefacenet":
		return 1 / math.Sqrt(in), 0
	case strings.Contains(name, ".conv0_"), strings.Contains(name, ".conv1x1."):
		return math.Sqrt(6 / (in + float64(shape[0]))), 0
	case name == "temporal_embedding":
		return 0, 0.02
	case strings.HasSuffix(name, "patch_embed.proj.weight"), name == "patch_embed_prompt.proj.weight", name == "encoder_to_decoder.weight":
		return 1 / math.Sqrt(in), 0
	case strings.HasSuffix(name, "adapter.up.weight"), strings.HasSuffix(name, "adapter.predictor.weight"):
		return 0, 0
	case strings.Contains(name, ".adapter."):
		return 1 / math.Sqrt(in), 0
	case name == "mask_token":
		return 0, 0.02 * 0.53956 // truncated at one deviation
	case r.System == "mae":
		return math.Sqrt(6 / (in + float64(shape[0]))), 0
	}
	return 0, map[int]float64{64: 1.0 / 8, 384: 0.02}[r.Model.Dim]
}

// Every parameter is initialised as in the released code, on either side of the width at which classifiers change the rule.
func TestStartingValues(t *testing.T) {
	for _, dim := range []int{64, 384} {
		for _, s := range All {
			r := tiny[s.Name]
			r.Model.Dim, r.Model.DecoderDim, r.Model.LandmarkWidth = dim, 48, 24
			if r.Model.Prompter != nil {
				r.Model.Prompter = &recipe.Prompter{Width: 96, LandmarkWidth: 4}
			}
			checkStart(t, s, r)
		}
	}
}

// wantConstant is what all numbers of a parameter begin as.
func wantConstant(name string) float64 {
	switch norm := strings.Contains(name, "norm") || strings.HasPrefix(name, "ln_post."); {
	case strings.HasSuffix(name, "fovea.smooth"):
		return 10
	case strings.HasSuffix(name, ".slope"):
		return 0.25
	case strings.HasSuffix(name, ".linear.bias"): // the middle of the frame
		return 0.5
	case strings.HasSuffix(name, ".bn.weight"), strings.HasSuffix(name, ".running_var"):
		return 1
	case norm && strings.HasSuffix(name, ".weight"):
		return 1
	}
	return 0
}

func checkStart(t *testing.T, s *system.System, r recipe.Recipe) {
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 2})
	s.Build(scope, r)
	streams := map[string]string{}
	for _, p := range scope.Params() {
		if p.Name == "pos_embed" || p.Extractor {
			continue // a table: TestSinusoidOfGrid in package vit; and what a file gives
		}
		largest, deviation := moments(t, p)
		bound, want := wantStart(r, p.Name, p.Shape())
		switch {
		case bound > 0:
			require.LessOrEqual(t, largest, bound*(1+1e-6), "%s of %s", p.Name, s.Name)
			require.Greater(t, largest, 0.9*bound, "%s of %s", p.Name, s.Name)
			require.InEpsilon(t, bound/math.Sqrt(3), deviation, 0.2, "%s of %s", p.Name, s.Name)
		case want > 0:
			require.InEpsilon(t, want, deviation, 0.25, "%s of %s", p.Name, s.Name)
		default:
			require.InDelta(t, 0, deviation, 1e-12, "%s of %s", p.Name, s.Name)
			require.Equal(t, wantConstant(p.Name), largest, "%s of %s", p.Name, s.Name)
			continue
		}
		values, err := engine.Read[float64](p.Data())
		require.NoError(t, err)
		start := fmt.Sprintf("%.5g", values[0]/values[1]) // whatever the spread
		require.Empty(t, streams[start], "%s is drawn like %s", p.Name, streams[start])
		streams[start] = p.Name
	}
}
