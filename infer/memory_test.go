package infer

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
)

// Closing a model releases all its memory, and a prediction keeps none.
func TestCloseGivesMemoryBack(t *testing.T) {
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		b := cpu.New()
		m, err := Open(published, b, &p)
		require.NoError(t, err)
		held := b.Stats().LiveBytes
		require.Positive(t, held)
		for _, d := range []*data.Dataset{images(t, 1), videos(t, "path,id", 2)} {
			predict(t, m, d, 0)
			require.Equal(t, held, b.Stats().LiveBytes)
			choices, err := m.Routes(t.Context(), d, 0)
			require.NoError(t, err)
			require.Len(t, choices, 2)
			require.Equal(t, held, b.Stats().LiveBytes)
		}
		_, err = m.Evaluate(t.Context(), data.Sets{Image: images(t, 3)})
		require.NoError(t, err)
		reference := cpu.New()
		m.Reference, err = Open(published, reference, nil)
		require.NoError(t, err)
		m.Close()
		require.Zero(t, b.Stats().LiveBytes)
		require.Zero(t, reference.Stats().LiveBytes)
	}
}

var errFull = errors.New("it is full")

// scarce is a backend that runs out of memory after a number of allocations.
type scarce struct {
	engine.Backend
	left int
}

func (s *scarce) Alloc(bytes int) (engine.Buffer, error) {
	if s.left--; s.left < 0 {
		return nil, errFull
	}
	return s.Backend.Alloc(bytes)
}

// Running out of memory while opening a model, predicting, evaluating or reading routes is one error that says what to do.
func TestMemoryEnds(t *testing.T) {
	face, _, err := data.Open(t.Context(), filepath.Join(goldenDir, "face.png"), data.OpenOptions{H: 160, W: 160})
	require.NoError(t, err)
	set := images(t, 1)
	b := &scarce{Backend: cpu.New()}
	refused := func(err error) {
		t.Helper()
		require.ErrorIs(t, err, errFull)
		require.ErrorContains(t, err, "has no room for ")
		require.ErrorContains(t, err, "choose a smaller batch or model")
		require.NotContains(t, err.Error(), "\n")
	}
	for enough := range 1000 {
		b.left = enough
		m, err := Open(published, b, nil)
		if err == nil {
			require.Greater(t, enough, 50)
			m.Close()
			break
		}
		refused(err)
		require.Zero(t, b.Stats().LiveBytes, "after %d allocations", enough)
	}
	b.left = 1000
	m, err := Open(published, b, nil)
	require.NoError(t, err)
	for name, ask := range map[string]func() error{
		"Predict": func() error {
			_, err := m.Predict(t.Context(), "face", face, data.Image)
			return err
		},
		"Evaluate": func() error {
			_, err := m.Evaluate(t.Context(), data.Sets{Image: set})
			return err
		},
		"Routes": func() error {
			_, err := m.Routes(t.Context(), set, 0)
			return err
		},
	} {
		failed := 0
		for ; ; failed++ {
			b.left = failed
			if err := ask(); err == nil {
				break
			} else {
				refused(err)
			}
		}
		require.Greater(t, failed, 10, name)
	}
	b.left = 1000
	m.Close()
}
