package drawn

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/data"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Render paints one face of h × w pixels.
func Render(face Face, aus AUs, h, w int) *data.Frames {
	f := data.NewFrames(1, h, w)
	render(f.Pix, &face, &aus, h, w)
	return f
}

// Strength is the sum of all intensities, the mean of the two halves: 0 for a face at rest.
func (a *AUs) Strength() float64 {
	sum := 0.0
	for u := range NumUnits {
		sum += a.both(Unit(u))
	}
	return sum
}

// prototype is the full-strength, symmetric form of a class with all of its units.
func prototype(class string) AUs {
	var a AUs
	for _, p := range prototypes[class] {
		a[0][p.unit], a[1][p.unit] = p.level, p.level
	}
	return a
}

func TestPrototypesHoldTheirActionUnits(t *testing.T) {
	for e, units := range map[string][]Unit{
		"happiness": {AU6, AU12},
		"sadness":   {AU1, AU4, AU15},
		"surprise":  {AU1, AU2, AU5, AU26},
		"fear":      {AU1, AU2, AU4, AU5, AU20, AU25},
		"disgust":   {AU9, AU15, AU16},
		"anger":     {AU4, AU5, AU7, AU23, AU24},
	} {
		a := prototype(e)
		for _, u := range units {
			require.Positive(t, a[0][u], "%v", e)
		}
		require.Equal(t, a[0], a[1])
	}
	for _, class := range slices.Concat(data.AffectNet7, data.DFEW) {
		require.Contains(t, prototypes, class)
	}
	neutral := prototype("neutral")
	require.Zero(t, neutral.Strength())
}

func TestPerformancesVaryWithinRange(t *testing.T) {
	rng := source(1)
	for _, e := range data.AffectNet7 {
		full := prototype(e)
		for range 200 {
			a := Style{}.perform(rng, e)
			for u := range NumUnits {
				require.True(t, a[0][u] >= 0 && a[0][u] <= 1 && a[1][u] >= 0 && a[1][u] <= 1)
			}
			for _, p := range prototypes[e] {
				if p.core {
					require.Greater(t, a.both(p.unit), 0.35*full.both(p.unit), "%s shows its core units", e)
				}
			}
			if e == "neutral" {
				require.Less(t, a.Strength(), 0.6)
			}
		}
	}
}

// TestUnitsMoveTheFace checks the direction of what the main units do, in face units with y down.
func TestUnitsMoveTheFace(t *testing.T) {
	face := NewFace(source(2))
	shape := func(units ...Unit) (lips mouth, upper, lower float64) {
		var a AUs
		for _, u := range units {
			a.add(u, 1, 0)
		}
		up, low := face.lids(&a[1], 0, 0)
		return face.mouth(&a), imag(up[4]), imag(low[4])
	}
	rest, upper, lower := shape()
	smile, _, _ := shape(AU12)
	require.Less(t, smile.corner[0], rest.corner[0]-0.05)
	require.Greater(t, smile.half[0], rest.half[0])
	sad, _, _ := shape(AU15)
	require.Greater(t, sad.corner[1], rest.corner[1]+0.05)
	gape, _, _ := shape(AU26, AU25)
	require.Greater(t, gape.sink, rest.sink+0.15)
	require.Greater(t, gape.jaw, rest.jaw+0.1)
	stretched, _, _ := shape(AU20)
	require.Greater(t, stretched.half[1], rest.half[1]+0.05)
	pressed, _, _ := shape(AU23, AU24)
	require.Less(t, pressed.thickL, 0.5*rest.thickL)
	_, wide, _ := shape(AU5)
	require.Less(t, wide, upper)
	_, tightUpper, tightLower := shape(AU7)
	require.Less(t, tightLower-tightUpper, lower-upper)
	_, shutUpper, shutLower := shape(AU43)
	require.InDelta(t, shutUpper, shutLower, 1e-9)
}

// TestEveryUnitShows renders each unit alone and expects visible change in the right half of the image.
func TestEveryUnitShows(t *testing.T) {
	const size = 96
	face := NewFace(source(9))
	face.Conditions = Conditions{LightY: -0.5, Ambient: 0.5, Strength: 0.5, Scale: 0.43}
	face.Style, face.Glasses, face.Beard = "short", false, 0
	// Rows of the image where a unit works: 0.43·96 pixels a face unit, the eyes in the middle.
	upper, lower := [2]int{20, 54}, [2]int{54, 96}
	areas := map[Unit][2]int{AU1: upper, AU2: upper, AU4: upper, AU5: upper, AU6: upper, AU7: upper, AU43: upper, AU9: upper,
		AU10: lower, AU12: lower, AU15: lower, AU16: lower, AU17: lower, AU20: lower, AU23: lower, AU24: lower, AU25: lower, AU26: lower}
	rest := Render(face, AUs{}, size, size)
	for u := range Unit(NumUnits) {
		var a AUs
		a.add(u, 1, 0)
		f := Render(face, a, size, size)
		rows, changed := areas[u], 0
		require.NotZero(t, rows[1], "unit %d has no area here", u)
		for i := rows[0] * size * 3; i < rows[1]*size*3; i++ {
			if d := int(f.Pix[i]) - int(rest.Pix[i]); d > 12 || d < -12 {
				changed++
			}
		}
		require.Greater(t, changed, 60, "unit %d", u)
	}
}

func TestFacesAreInRange(t *testing.T) {
	rng := source(3)
	seen, beards, moustaches := map[string]int{}, 0, 0
	for range 2000 {
		f := NewFace(rng)
		seen[f.Style]++
		if f.Moustache {
			moustaches++
			require.Positive(t, f.Beard)
		} else if f.Beard > 0 {
			beards++
		}
		require.InDelta(t, 1, f.HeadWidth, 0.1)
		require.InDelta(t, 0.64, f.Scale, 0.061)
		require.InDelta(t, 0.33, f.EyeDistance, 0.03)
		require.True(t, f.GazeX >= -1 && f.GazeX <= 1)
		require.True(t, f.Ambient > 0.3 && f.Ambient+f.Strength < 1.2)
		require.LessOrEqual(t, f.LightY, 0.0, "light comes from above")
		require.True(t, f.Noise >= 0 && f.Noise < 0.03)
		v := reflect.ValueOf(f.Identity)
		for i := range v.NumField() {
			if c, ok := v.Field(i).Interface().(RGB); ok {
				for _, x := range c {
					require.True(t, x >= 0 && x <= 1, "%s %v", v.Type().Field(i).Name, c)
				}
			}
		}
	}
	require.Len(t, seen, len(cuts), "every style is worn")
	require.InDelta(t, 0.04, float64(moustaches)/2000, 0.02)
	require.InDelta(t, 0.15, float64(beards)/2000, 0.03)
	for style := range seen {
		require.Contains(t, cuts, style)
	}
}

// Dark skin goes with dark hair and dark eyes; all colours of eyes are seen.
func TestDarkSkinHasDarkHairAndEyes(t *testing.T) {
	rng, seen := source(3), map[RGB]bool{}
	for range 2000 {
		d := newIdentity(rng)
		seen[d.Iris] = true
		if d.Skin[0] > 0.895 { // that of the tones between which the rule begins
			continue
		}
		require.Contains(t, irisColours[:3], d.Iris)
		if d.Age <= 0.5 && d.Style != "scarf" {
			require.LessOrEqual(t, d.HairColour[0], 1.1*hairColours[2][0]+1e-6)
		}
	}
	require.Len(t, seen, len(irisColours))
}

// The light comes from a place in the image, whichever way the head is held: a head that is rolled by a right angle, and its light
// with it, is the same picture, rolled.
func TestLightIsFixedToTheImage(t *testing.T) {
	const size = 96
	face := NewFace(source(9))
	face.Style, face.Glasses, face.Beard = "short", false, 0
	face.Conditions = Conditions{LightX: 0.8, LightY: -0.2, Ambient: 0.4, Strength: 0.6, Scale: 0.5}
	upright := Render(face, AUs{}, size, size)
	face.Roll, face.LightX, face.LightY = math.Pi/2, 0.2, 0.8
	rolled := Render(face, AUs{}, size, size)
	sum, n := 0.0, 0
	for y := size / 4; y < 3*size/4; y++ {
		for x := size / 3; x < 2*size/3; x++ { // on the face
			for c := range 3 {
				a, b := upright.Pix[(y*size+x)*3+c], rolled.Pix[(x*size+size-1-y)*3+c]
				sum, n = sum+math.Abs(float64(a)-float64(b)), n+1
			}
		}
	}
	require.Less(t, sum/float64(n), 2.0)
}

// Warm light is yellowish, cold light bluish.
func TestWarmthOfLight(t *testing.T) {
	face := NewFace(source(9))
	var sums [2][3]int
	for i, warmth := range []float64{-1, 1} {
		face.Warmth = warmth
		for at, v := range Render(face, AUs{}, 48, 48).Pix {
			sums[i][at%3] += int(v)
		}
	}
	cold, warm := sums[0], sums[1]
	require.Greater(t, float64(warm[0]), 1.05*float64(cold[0]), "red")
	require.Equal(t, cold[1], warm[1], "green")
	require.Less(t, float64(warm[2]), 0.9*float64(cold[2]), "blue")
}

func TestRenderAtEverySize(t *testing.T) {
	rng := source(4)
	for size := 16; size <= 224; size += 13 {
		f := Render(NewFace(rng), Style{}.perform(rng, data.AffectNet7[size%7]), size, size)
		require.Equal(t, size*size*3, len(f.Pix))
	}
	require.Len(t, Render(NewFace(rng), AUs{}, 1, 1).Pix, 3)
	wide := Render(NewFace(rng), AUs{}, 40, 90)
	require.Equal(t, []int{1, 40, 90}, []int{wide.T, wide.H, wide.W})
}

func TestRenderTakesAnyPoseAndUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		face := NewFace(source(rapid.Uint64().Draw(t, "seed")))
		face.Yaw = rapid.Float64Range(-3, 3).Draw(t, "yaw")
		face.Roll = rapid.Float64Range(-7, 7).Draw(t, "roll")
		face.Scale = rapid.Float64Range(0.01, 5).Draw(t, "scale")
		face.X = rapid.Float64Range(-3, 3).Draw(t, "x")
		var a AUs
		for u := range NumUnits {
			a.add(Unit(u), rapid.Float64Range(0, 1).Draw(t, "level"), rapid.Float64Range(-1, 1).Draw(t, "skew"))
		}
		Render(face, a, rapid.IntRange(1, 64).Draw(t, "h"), rapid.IntRange(1, 64).Draw(t, "w"))
	})
}

func BenchmarkRender96(b *testing.B) {
	face, aus := NewFace(source(1)), prototype("fear")
	for b.Loop() {
		Render(face, aus, 96, 96)
	}
}
