package report

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/run"
)

// `go test ./report -run Golden -update` writes the golden outputs of testdata anew, after a change that is meant.
var update = flag.Bool("update", false, "write the golden outputs anew")

// requireGolden compares a text with a file of testdata: all but its numbers to the letter, and these to what other processors round
// otherwise in the five digits that drawings have.
func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := string(text)
	require.Equal(t, number.ReplaceAllString(want, "0"), number.ReplaceAllString(got, "0"))
	values := number.FindAllString(got, -1)
	for i, w := range number.FindAllString(want, -1) {
		require.InDelta(t, toFloat(t, w), toFloat(t, values[i]), 0.02, "number %d of %s", i+1, name)
	}
}

var number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?`)

func toFloat(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return f
}

// textsOfCharts replaces the charts of a page by their texts.
func textsOfCharts(t *testing.T, page string) string {
	t.Helper()
	return regexp.MustCompile(`(?s)<svg.*?</svg>`).ReplaceAllStringFunc(page, func(svg string) string {
		head, _, _ := strings.Cut(svg, ">")
		return head + ">" + strings.Join(words(textsOf(t, svg)), " · ") + "</svg>"
	})
}

// numbersOfPictures replaces the pictures of a page by their pixels, which do not depend on how a PNG is compressed.
func numbersOfPictures(t *testing.T, text string) string {
	t.Helper()
	return regexp.MustCompile(`data:image/png;base64,[^"]*`).ReplaceAllStringFunc(text, func(url string) string {
		_, code, _ := strings.Cut(html.UnescapeString(url), ",")
		img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(code)))
		require.NoError(t, err)
		var pixels []string
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				r, g, b, a := img.At(x, y).RGBA()
				require.EqualValues(t, 0xffff, a)
				pixels = append(pixels, fmt.Sprintf("%d/%d/%d", r>>8, g>>8, b>>8))
			}
		}
		return fmt.Sprintf("%d×%d pixels %s", img.Bounds().Dx(), img.Bounds().Dy(), strings.Join(pixels, " "))
	})
}

// counting returns n frames of 1×2 pixels whose values count up from first.
func counting(n int, first uint8) *data.Frames {
	f := data.NewFrames(n, 1, 2)
	for i := range f.Pix {
		f.Pix[i] = first + uint8(i)
	}
	return f
}

func TestGoldenPage(t *testing.T) {
	static, dynamic := []string{"calm", "glad", "sad"}, []string{"glad", "cross"}
	p := Page{Title: "Two runs", Intro: "What they learned.",
		// Its names are those of other heads than the scores are of, which have their own.
		Model: &infer.Model{Description: modelfile.Description{Labels: map[data.Modality][]string{data.Image: {"a", "b", "c"}, data.Video: {"d", "e"}}}},
		Report: &infer.Report{
			Static:  &infer.Score{UAR: 61.25, WAR: 70.5, N: 21, Labels: static, Confusion: infer.Confusion{{6, 3, 1}, {0, 1, 3}, {2, 0, 5}}},
			Dynamic: &infer.Score{UAR: 45.6, WAR: 38.04, N: 9, Labels: dynamic, Confusion: infer.Confusion{{0, 0}, {4, 5}}}},
		Runs: []Run{
			{Title: "Pre-training", Curves: []run.Curve{
				{Modality: data.Image, Steps: []float64{0, 10, 20, 45, 50}, Loss: []float64{2.5, 1.5, math.NaN(), 0.5, 0.75}},
				{Modality: data.Video, Steps: []float64{5, 15, 30}, Loss: []float64{3.25, math.Inf(1), 1}}}},
			{Title: "Fine-tuning", Curves: []run.Curve{{Modality: data.Video, Steps: []float64{7}, Loss: []float64{0.1}}}},
			{Title: "Nothing yet"}},
		Reconstructions: []Reconstruction{{counting(1, 1), counting(1, 11), counting(1, 21)}, {counting(4, 31), counting(4, 61), counting(4, 91)}},
		Routing: &Routing{Title: "Tokens of each expert", Blocks: []int{2, 5},
			Image: [][]float64{{0.5, 0, 0, 0, 0, 0.125, 0, 0, 0.375}, {0, 0.01, 0, 0.2, 0.3, 0, 0.24, 0.25, 0}},
			Video: [][]float64{{0, 0.75, 0.25, 0, 0, 0, 0, 0, 0}, {0.1, 0, 0.1, 0, 0, 0.8, 0, 0, 0}}},
		Examples: []Example{
			{counting(1, 121), "sad", infer.Prediction{Labels: static, Probabilities: []float64{0.25, 0.126, 0.624}}},
			{counting(5, 131), "glad", infer.Prediction{Labels: dynamic, Probabilities: []float64{0.125, 0.875}}}},
		Facts: [][2]string{{"Seed", "3"}, {"Time", "2 h"}}}
	path := filepath.Join(t.TempDir(), "index.html")
	require.NoError(t, p.Write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	requireGolden(t, "page.html", textsOfCharts(t, numbersOfPictures(t, string(text))))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular())
}

// The pages of mien explain and of ablations, without their style.
func TestGoldenOtherPages(t *testing.T) {
	path, all := filepath.Join(t.TempDir(), "index.html"), ""
	add := func(err error) {
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		all += regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(textsOfCharts(t, string(text)), "")
	}
	e := Explanations{Model: "runs/one", Inputs: []Explanation{
		{Name: "a <face>.png", Modality: data.Image, Labels: []string{"calm", "glad", "sad", "cross"}, Probabilities: []float64{0.25, 0.126, 0.024, 0.6}, Picture: "001.png"},
		{Name: "clip", Modality: data.Video, Labels: []string{"glad", "cross"}, Probabilities: []float64{0.875, 0.125}, Picture: "002.png", Timeline: "002-probabilities"}}}
	add(e.Write(path))
	e.Beside = "runs/two"
	add(e.Write(path))
	c := Comparison{Title: "Models", Rows: []string{"vit", "s4d"}, Header: []string{"row", "UAR"}, Table: [][]string{{"vit", "4 < 5"}, {"s4d", "6"}},
		Notes:  []string{"one run", "measured on faces"},
		Curves: []RecallCurve{{Name: "static UAR", Modality: data.Image, Points: []RecallPoint{{Row: 1, Mean: 6, Values: []float64{6}}}}}}
	add(WriteComparisons(path, []Comparison{c}))
	other := c
	other.Title, other.Rows, other.Notes = "Layers", []string{"first", "last"}, []string{"two runs"}
	other.Header, other.Table = []string{"row", "WAR", "parameters"}, [][]string{{"first", "7", "8"}, {"last", "9", "-"}}
	add(WriteComparisons(path, []Comparison{c, other}))
	requireGolden(t, "pages.html", all)
}

// Every kind of chart.
func TestGoldenCharts(t *testing.T) {
	labels := []string{"calm", "glad", "cross"}
	score := infer.NamedScore{Name: "dynamic", Modality: data.Video, Score: calibrated()}
	evaluation := func(epoch int, image, video float64) run.Evaluation {
		return run.Evaluation{Epoch: epoch, Report: &infer.Report{Static: &infer.Score{UAR: image, WAR: image + 5}, Dynamic: &infer.Score{UAR: video, WAR: video - 7}}}
	}
	page := Page{Report: &infer.Report{Dynamic: score.Score},
		Runs: []Run{{Title: "a run", Evaluations: []run.Evaluation{evaluation(1, 40, 20), evaluation(3, 55, 60)},
			Curves: []run.Curve{{Modality: data.Image, Steps: []float64{0, 10, 20, 45, 50}, Loss: []float64{2.5, 1.5, math.NaN(), 0.5, 0.75}},
				{Modality: data.Video, Steps: []float64{5, 15, 30}, Loss: []float64{3.25, math.Inf(1), 1}}}}},
		Routing: &Routing{Title: "Tokens", Blocks: []int{2}, Image: [][]float64{{0.5, 0, 0.5}}, Video: [][]float64{{0.1, 0.7, 0.2}}},
		Centres: &Centres{Image: labels[:2], Video: labels, Cosines: [][]float64{{1, 0.5, -0.25}, {0.25, 0.75, 0.125}}}}
	var all strings.Builder
	for _, f := range slices.Concat(page.Curves(), page.Confusions(), page.Reliabilities(), page.Experts(), page.Cosines()) {
		all.WriteString(f.Name + "\n" + svgOf(t, f.draw))
	}
	spread := func(row int, values ...float64) RecallPoint {
		return RecallPoint{Row: row, Mean: (values[0] + values[1]) / 2, Deviation: 2.5, Values: values}
	}
	all.WriteString("recalls\n" + svgOf(t, Comparison{Title: "Models", Rows: []string{"vit", "two-heads-and-more"}, Curves: []RecallCurve{
		{Name: "static UAR", Modality: data.Image, Points: []RecallPoint{spread(1, 40, 44)}}, {Name: "static WAR", Modality: data.Image, Dashed: true},
		{Name: "dynamic WAR", Modality: data.Video, Dashed: true, Points: []RecallPoint{spread(0, 50, 51), spread(1, 62, 60)}},
	}}.chart))
	all.WriteString("timeline\n" + svgOf(t, func() (chart, error) {
		moment := func(first int, probabilities ...float64) infer.Moment {
			return infer.Moment{Window: data.Window{First: first, Last: first + 6, Stride: 2}, Probabilities: probabilities}
		}
		return timelineChart("clip", labels, []infer.Moment{moment(0, 0.5, 0.25, 0.25), moment(9, 0.125, 0.75, 0.125)})
	}))
	requireGolden(t, "charts.svg", all.String())
}

// The bar of every width of a terminal.
func TestGoldenBars(t *testing.T) {
	var text strings.Builder
	for _, c := range []struct {
		total, before, done int
		took                time.Duration
	}{{7, 0, 0, time.Hour}, {9, 0, 4, 8 * time.Minute}, {200, 50, 170, 90 * time.Minute}, {3, 3, 3, time.Second}, {5, 0, 6, 3 * time.Second}} {
		p := NewProgress(nil, c.total, "réading")
		p.before, p.done = c.before, c.done
		for columns := 1; columns <= 58; columns++ {
			fmt.Fprintf(&text, "%2d|%s|\n", columns, p.bar(columns, c.took))
		}
	}
	requireGolden(t, "bars.txt", text.String())
}

// A run that has lasted an hour for half of its steps needs another.
func TestBarCountsFromTheStart(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, 12, "learning")
	p.columns = func() int { return 60 }
	p.Resume(2)
	p.began, p.said = p.began.Add(-time.Hour), time.Time{}
	p.Add(5)
	require.Regexp(t, `^\rlearning \[=+ +\] 7/12, 1h0m\ds left\x1b\[K$`, b.String())
	p.Resume(3) // another run of the same command, of which these were done before
	p.said = time.Time{}
	b.Reset()
	p.Add(0)
	require.Regexp(t, `10/12, 24m\ds left\x1b\[K$`, b.String(), "five in an hour")
	p.done, p.before = 7, 2
	p.Clear()
	b.Reset()
	p.Add(1)
	require.Contains(t, b.String(), " 8/12, ", "drawn at once after it was taken away")
}
