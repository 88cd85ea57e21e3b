package modelfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// A run folder stands for the model of its last epoch or, with train.use_best, for that of the best one, where there is one.
func TestBestOfAFolder(t *testing.T) {
	for _, useBest := range []bool{false, true} {
		r, err := recipe.Load("s4d-tiny")
		require.NoError(t, err)
		r.Train.UseBest, r.Train.BestSet, r.Train.BestBy = useBest, "dynamic", "war"
		text, err := os.ReadFile(writeModel(t, r, nil).Path)
		require.NoError(t, err)
		dir := t.TempDir()
		put := func(name string) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o666)) }
		opened := func(path string) string { return filepath.Base(open(t, path).Path) }

		put(Name)
		require.Equal(t, Name, opened(dir))
		require.Empty(t, Chosen(dir), "there is one model")
		put(BestName)
		require.Equal(t, map[bool]string{false: Name, true: BestName}[useBest], opened(dir))
		require.Equal(t, Name, opened(filepath.Join(dir, Name)), "a file is what it is")
		require.Empty(t, Chosen(filepath.Join(dir, Name)))
		require.Equal(t, filepath.Join(dir, map[bool]string{
			false: "model.safetensors is the model of the last epoch; that of the best is best.safetensors",
			true:  "best.safetensors is the model of the best epoch, as its recipe says (train.use_best); that of the last is model.safetensors",
		}[useBest]), Chosen(dir))
		require.NoError(t, os.Remove(filepath.Join(dir, Name)))
		_, err = Open(dir)
		require.ErrorContains(t, err, "is the run finished?")
		require.Empty(t, Chosen(dir))
	}
}
