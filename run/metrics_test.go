package run

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/nn"
)

// metrics.json holds what a run returns, and in what surroundings it was.
func TestMetricsOfARun(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny-pretrain"))
	o.Recipe.Seed = 6
	got, err := Train(t.Context(), o)
	require.NoError(t, err)
	r := prepared(t, options(t, o.Recipe))
	require.Equal(t, &Metrics{Format: "mien-metrics-1", Loss: got.Loss, Epochs: 2, Parameters: nn.Count(r.params),
		Environment: Environment{Version: Version(), Go: runtime.Version(), Arch: runtime.GOARCH, Backend: o.Backend.Name(), Seed: 6}}, got)
	require.Len(t, got.Loss, 2)
	text, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(text)+"\n", contents(t, o.Out)[metricsFile])
}

// The version is the commit if the build knows it, and else that of the module.
func TestVersionOfABuild(t *testing.T) {
	require.NotEqual(t, "unknown", Version())
	build := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}
	require.Equal(t, "v1.2.3", versionOf(build))
	build.Settings = []debug.BuildSetting{{Key: "vcs", Value: "a long value of another key"}, {Key: "vcs.revision", Value: "short"}}
	require.Equal(t, "v1.2.3", versionOf(build))
	build.Settings[1].Value = "0123456789ab"
	require.Equal(t, "0123456789ab", versionOf(build))
	build.Settings[1].Value = "0123456789abcdef0123456789abcdef01234567"
	require.Equal(t, "0123456789ab", versionOf(build))
}
