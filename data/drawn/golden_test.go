package drawn

import (
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// The golden pictures and figures of testdata say how faces are drawn down to the last line. `go test ./data/drawn -run Golden -update`
// writes them anew, after a change that is meant; look at the pictures before they are kept.
var update = flag.Bool("update", false, "write the golden pictures and figures anew")

// requirePicture compares with a golden picture. Machines that fuse products with sums may round a few values to the level beside.
func requirePicture(t *testing.T, name string, got *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		f, err := os.Create(path)
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, got))
		require.NoError(t, f.Close())
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	want, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, want.Bounds(), got.Bounds())
	differ, b := 0, got.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, b, _ := want.At(x, y).RGBA()
			is := got.RGBAAt(x, y)
			for c, d := range []int{int(is.R) - int(r>>8), int(is.G) - int(g>>8), int(is.B) - int(b>>8)} {
				require.True(t, d >= -1 && d <= 1, "%s: channel %d of (%d, %d) differs by %d levels", name, c, x, y, d)
				if d != 0 {
					differ++
				}
			}
		}
	}
	require.Less(t, float64(differ), 0.0005*float64(3*b.Dx()*b.Dy()), "%s: so many values differ by a level", name)
}

// figures writes what structs of one type hold, a line for each number, text or switch in them, with a column for each struct.
func figures[T any](of []T) string {
	var names []string
	columns := map[string][]string{}
	var visit func(name string, v reflect.Value)
	visit = func(name string, v reflect.Value) {
		value := ""
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				visit(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
			return
		case reflect.Array, reflect.Slice:
			for i := range v.Len() {
				visit(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
			}
			return
		case reflect.Float32, reflect.Float64:
			value = fmt.Sprintf("%.6g", v.Float())
		case reflect.Complex128:
			value = fmt.Sprintf("%.6g,%.6g", real(v.Complex()), imag(v.Complex()))
		default:
			value = fmt.Sprint(v)
		}
		if columns[name] == nil {
			names = append(names, name)
		}
		columns[name] = append(columns[name], value)
	}
	for _, x := range of {
		visit("", reflect.ValueOf(x))
	}
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintln(&text, name, strings.Join(columns[name], " "))
	}
	return text.String()
}

// requireFigures compares with golden figures, line by line: numbers within what machines round differently.
func requireFigures(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	wants, gots := strings.Split(string(text), "\n"), strings.Split(got, "\n")
	require.Len(t, gots, len(wants))
	for i, line := range wants {
		parts := func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
		}
		want, is := parts(line), parts(gots[i])
		require.Len(t, is, len(want), "%s: %s", name, line)
		for j := range want {
			if want[j] != is[j] {
				a, errA := strconv.ParseFloat(want[j], 64)
				b, errB := strconv.ParseFloat(is[j], 64)
				close := errA == nil && errB == nil && math.Abs(a-b) <= 2e-6*max(1, math.Abs(a))
				require.True(t, close, "%s: %s is %s, not %s, in column %d", name, want[0], is[j], want[j], j)
			}
		}
	}
}

// anyUnits returns levels of all action units, unequal on the two halves.
func anyUnits(rng *rand.Rand) (a AUs) {
	for u := range NumUnits {
		a.add(Unit(u), rng.Float64(), uniform(rng, -0.5, 0.5))
	}
	return a
}

// oneUnit is a unit at unequal levels of the two halves.
func oneUnit(u Unit) (a AUs) {
	a[0][u], a[1][u] = 0.9, 0.4
	return a
}

// Who is drawn, and under which conditions.
func TestGoldenPeople(t *testing.T) {
	var people []Face
	for i := range 30 {
		people = append(people, NewFace(source(uint64(100+i))))
	}
	requireFigures(t, "people.txt", figures(people))
}

// How each class is performed, three times each.
func TestGoldenPerformances(t *testing.T) {
	var all []AUs
	for _, class := range data.AffectNet7 {
		for i := range 3 {
			all = append(all, Style{}.perform(source(uint64(i)), class))
		}
	}
	requireFigures(t, "performances.txt", figures(all))
}

// The course of videos, by what is done and how the head is held in frames 0, 3, …, 27. One of them talks.
func TestGoldenMotions(t *testing.T) {
	var text strings.Builder
	talks := 0
	for i, class := range data.DFEW {
		m := Style{}.newMotion(source(uint64(40+i)), class, 28)
		if m.talk.size > 0 {
			talks++
		}
		var frames []struct {
			AUs
			Conditions
		}
		for f := 0; f < 28; f += 3 {
			frames = append(frames, struct {
				AUs
				Conditions
			}{m.action(f), m.conditions(Conditions{GazeX: 0.1, NoiseSeed: 7, Scale: 0.6}, f)})
		}
		fmt.Fprintln(&text, class)
		text.WriteString(figures(frames))
	}
	require.Positive(t, talks)
	requireFigures(t, "motions.txt", text.String())
}

// The shapes of lips and lids: with each unit alone, and with many together.
func TestGoldenShapes(t *testing.T) {
	rng := source(8)
	type shapes struct {
		Lips           mouth
		Lines          [4][]point
		Upper, Lower   []point
		Above, Beneath []point
	}
	var all []shapes
	add := func(face Face, a AUs) {
		s := shapes{Lips: face.mouth(&a)}
		s.Lines[0], s.Lines[1], s.Lines[2], s.Lines[3] = s.Lips.lines()
		s.Upper, s.Lower = face.lids(&a[0], 0, 0)
		s.Above, s.Beneath = face.lids(&a[1], 0.04, 0.03)
		all = append(all, s)
	}
	for u := range Unit(NumUnits) {
		add(NewFace(rng), oneUnit(u))
	}
	for range 8 {
		add(NewFace(rng), anyUnits(rng))
	}
	requireFigures(t, "shapes.txt", figures(all))
}

// Landmarks of faces that do many things.
func TestGoldenLandmarks(t *testing.T) {
	rng := source(12)
	var all []data.Landmarks
	for range 6 {
		face, units := NewFace(rng), anyUnits(rng)
		all = append(all, landmarksOf(&face, &units))
	}
	requireFigures(t, "landmarks.txt", figures(all))
}

// Each action unit alone, on one face without noise.
func TestGoldenUnits(t *testing.T) {
	face := NewFace(source(9))
	face.Style, face.Glasses, face.Beard, face.Noise, face.Age = "short", false, 0, 0, 0.5
	face.Skin = skinTones[1] // on which everything stands out
	cells := make([][]*data.Frames, 3)
	for u := range Unit(NumUnits) {
		cells[u%3] = append(cells[u%3], Render(face, oneUnit(u), 64, 60))
	}
	requirePicture(t, "units.png", sheet(cells))
}

// People of every style of hair, with and without beard, glasses and freckles, in frames of unequal sides.
func TestGoldenFaces(t *testing.T) {
	styles := []string{"short", "parted", "long", "bob", "bun", "curly", "scarf", "bald"}
	require.Len(t, styles, len(cuts))
	rng, cells := source(11), make([][]*data.Frames, 2)
	for i, style := range styles {
		for row := range cells {
			face := NewFace(rng)
			face.Style, face.Noise = style, 0
			face.Beard, face.Moustache = []float64{0, 0.4, 0.85}[(i+row)%3], (i+row)%6 == 2
			face.Glasses, face.Freckles = (i+row)%4 == 1, (i+row)%3 == 0
			units := anyUnits(rng)
			units[0][AU43], units[1][AU43] = 0.1, 0.2 // which would hide the eyes
			cells[row] = append(cells[row], Render(face, units, []int{64, 72}[row], []int{72, 64}[row]))
		}
	}
	requirePicture(t, "faces.png", sheet(cells))
}

// Samples of sets, as they are learned from: an image of each class, and frames of two videos.
func TestGoldenSamples(t *testing.T) {
	frame := func(set *data.Dataset, i, f int) *data.Frames {
		return &data.Frames{T: 1, H: 40, W: 40, Pix: read(t, set, i, f)}
	}
	images, videos := Images(7, 10, 40), Videos(7, 6, 16, 40)
	cells := make([][]*data.Frames, 3)
	for i := range 6 {
		cells[0] = append(cells[0], frame(images, i+3, 0))
		cells[1] = append(cells[1], frame(videos, 4, 3*i))
		cells[2] = append(cells[2], frame(videos, 5, 3*i))
	}
	requirePicture(t, "samples.png", sheet(cells))
}
