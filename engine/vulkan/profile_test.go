//go:build vulkan

package vulkan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestProfile counts calls and bytes of the kernels since the start, over more kernels than a batch has.
func TestProfile(t *testing.T) {
	b := open(t, Config{})
	x, y := engine.Filled(b, engine.Float32, 2, 1000), engine.Filled(b, engine.Float32, 3, 1000)
	defer x.Free()
	defer y.Free()
	times, err := b.Profile()
	require.NoError(t, err)
	require.Empty(t, times, "not asked for")
	for range 2 {
		require.NoError(t, b.StartProfile())
		for range 3 * longest {
			b.Axpy(x, 1, y)
		}
		b.Scale(y, x, 2)
		times, err = b.Profile()
		require.NoError(t, err)
		require.Len(t, times, 2)
		require.Equal(t, "axpy", times[0].Name)
		require.Equal(t, 3*longest, times[0].Calls)
		require.Equal(t, 3*longest*3*4000.0, times[0].Bytes, "x is read and written")
		require.Equal(t, "scale", times[1].Name)
		require.Equal(t, 1, times[1].Calls)
		require.Positive(t, times[0].Time)
	}
}
