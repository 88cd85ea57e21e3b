package infer

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/system"
)

// Every token of every view has different experts for its choices, and they are those that the routers choose for the sample; a model
// without experts has none.
func TestRoutes(t *testing.T) {
	m := openModel(t, published)
	require.Equal(t, []int{4, 2}, []int{m.Recipe.Model.Experts, m.Recipe.Model.TopK})
	for tokens, set := range map[int]*data.Dataset{100: images(t, 3), 2 * 800: videos(t, "path,id", 3, 0)} {
		choices, err := m.Routes(t.Context(), set, 1)
		require.NoError(t, err)
		require.Len(t, choices, 2)
		views, err := m.open(t.Context(), set, 1)
		require.NoError(t, err)
		tape := ag.NewInferenceTape(m.backend, engine.Full)
		b := &system.Batch{Modality: set.Modality, Views: views}
		routes := m.Net.(system.Sparse).Routes(b.Pixels(tape), set.Modality, engine.Key{})
		for block, experts := range choices {
			require.Len(t, experts, 2*tokens)
			flat, err := engine.Read[int32](routes[block].Data())
			require.NoError(t, err)
			seen := map[int32]bool{}
			for i := range experts {
				require.Equal(t, flat[i]%4, experts[i])
				require.True(t, 0 <= experts[i] && experts[i] < 4)
				require.NotEqual(t, experts[i], experts[i^1])
				seen[experts[i]] = true
			}
			require.Greater(t, len(seen), 2)
		}
		require.NotEqual(t, choices[0], choices[1])
		tape.Close()
		other, err := m.Routes(t.Context(), set, 0)
		require.NoError(t, err)
		require.NotEqual(t, other, choices)
	}

	plain := Of(struct{ system.Classifier }{m.Net}, m.Description, m.backend)
	choices, err := plain.Routes(t.Context(), images(t, 1), 0)
	require.NoError(t, err)
	require.Nil(t, choices)
}

// The likeliest come first, of equals the one with the smaller number; there are no more than classes.
func TestRanks(t *testing.T) {
	p := Prediction{Labels: []string{"a", "b", "c", "d"}, Probabilities: []float64{0.2, 0.1, 0.5, 0.2}}
	all := []Rank{{"c", 0.5}, {"a", 0.2}, {"d", 0.2}, {"b", 0.1}}
	for k, want := range map[int][]Rank{0: {}, 1: all[:1], 3: all[:3], 4: all, 9: all} {
		require.Equal(t, want, p.Ranks(k))
	}
}
