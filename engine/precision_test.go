package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

func TestParsePrecision(t *testing.T) {
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		got, err := engine.ParsePrecision(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err := engine.ParsePrecision("f16")
	require.ErrorContains(t, err, "choose f32, bf16 or int8")
}

// A text replaces whatever precision was there, and what is no precision leaves the full one.
func TestTextsOfPrecisions(t *testing.T) {
	for before, name := range []string{"f32", "bf16", "int8"} {
		for want, text := range []string{"f32", "bf16", "int8"} {
			p := engine.Precision(before)
			require.NoError(t, p.UnmarshalText([]byte(text)))
			require.Equal(t, engine.Precision(want), p, "%s after %s", text, name)
			back, err := p.MarshalText()
			require.NoError(t, err)
			require.Equal(t, text, string(back))
		}
		p := engine.Precision(before)
		require.Error(t, p.UnmarshalText([]byte("half")))
		require.Equal(t, engine.Full, p)
	}
}

func TestUnknownPrecisionHasAName(t *testing.T) {
	require.Equal(t, "Precision(9)", engine.Precision(9).String())
}
