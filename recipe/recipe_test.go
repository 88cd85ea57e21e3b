package recipe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedRecipes(t *testing.T) {
	for _, name := range []string{"s4d-demo", "s4d-tiny", "london-pretrain", "london-finetune", "s4d-pretrain", "s4d-dfew", "s4d-ferv39k", "s4d-mafw"} {
		require.Contains(t, Names(), name)
	}
	for _, name := range Names() {
		r, err := Load(name)
		require.NoError(t, err, name)
		require.Equal(t, name, r.Name, "a recipe is called what its file is")
		text, err := r.Text()
		require.NoError(t, err)
		again, err := Parse(text)
		require.NoError(t, err, name)
		require.Equal(t, r, again)
		require.Equal(t, r.Digest(), again.Digest())
	}
}

// The published numbers of fine-tuning and pre-training.
func TestPublishedNumbers(t *testing.T) {
	r, err := Load("s4d-dfew")
	require.NoError(t, err)
	require.InDelta(t, 4e-5, r.Train.LR, 0)
	require.InDelta(t, 0.75, r.Train.LayerDecay, 0)
	c, err := r.S4D()
	require.NoError(t, err)
	require.Equal(t, []int{6, 7, 8, 9, 10, 11}, c.MoAEBlocks)
	r, err = Load("s4d-mafw")
	require.NoError(t, err)
	require.Equal(t, 11, r.Model.VideoClasses)
	r, err = Load("s4d-ferv39k")
	require.NoError(t, err)
	require.Equal(t, 1, r.Data.Stride)
	r, err = Load("s4d-pretrain")
	require.NoError(t, err)
	require.InDelta(t, 1.2e-3, r.Train.LR, 0)
	require.InDelta(t, 0.95, r.Train.VideoMask, 0)
}

func TestMistakesAreNamed(t *testing.T) {
	good, err := Load("s4d-tiny")
	require.NoError(t, err)
	text, err := good.Text()
	require.NoError(t, err)
	for change, want := range map[string]string{
		"epochs = 3>epochs = 0":               "train.epochs is 0: it must be more than 0",
		"kind = 'finetune'>kind = 'both'":     `kind is "both": choose pretrain or finetune`,
		"image_size = 32>image_size = 30":     "image size 30 is not a multiple of the patch size 16",
		"position = 'later'>position = 'top'": `position of experts "top": choose early, middle, later or alternate`,
		"top_k = 2>top_k = 9":                 "top-k",
		"lr = 0.001>lr = 'fast'":              "lr",
		"seed = 0>sead = 0":                   "unknown key sead",
		"video_crop = 0.7>video_crop = 7.0":   "views.video_crop is 7: it must lie between 0.01 and 1",
	} {
		from, to, _ := strings.Cut(change, ">")
		require.Contains(t, string(text), from)
		_, err := Parse([]byte(strings.Replace(string(text), from, to, 1)))
		require.ErrorContains(t, err, want, change)
	}
	_, err = Load("none")
	require.ErrorContains(t, err, `recipe "none": neither a file nor one of`)
}
