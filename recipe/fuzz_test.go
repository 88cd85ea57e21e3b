package recipe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// Bytes that may be allocated for a text: those of the recipe that it is based on, and some for each of its own.
const (
	allocatedAtMost = 8 << 20
	allocatedAByte  = 4000
)

// FuzzParse reads recipes: those that are taken pass their checks, and errors are one line.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		text, err := Source(name)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte("base = \"s4d-tiny\"\n[model]\ndim = 1e9\n[views]\nsize = [1, 2]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzing.Bounded(t, allocatedAtMost+allocatedAByte*len(text), func() {
			r, err := parseBased(text)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				return
			}
			require.NoError(t, r.Check())
		})
	})
}

// FuzzParseAblation reads ablations, whose rows change recipes.
func FuzzParseAblation(f *testing.F) {
	for _, name := range Ablations() {
		text, err := AblationSource(name)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a Ablation
		err := decode(text, &a)
		if err == nil {
			err = a.check()
		}
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, a.Rows)
	})
}
