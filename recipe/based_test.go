package recipe

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// based writes a recipe and loads it.
func based(t *testing.T, text string) (Recipe, error) {
	path := filepath.Join(t.TempDir(), "own.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	r, err := Load(path)
	if err != nil {
		require.ErrorContains(t, err, "recipe "+path+": ")
	}
	return r, err
}

// A recipe with a base is that one but for the keys that it sets, in tables too; a list is another list.
func TestBase(t *testing.T) {
	r, err := based(t, "base = 's2d-ferv39k'\nname = 'own'\n[model]\ndropout = 0.25\n[views.video.erase]\nfill = 'zero'\n"+
		"[train]\nclip = 2\nfreeze = ['cls_token']\n[train.distillation]\nstarts = [0.75]\nweights = [3]\n")
	require.NoError(t, err)
	want, err := Load("s2d-ferv39k")
	require.NoError(t, err)
	require.Equal(t, 7, want.Model.VideoClasses)
	want.Name, want.Model.Dropout, want.Train.Clip, want.Train.Freeze = "own", 0.25, 2, []string{"cls_token"}
	want.Views.Video.Erase.Fill = "zero"
	want.Train.Distillation.Starts, want.Train.Distillation.Weights = []float64{0.75}, []float64{3}
	require.Equal(t, want, r)
	again, err := Load("s2d-ferv39k")
	require.NoError(t, err)
	require.Equal(t, []float64{0.3, 0.5, 0.6, 0.8}, again.Train.Distillation.Starts, "the base is as it was")
}

// What is wrong with it is named as ever. A base is embedded, so that a recipe does not depend on another file.
func TestWrongBase(t *testing.T) {
	for text, want := range map[string]string{
		"base = 'none'\n":                        `base is "none": choose one of ablation-feadapter, `,
		"base = 's4d-tiny'\n[train]\nclop = 1\n": "unknown key train.clop",
		"base = 's4d-tiny'\n[train]\nlr = 'a'\n": "line 3, train.lr: ",
		"base = 's4d-tiny'\n[train]\nlr = 0.0\n": "train.lr is 0: it must be more than 0",
		"base = 's4d-tiny'\n[train\n":            "line 2: toml: ",
		"base = 3\n":                             "unknown key base",
	} {
		_, err := based(t, text)
		require.ErrorContains(t, err, want)
	}
	_, err := based(t, "base = '"+filepath.Join(t.TempDir(), "own.toml")+"'\n")
	require.ErrorContains(t, err, "choose one of")
	_, err = Parse([]byte("base = 's4d-tiny'\n"))
	require.ErrorContains(t, err, "unknown key base", "what a file holds is whole")
}
