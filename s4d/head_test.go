package s4d

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/moae"
)

// A head with a hidden layer computes W₂·GELU(W₁·x + b₁) + b₂, and its last layer has the published names.
func TestHeadWithAHiddenLayer(t *testing.T) {
	m, params := tinyModel(func(c *Config) { c.HeadHidden = 5 })
	tape := ag.NewTape(m.FCNorm.Weight.Data().Backend())
	out := m.Forward(tinyBatch(data.Video).Pixels(tape), data.Video, moae.Pass{})
	head := m.Heads[data.Video]
	w1, b1 := read[float64](t, head.Hidden.Weight), read[float64](t, head.Hidden.Bias)
	w2, b2 := read[float64](t, head.Out.Weight), read[float64](t, head.Out.Bias)
	x, logits := read[float64](t, out.Feature), read[float64](t, out.Logits)
	dim := len(x) / 3
	require.Len(t, w1, 5*dim)
	for sample := range 3 {
		want := append([]float64(nil), b2...)
		for h := range 5 {
			v := b1[h]
			for i := range dim {
				v += w1[h*dim+i] * x[sample*dim+i]
			}
			v *= (1 + math.Erf(v/math.Sqrt2)) / 2
			for c := range want {
				want[c] += w2[c*5+h] * v
			}
		}
		require.InDeltaSlice(t, want, logits[sample*len(want):(sample+1)*len(want)], 1e-5)
	}
	var names []string
	for _, p := range params {
		if strings.HasPrefix(p.Name, "head.video.") {
			names = append(names, p.Name)
		}
	}
	require.Equal(t, []string{"head.video.hidden.weight", "head.video.hidden.bias", "head.video.weight", "head.video.bias"}, names)

	plain := tinyConfig()
	require.Equal(t, plain.MACs(18, 11)-dim*11+dim*5+5*11, m.Config.MACs(18, 11))
	for _, width := range []int{-1, 1 << 20} {
		plain.HeadHidden = width
		require.ErrorContains(t, plain.Check(), "model.head_hidden is")
	}
}
