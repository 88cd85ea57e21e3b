package augment

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Arguments at levels that timm turns into these.
func TestArguments(t *testing.T) {
	for name, want := range map[string][4]float64{ // at 0.35 and 1, increasing; at 0.35 and 1, not; the sign is −1
		"AutoContrast": {}, "Equalize": {}, "Invert": {},
		"Rotate":      {-10.5, -30, -10.5, -30},
		"Posterize":   {3, 0, 1, 4},
		"Solarize":    {167, 0, 89, 256},
		"SolarizeAdd": {38, 110, 38, 110},
		"Color":       {0.685, 0.1, 0.73, 1.9}, "Contrast": {0.685, 0.1, 0.73, 1.9},
		"Brightness": {0.685, 0.1, 0.73, 1.9}, "Sharpness": {0.685, 0.1, 0.73, 1.9},
		"ShearX": {-0.105, -0.3, -0.105, -0.3}, "ShearY": {-0.105, -0.3, -0.105, -0.3},
		"TranslateX": {-0.1575, -0.45, -0.1575, -0.45}, "TranslateY": {-0.1575, -0.45, -0.1575, -0.45},
	} {
		got := []float64{argument(name, 0.35, -1, true), argument(name, 1, -1, true), argument(name, 0.35, -1, false), argument(name, 1, -1, false)}
		require.InDeltaSlice(t, want[:], got, 1e-12, name)
	}
	require.InDelta(t, 1.315, argument("Color", 0.35, 1, true), 1e-12)
	require.InDelta(t, 10.5, argument("Rotate", 0.35, 1, true), 1e-12)
}

// Operations are drawn evenly and with replacement, four in ten are left out, magnitudes are normal and clipped, signs and
// interpolations even.
func TestRandAugmentDraws(t *testing.T) {
	rng := newRand(4)
	count, how, signs := map[string]int{}, map[Interpolation]int{}, 0.0
	total, twice, sum, squares, largest, rotated := 0, 0, 0.0, 0.0, 0.0, 0.0
	a := RandAugment{Operations: 2, Probability: 0.6, Magnitude: 9, Deviation: 0.5, Increasing: true, Interpolations: []Interpolation{Bilinear, Bicubic}}
	for range 6000 {
		drawn := a.Draw(1, 5, 5, rng).(Operations)
		total += len(drawn)
		if len(drawn) == 2 && drawn[0].Name == drawn[1].Name {
			twice++
		}
		for _, o := range drawn {
			count[o.Name]++
			how[o.Interpolation]++
			if o.Name == "Rotate" {
				m := math.Abs(o.Argument) / 3
				sum, squares, largest, rotated = sum+m, squares+m*m, max(largest, m), rotated+1
				signs += math.Copysign(1, o.Argument)
			}
		}
	}
	require.InDelta(t, 7200, total, 250)
	require.InDelta(t, 144, twice, 48, "of 2160 pairs one in 15")
	require.Len(t, count, 15)
	for name, n := range count {
		require.InDelta(t, 480, n, 90, name)
	}
	require.InDelta(t, total/2, how[Bicubic], 180)
	require.InDelta(t, total/2, how[Bilinear], 180)
	mean := sum / rotated
	require.InDelta(t, 9, mean, 0.1)
	require.InDelta(t, 0.5, math.Sqrt(squares/rotated-mean*mean), 0.08)
	require.InDelta(t, 10, largest, 1e-9, "two deviations above the mean, and no more")
	require.InDelta(t, 0, signs, 66)
	a.Magnitude, a.Deviation = -1, 0
	for range 100 {
		for _, o := range a.Draw(1, 5, 5, rng).(Operations) {
			require.Equal(t, math.Abs(argument(o.Name, 0, 1, true)), math.Abs(o.Argument), "nothing below 0")
		}
	}
}

// Without operations nothing changes; several are carried out in order, each on what the one before made, wherever that lies.
func TestOperationsFollowEachOther(t *testing.T) {
	require.Equal(t, noise(2, 9, 7).View(), Operations(nil).Apply(noise(2, 9, 7).View()))
	chain := Operations{{"Sharpness", 1.6, Bilinear}, {"Invert", 0, Bilinear}, {"ShearX", 0.2, Bicubic}, {"Color", 0.3, Bilinear}, {"Rotate", 0, Bilinear},
		{"TranslateY", 0.3, Bilinear}}
	for n := range len(chain) + 1 {
		want := noise(2, 9, 7).View()
		for _, o := range chain[:n] {
			want = Operations{o}.Apply(want)
		}
		require.Equal(t, want, chain[:n].Apply(noise(2, 9, 7).View()), "%d operations", n)
	}
	require.Panics(t, func() { Operations{{"Blur", 1, Bilinear}}.Apply(noise(1, 3, 3).View()) })
}

// The frames of a video are changed one by one: each has its own histogram.
func TestOperationsChangeEveryFrameAlone(t *testing.T) {
	f := noise(2, 19, 17)
	for i := range f.Frame(1) {
		f.Frame(1)[i] /= 2
	}
	for _, o := range operations {
		change := Operations{{o.name, argument(o.name, 0.4, 1, true), Bicubic}}
		got := change.Apply(f.Clone().View())
		for i := range 2 {
			one := &data.Frames{T: 1, H: 19, W: 17, Pix: append([]uint8(nil), f.Frame(i)...)}
			require.Equal(t, change.Apply(one.View()).Bytes, got.Frames().Frame(i), o.name)
		}
	}
}
