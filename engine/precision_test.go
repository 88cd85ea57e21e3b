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

func TestUnknownPrecisionHasAName(t *testing.T) {
	require.Equal(t, "Precision(9)", engine.Precision(9).String())
}
