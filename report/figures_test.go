package report

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/run"
)

// svgTexts returns the texts of a file in their order.
func svgTexts(t *testing.T, path string) []string {
	t.Helper()
	svg, err := os.ReadFile(path)
	require.NoError(t, err)
	return words(textsOf(t, string(svg)))
}

// All figures that a page can have are written, under the names of what they show.
func TestSaveFigures(t *testing.T) {
	dir := t.TempDir()
	score := &infer.Score{UAR: 50, WAR: 75, Confusion: infer.Confusion{{3, 1}, {0, 4}}}
	model := &infer.Model{Description: modelfile.Description{Labels: map[data.Modality][]string{data.Video: {"fear", "anger"}}}}
	frames := data.NewFrames(3, 4, 5)
	page := &Page{Model: model, Report: &infer.Report{Dynamic: score},
		Runs: []Run{
			{Title: "1. first", Curves: []run.Curve{{Modality: data.Image, Steps: []float64{0, 1}, Loss: []float64{2, 1}}},
				Evaluations: []run.Evaluation{{Epoch: 2, Report: &infer.Report{Dynamic: score}}}}, // which is no curve
			{Title: "2. second", Evaluations: []run.Evaluation{{Epoch: 3, Report: &infer.Report{Dynamic: score}}, {Epoch: 7, Report: &infer.Report{Dynamic: score}}}},
		},
		Routing:         &Routing{Title: "Tokens", Blocks: []int{4}, Video: [][]float64{{0.25, 0.6, 0.15}}},
		Centres:         &Centres{Image: []string{"sadness", "joy"}, Video: []string{"fear", "anger"}, Cosines: [][]float64{{0.5, -0.25}, {math.NaN(), math.NaN()}}},
		Reconstructions: []Reconstruction{{frames, frames, frames}},
		Attention:       []Attended{{"fear", image.NewRGBA(image.Rect(0, 0, 3, 2))}, {"anger", image.NewRGBA(image.Rect(0, 0, 5, 4))}},
	}
	names, err := page.SaveFigures(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"run-1-losses", "run-2-losses", "run-2-recalls", "confusion-dynamic", "experts", "centres", "reconstruction-1", "attention-1", "attention-2"}, names)
	for _, name := range names {
		require.FileExists(t, filepath.Join(dir, name+".png"))
	}
	for name, size := range map[string]image.Point{"reconstruction-1": {2 * 7, 3 * 6}, "attention-1": {3, 2}, "attention-2": {5, 4}} {
		f, err := os.Open(filepath.Join(dir, name+".png"))
		require.NoError(t, err)
		picture, err := png.Decode(f)
		require.NoError(t, errors.Join(err, f.Close()))
		require.Equal(t, size, picture.Bounds().Max, name)
	}
	require.NoFileExists(t, filepath.Join(dir, "reconstruction-1.svg"))
	require.Equal(t, []string{"1. first", "step"}, svgTexts(t, filepath.Join(dir, "run-1-losses.svg"))[:2])
	require.Contains(t, svgTexts(t, filepath.Join(dir, "run-2-recalls.svg")), "video")
	require.NotContains(t, svgTexts(t, filepath.Join(dir, "run-2-recalls.svg")), "image")
	require.Subset(t, svgTexts(t, filepath.Join(dir, "run-2-recalls.svg")), []string{"4", "8", "UAR, WAR dashed [%]"})
	require.Equal(t, []string{"block 4, videos", "25", "60", "15"}, svgTexts(t, filepath.Join(dir, "experts.svg"))[5:])
	require.Equal(t, []string{"sadness", "0.50", "-0.25"}, svgTexts(t, filepath.Join(dir, "centres.svg"))[5:])
	require.Equal(t, []string{"75", "25", "0", "100"}, svgTexts(t, filepath.Join(dir, "confusion-dynamic.svg"))[7:])

	_, err = page.SaveFigures(filepath.Join(dir, "no such folder"))
	require.Error(t, err)
	for _, name := range []string{"run-1-losses.svg", "reconstruction-1.png", "attention-1.png"} { // though what follows can be written
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		_, err = page.SaveFigures(dir)
		require.ErrorContains(t, err, name)
	}
}

// Rows stand from top to bottom, and the colour of a cell is that of its value.
func TestMatrix(t *testing.T) {
	m := matrix{Rows: []string{"a", "b"}, Cols: []string{"x", "y", "z"}, Values: [][]float64{{-1, 1, 3}, {5, 7, 3}}, Low: 1, High: 5, Text: percents}
	g := grid{m}
	cols, rows := g.Dims()
	require.Equal(t, [2]int{3, 2}, [2]int{cols, rows})
	require.Equal(t, [][]float64{{1, 1, 0.5}, {0, 0, 0.5}}, [][]float64{{g.Z(0, 0), g.Z(1, 0), g.Z(2, 0)}, {g.Z(0, 1), g.Z(1, 1), g.Z(2, 1)}})
	colors := shades.Colors()
	require.Equal(t, color.RGBA{255, 255, 255, 255}, colors[0])
	require.Equal(t, color.RGBA{28, 78, 128, 255}, colors[len(colors)-1])
}

// The figure of class centres leaves out classes without samples, wherever they stand, of either modality.
func TestCentresFigure(t *testing.T) {
	none := math.NaN()
	m := (&Centres{Image: []string{"a", "b", "c"}, Video: []string{"v", "w", "x", "y"},
		Cosines: [][]float64{{none, none, none, none}, {none, 0.25, none, 0.5}, {none, -0.75, none, 1}}}).matrix()
	require.Equal(t, []string{"b", "c"}, m.Rows)
	require.Equal(t, []string{"w", "y"}, m.Cols)
	require.Equal(t, [][]float64{{0.25, 0.5}, {-0.75, 1}}, m.Values)
	require.Equal(t, []string{"images", "videos", "-0.75"}, []string{m.Y, m.X, m.Text(-0.75)})
}

// One class of either modality is a figure, too.
func TestCentresOfOneClass(t *testing.T) {
	none := math.NaN()
	m := (&Centres{Image: []string{"a", "b"}, Video: []string{"v", "w"}, Cosines: [][]float64{{none, none}, {none, 0.25}}}).matrix()
	require.Equal(t, [][]string{{"b"}, {"w"}}, [][]string{m.Rows, m.Cols})
	require.Equal(t, [][]float64{{0.25}}, m.Values)
}

// A frame of any shape is shown as it is, the one that is asked for.
func TestPicture(t *testing.T) {
	for _, size := range [][2]int{{3, 5}, {5, 3}} {
		f := data.NewFrames(2, size[0], size[1])
		for i := range f.Pix {
			f.Pix[i] = uint8(i)
		}
		for frame := range 2 {
			m := Picture(f, frame)
			require.Equal(t, image.Rect(0, 0, size[1], size[0]), m.Bounds())
			for y := range size[0] {
				for x := range size[1] {
					at := uint8(45*frame + 3*(y*size[1]+x))
					require.Equal(t, color.RGBA{at, at + 1, at + 2, 255}, m.At(x, y))
				}
			}
		}
	}
}

// Axes of steps, epochs and frames have whole numbers, those of shares their bounds; a chart of many rows has room for each.
func TestAxes(t *testing.T) {
	score := &infer.Score{UAR: 40, WAR: 60}
	losses, err := lossChart(Run{Curves: []run.Curve{{Modality: data.Image, Steps: []float64{0, 1, 2}, Loss: []float64{2, 1, 1}}}})
	require.NoError(t, err)
	recalls, err := recallChart(Run{Evaluations: []run.Evaluation{{Report: &infer.Report{Static: score}}, {Epoch: 1, Report: &infer.Report{Static: score}}}})
	require.NoError(t, err)
	timeline, err := timelineChart("clip", []string{"a", "b"}, []infer.Moment{{Window: data.Window{Last: 3}, Probabilities: []float64{0.4, 0.6}},
		{Window: data.Window{First: 1, Last: 4}, Probabilities: []float64{0.3, 0.7}}})
	require.NoError(t, err)
	for _, c := range []chart{losses, recalls, timeline} {
		require.Equal(t, whole{}, c.X.Tick.Marker)
		require.Equal(t, gonum.DefaultTicks{}, c.Y.Tick.Marker)
		require.Equal(t, []vg.Length{6 * vg.Inch, 3.2 * vg.Inch}, []vg.Length{c.width, c.height})
	}
	require.Equal(t, []float64{1, 2, 0, 100}, []float64{recalls.X.Min, recalls.X.Max, recalls.Y.Min, recalls.Y.Max})
	require.Equal(t, []float64{1.5, 2.5, 0, 1}, []float64{timeline.X.Min, timeline.X.Max, timeline.Y.Min, timeline.Y.Max})
	for rows, inches := range map[int]vg.Length{1: 6, 4: 6, 5: 7, 9: 11} {
		c, err := Comparison{Rows: slices.Repeat([]string{"row"}, rows), Header: []string{"name"}}.chart()
		require.NoError(t, err)
		require.Equal(t, inches*vg.Inch, c.width)
		require.Equal(t, []float64{-0.5, float64(rows) - 0.5}, []float64{c.X.Min, c.X.Max}, "each row in the middle of its place")
	}
	for n, side := range map[int][2]vg.Length{1: {3 * vg.Inch, 3 * vg.Inch}, 12: {12*34 + 130, 12*26 + 110}} {
		names := slices.Repeat([]string{"a"}, n)
		c, err := matrix{Rows: names, Cols: names, Values: slices.Repeat([][]float64{make([]float64, n)}, n), High: 1, Text: percents}.chart()
		require.NoError(t, err)
		require.Equal(t, side, [2]vg.Length{c.width, c.height}, "%d classes", n)
	}
	wide, err := matrix{Rows: slices.Repeat([]string{"a"}, 9), Cols: slices.Repeat([]string{"b"}, 14), Values: slices.Repeat([][]float64{make([]float64, 14)}, 9),
		High: 1, Text: percents}.chart()
	require.NoError(t, err)
	require.Equal(t, [2]vg.Length{14*34 + 130, 9*26 + 110}, [2]vg.Length{wide.width, wide.height}, "as of experts")
}

// Input, masked and output lie below each other; of a video every second frame is shown.
func TestReconstructionPicture(t *testing.T) {
	var r Reconstruction
	for i, f := range []**data.Frames{&r.Input, &r.Masked, &r.Output} {
		*f = data.NewFrames(3, 4, 5)
		for k := range (*f).Pix {
			(*f).Pix[k] = uint8(100*i + 10*(k/60)) // frames have 60 values
		}
	}
	for frames, columns := range map[int]int{1: 1, 2: 1, 4: 2, 5: 3} {
		f := data.NewFrames(frames, 4, 5)
		require.Equal(t, image.Rect(0, 0, columns*7, 18), Reconstruction{f, f, f}.picture().Bounds())
	}
	m := r.picture()
	require.Equal(t, [2]int{14, 18}, [2]int{m.Bounds().Dx(), m.Bounds().Dy()})
	for row := range 3 {
		for col, frame := range []int{0, 2} {
			grey := uint8(100*row + 10*frame)
			require.Equal(t, color.RGBA{grey, grey, grey, 255}, m.At(col*7+2, row*6+2))
			require.Equal(t, color.RGBA{255, 255, 255, 255}, m.At(col*7+6, row*6+2))
		}
	}
}
