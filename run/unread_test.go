package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/infer"
	"mien/mae"
	"mien/modelfile"
)

// Runs of earlier versions, which let a recipe set what they did not read.

// earlier has every system accept train.tube_mask, as an earlier version did, until the end of the test or before that.
func earlier(t *testing.T) (end func()) {
	keys := mae.System.Keys
	mae.System.Keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == "train.tube_mask" })
	end = func() { mae.System.Keys = keys }
	t.Cleanup(end)
	return end
}

// A run that an earlier version began with a key that it did not read goes on, with the key or without, to the bits of a run that never
// had it; no other begins with it, nor goes on with another such key.
func TestUnreadKeyOfAnEarlierRun(t *testing.T) {
	plain := options(t, toy(t, "s4d-tiny"))
	want := trained(t, plain)
	for _, resumed := range []bool{true, false} { // with the key
		o := options(t, plain.Recipe)
		o.Recipe.Train.TubeMask = true
		end := earlier(t)
		interrupt(t, o, 8)
		end()
		require.ErrorContains(t, Check(t.Context(), o, false), "does not read train.tube_mask = true")
		fresh := o
		fresh.Out = filepath.Join(t.TempDir(), "fresh")
		_, err := Train(t.Context(), fresh)
		require.ErrorContains(t, err, "does not read train.tube_mask = true")
		require.NoDirExists(t, fresh.Out)

		o.Resume, o.Recipe.Train.TubeMask = true, resumed
		other := o
		other.Recipe.Model.DecoderDim = 3
		_, err = Train(t.Context(), other)
		require.ErrorContains(t, err, "belongs to another run: model.decoder_dim is unset there and 3 here: resume")
		require.NoError(t, Check(t.Context(), o, false))
		require.Equal(t, want, trained(t, o))
		_, err = Train(t.Context(), o)
		require.NoError(t, err, "what is finished is left")

		state, err := ReadState(o.Out)
		require.NoError(t, err)
		require.Equal(t, resumed, state.Recipe.Train.TubeMask)
	}
}

// A run that set nothing of the kind does not go on with it.
func TestUnreadKeyIsNotAdded(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	interrupt(t, o, 8)
	o.Resume, o.Recipe.Train.TubeMask = true, true
	_, err := Train(t.Context(), o)
	require.ErrorContains(t, err, "belongs to another run: train.tube_mask is unset there and true here: resume")
}

// A model whose recipe sets what its system does not read is opened, and a run can start from it.
func TestUnreadKeyInAFile(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.TubeMask = true
	end := earlier(t)
	trained(t, o)
	end()
	m, err := infer.Open(o.Out, o.Backend, nil)
	require.NoError(t, err)
	defer m.Close()
	require.True(t, m.Recipe.Train.TubeMask)
	next := options(t, toy(t, "s4d-tiny"))
	next.Init, next.Recipe.Seed = filepath.Join(o.Out, modelfile.Name), 4
	trained(t, next)
}

// run.json leaves out what the run does not read, even where recipes always have it.
func TestIdentityIsWhatIsRead(t *testing.T) {
	for name, there := range map[string]bool{"s4d-tiny-pretrain": false, "s4d-tiny": true} {
		o := options(t, toy(t, name))
		trained(t, o)
		text, err := os.ReadFile(filepath.Join(o.Out, identityFile))
		require.NoError(t, err)
		var id identity
		require.NoError(t, json.Unmarshal(text, &id))
		_, ok := id.Recipe["data.drawn_test"]
		require.Equal(t, there, ok, name)
		require.Equal(t, "0.01", id.Recipe["train.lr"])
	}
}
