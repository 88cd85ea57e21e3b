package ablate

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/mae"
	"mien/recipe"
	"mien/run"
)

// A study that an earlier version began with a key that it did not read goes on; a row that is added to it has to do without.
func TestUnreadKeyOfAnEarlierStudy(t *testing.T) {
	s := blinks(t, 6)
	text, err := os.ReadFile("testdata/finetune.toml")
	require.NoError(t, err)
	s.Ablation.Finetune = filepath.Join(t.TempDir(), "masked.toml")
	require.NoError(t, os.WriteFile(s.Ablation.Finetune, append(text, "tube_mask = true\n"...), 0o644))
	s.Ablation.Rows = []recipe.Row{{Name: "first", Scratch: true}}
	const unread = "system s4d (kind finetune) does not read train.tube_mask = true, unlike mae: leave it out, or set it to false"
	require.EqualError(t, s.mistake(t), "row first: "+unread)

	keys := mae.System.Keys
	defer func() { mae.System.Keys = keys }()
	mae.System.Keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == "train.tube_mask" })
	_, err = s.alone(t.Context())
	require.NoError(t, err)
	mae.System.Keys = keys

	s.Resume = true
	w := &watched{step: func() { t.Error("something is done again") }}
	s.Observer = w
	_, err = s.alone(t.Context())
	require.NoError(t, err)
	s.Observer, s.Ablation.Rows = &watched{step: func() {}}, append(s.Ablation.Rows, recipe.Row{Name: "second", Scratch: true,
		Finetune: map[string]any{"model": map[string]any{"top_k": 1}}})
	_, err = s.alone(t.Context())
	require.EqualError(t, err, "row second, seed 6: "+unread)
	require.NoDirExists(t, s.tuned("second", 6))
	s.Ablation.Rows[1].Finetune["train"] = map[string]any{"tube_mask": false}
	_, err = s.alone(t.Context())
	require.NoError(t, err)
	state, err := run.ReadState(s.tuned("second", 6))
	require.NoError(t, err)
	require.True(t, state.Finished)
}
