package recipe

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// An unknown key names the known one that is nearest: by edits, or in another table.
func TestUnknownKeyNamesTheNearest(t *testing.T) {
	for text, want := range map[string]string{
		"[train]\nepoch = 3":                                     "unknown key train.epoch: did you mean train.epochs?",
		"[train]\nlayerdecay = 0.9":                              "unknown key train.layerdecay: did you mean train.layer_decay?",
		"[train]\nwieght_decay = 1":                              "unknown key train.wieght_decay: did you mean train.weight_decay?",
		"[train]\nlearning_rate = 1":                             "unknown key train.learning_rate",
		"[model]\npatchsize = 16":                                "unknown key model.patchsize: did you mean model.patch_size?",
		"[data]\nepochs = 3":                                     "unknown key data.epochs: did you mean train.epochs?",
		"[data]\nepoch = 3":                                      "unknown key data.epoch: did you mean train.epochs?",
		"[views.image.rand_augment]\ninterpolation = 'bilinear'": "unknown key views.image.rand_augment.interpolation: did you mean views.image.rand_augment.interpolations?",
		"[views.video]\nmagnitude = 3":                           "unknown key views.video.magnitude: did you mean views.video.rand_augment.magnitude?",
		"[views.video.erase]\nfil = 'zero'":                      "unknown key views.video.erase.fil: did you mean views.video.erase.fill?",
		"[views.vidio]\ndecode = 3":                              "unknown key views.vidio: did you mean views.video?",
		"epochs = 3":                                             "unknown key epochs: did you mean train.epochs?",
		"[trian]\nlr = 1":                                        "unknown key trian: did you mean train?",
		"trian.lr = 1":                                           "unknown key trian: did you mean train?",
		"sed = 1":                                                "unknown key sed: did you mean seed?",
		"[train]\nx = 1":                                         "unknown key train.x",
	} {
		_, err := Parse([]byte(text + "\n"))
		require.EqualError(t, err, want)
	}
	long := fmt.Sprintf("%0300d", 0)
	_, err := Parse([]byte(long + " = 1\n"))
	require.EqualError(t, err, "unknown key "+long[:200])
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"", "abc", 3}, {"abc", "", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}, {"ab", "ba", 2}} {
		require.Equal(t, c.want, distance(c.a, c.b, 9), c)
		require.Equal(t, c.want, distance(c.b, c.a, 9), c)
	}
	require.Equal(t, 2, distance("a", "abcdef", 2), "not compared")
}
