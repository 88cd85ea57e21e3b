package nn

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// torn is a source that fails in the middle of every parameter.
type torn struct{}

func (torn) Fill(values []float32, name string, _ []int, _ Init) error {
	values[0] = 1
	return errors.New(name)
}

// A parameter that could not be read is zero, and the first error is reported.
func TestParamOfBrokenSource(t *testing.T) {
	s := NewScope(cpu.New(), engine.Float32, torn{})
	for _, name := range []string{"first", "second"} {
		values, err := engine.Read[float32](s.Param(name, Zeros, 3).Data())
		require.NoError(t, err)
		require.Equal(t, make([]float32, 3), values)
	}
	require.EqualError(t, s.Err(), "first")
}
