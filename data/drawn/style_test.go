package drawn

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// A style changes how a person is framed, not who it is.
func TestFramingSpreads(t *testing.T) {
	spread := func(framing float64, of func(c Conditions) float64) (mean, deviation float64) {
		const n = 2000
		plain, loose := imageSet(3, MinSize), imageSet(3, MinSize).in(Style{Framing: framing})
		sum, squares := 0.0, 0.0
		for i := range n {
			a, _ := plain.person(i)
			b, _ := loose.person(i)
			require.Equal(t, a.Identity, b.Identity)
			d := of(b.Conditions) - of(a.Conditions)
			sum, squares = sum+d, squares+d*d
			b.Scale, b.X, b.Y = a.Scale, a.X, a.Y
			require.Equal(t, a, b)
		}
		mean = sum / n
		return mean, math.Sqrt(squares/n - mean*mean)
	}
	for _, framing := range []float64{0, 0.5, 1} {
		for name, c := range map[string]struct {
			of              func(c Conditions) float64
			mean, deviation float64
		}{
			"scale": {func(c Conditions) float64 { return c.Scale }, 0.06, 0.08},
			"x":     {func(c Conditions) float64 { return c.X }, 0, 0.05},
			"y":     {func(c Conditions) float64 { return c.Y }, -0.02, 0.06},
		} {
			mean, deviation := spread(framing, c.of)
			require.InDelta(t, framing*c.mean, mean, 0.01*framing, name)
			require.InDelta(t, framing*0.96*c.deviation, deviation, 0.003*framing, name) // cut at two standard deviations
		}
	}
}

// Frames of a video are framed alike, and images and videos of one number differently.
func TestFramingIsOfASample(t *testing.T) {
	y := Style{Framing: 1}
	a, _ := imageSet(3, MinSize).in(y).person(5)
	b, _ := imageSet(3, MinSize).person(5)
	c, _ := videoSet(3, 8, MinSize).in(y).person(5)
	d, _ := videoSet(3, 8, MinSize).person(5)
	require.NotEqual(t, a.Scale-b.Scale, c.Scale-d.Scale)
	differ(t, read(t, y.Images(3, 6, 32), 5, 0), read(t, Images(3, 6, 32), 5, 0))
	differ(t, read(t, y.Videos(3, 6, 8, 32), 5, 0), read(t, Videos(3, 6, 8, 32), 5, 0))
}

// Only smiles are faint, some of them.
func TestFaintSmiles(t *testing.T) {
	for _, class := range data.AffectNet7 {
		faintest, strongest := math.Inf(1), 0.0
		for i := range 400 {
			plain, a := Style{}.perform(source(uint64(i)), class), Style{Faint: 1}.perform(source(uint64(i)), class)
			if class != "happiness" {
				require.Equal(t, plain, a)
				continue
			}
			require.LessOrEqual(t, a.both(AU12), plain.both(AU12))
			faintest, strongest = min(faintest, a.both(AU12)), max(strongest, a.both(AU12))
		}
		if class == "happiness" {
			require.InDelta(t, 0.25*0.8, faintest, 0.05)
			require.InDelta(t, 1, strongest, 0.05)
		}
	}
	require.InDelta(t, 0.425, Style{Faint: 0.5}.faintest("happiness"), 1e-9)
}

// Where expressions are held, half of them last to the end of a video, and as many let go before.
func TestHeldExpressions(t *testing.T) {
	for _, c := range []struct{ held, share float64 }{{0, 0}, {1, 0.5}} {
		videos, held, shown := videoSet(1, 24, MinSize).in(Style{Held: c.held}), 0, 0
		for i := range 700 {
			class := videos.class(i)
			if class == "neutral" {
				continue
			}
			m := videos.style.newMotion(source(uint64(i)), class, videos.frames)
			shown++
			if m.level(float64(videos.frames-1), 0) > 0.9 {
				held++
			}
		}
		require.InDelta(t, c.share, float64(held)/float64(shown), 0.1)
	}
}

// Faint smiles are those of images and of videos, and what is held is so in videos alone.
func TestStylesOfSamples(t *testing.T) {
	const size, frames = MinSize, 16
	for _, c := range []struct {
		style         Style
		images        func(class string) bool // whether samples of a class change
		videos, early func(class string) bool // late in a video, and in its first frame
	}{
		{Style{Faint: 1}, happy, happy, never}, {Style{Held: 1}, never, func(string) bool { return true }, never},
	} {
		for kind, sets := range map[string][2]*data.Dataset{
			"image": {Images(4, 7, size), c.style.Images(4, 7, size)}, "video": {Videos(4, 7, frames, size), c.style.Videos(4, 7, frames, size)},
		} {
			for i, item := range sets[0].Items {
				class := sets[0].Classes[item.Label]
				alike := func(frame int) bool {
					return slices.Equal(read(t, sets[0], i, frame), read(t, sets[1], i, frame))
				}
				if kind == "image" {
					require.Equal(t, c.images(class), !alike(0), "%+v: %s of an image", c.style, class)
					continue
				}
				changed := false
				for _, frame := range []int{6, 10, 15} {
					changed = changed || !alike(frame)
				}
				require.Equal(t, c.videos(class), changed, "%+v: %s of a video", c.style, class)
				require.Equal(t, c.early(class), !alike(0), "%+v: %s begins", c.style, class)
			}
		}
	}
}

func happy(class string) bool { return class == "happiness" }
func never(string) bool       { return false }

// The classes of a style come in turn, with the labels that they have among all.
func TestClassesThatAreShown(t *testing.T) {
	y := Style{Classes: []string{"anger", "neutral"}}
	for _, set := range []*data.Dataset{y.Images(2, 5, 32), y.Videos(2, 5, 8, 32)} {
		require.Len(t, set.Classes, 7)
		var shown []string
		for _, item := range set.Items {
			class := set.Classes[item.Label]
			require.Contains(t, strings.ToLower(item.Name), "-"+class)
			shown = append(shown, class)
		}
		require.Equal(t, []string{"anger", "neutral", "anger", "neutral", "anger"}, shown)
	}
	plain := imageSet(2, MinSize)
	require.Equal(t, "neutral", plain.class(7))
	differ(t, read(t, y.Images(2, 1, 32), 0, 0), read(t, Images(2, 1, 32), 0, 0))
}
