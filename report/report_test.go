package report

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/plotter"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/run"
)

func TestTable(t *testing.T) {
	var b bytes.Buffer
	Table(&b, []string{"set", "UAR", "share"}, [][]string{{"static", "93.10", "5 %"}, {"dynamisch ü", "7.00", "50 %"}})
	require.Equal(t, ""+
		"set            UAR  share\n"+
		"static       93.10    5 %\n"+
		"dynamisch ü   7.00   50 %\n", b.String())
	b.Reset()
	Table(&b, []string{"set", "share", "note"}, [][]string{{"static", "5 %", "5%"}})
	require.Equal(t, "set     share  note\nstatic    5 %  5%\n", b.String(), "numbers and their header stand to the right")
	b.Reset()
	Table(&b, []string{"note", "n"}, [][]string{{"none", "1"}, {"5", "12"}})
	require.Equal(t, "note   n\nnone   1\n5     12\n", b.String(), "one word makes a column of words, wherever it stands")
	b.Reset()
	Table(&b, []string{"a", "b"}, nil)
	require.Equal(t, "a  b\n", b.String())
	b.Reset()
	Table(&b, []string{"path", "n"}, [][]string{{"a\x1b\xff", "12"}, {"longer", "-"}})
	require.Equal(t, "path        n\n"+`a\x1b\xff  12`+"\nlonger      -\n", b.String(), "as wide as what is printed")
}

func TestConfusionTable(t *testing.T) {
	c := infer.NewConfusion(2)
	c.Add(0, 0)
	c.Add(0, 1)
	var b bytes.Buffer
	ConfusionTable(&b, []string{"a", "b"}, infer.Confusion{{0, 2}, {0, 0}})
	require.Equal(t, ""+
		"   a  b  recall  precision     F1\n"+
		"a  0  2   0.0 %          -  0.0 %\n"+
		"b  0  0       -      0.0 %  0.0 %\n", b.String(), "none is right; there is none")
	b.Reset()
	ConfusionTable(&b, []string{"happy", "sad"}, c)
	require.Equal(t, ""+
		"       happy  sad  recall  precision      F1\n"+
		"happy      1    1  50.0 %    100.0 %  66.7 %\n"+
		"sad        0    0       -      0.0 %   0.0 %\n", b.String())
	b.Reset()
	ConfusionTable(&b, []string{"c"}, infer.Confusion{{0}})
	require.Equal(t, "   c  recall  precision  F1\nc  0       -          -   -\n", b.String(), "it does not occur")
}

// svgOf draws a chart as an element of a page.
func svgOf(t *testing.T, draw func() (chart, error)) string {
	t.Helper()
	svg, err := figure{"figure", draw}.SVG()
	require.NoError(t, err)
	return string(svg)
}

// placed is a text of a drawing, and where it begins, counted from the upper left.
type placed struct {
	text string
	x, y float64
}

// textsOf returns the texts of a drawing in their order. It fails for one that is not well-formed.
func textsOf(t *testing.T, svg string) (all []placed) {
	t.Helper()
	type affine [6]float64
	within := func(m, n affine) affine {
		return affine{m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1], m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
			m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5]}
	}
	at := []affine{{1, 0, 0, 1, 0, 0}}
	var text *placed
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err, svg)
		switch e := token.(type) {
		case xml.StartElement:
			place, x, y := at[len(at)-1], 0.0, 0.0
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "x":
					fmt.Sscan(a.Value, &x)
				case "y":
					fmt.Sscan(a.Value, &y)
				case "transform":
					for _, step := range regexp.MustCompile(`(\w+)\(([^)]*)\)`).FindAllStringSubmatch(a.Value, -1) {
						var u, v float64
						fmt.Sscan(strings.ReplaceAll(step[2], ",", " "), &u, &v)
						switch step[1] {
						case "translate":
							place = within(place, affine{1, 0, 0, 1, u, v})
						case "scale":
							place = within(place, affine{u, 0, 0, v, 0, 0})
						case "rotate":
							sin, cos := math.Sincos(u * math.Pi / 180)
							place = within(place, affine{cos, sin, -sin, cos, 0, 0})
						}
					}
				}
			}
			if at = append(at, place); e.Name.Local == "text" {
				text = &placed{x: place[0]*x + place[2]*y + place[4], y: place[1]*x + place[3]*y + place[5]}
			}
		case xml.CharData:
			if text != nil {
				text.text += string(e)
			}
		case xml.EndElement:
			at = at[:len(at)-1]
			if e.Name.Local == "text" {
				all, text = append(all, *text), nil
			}
		}
	}
}

// words are the texts alone.
func words(texts []placed) (all []string) {
	for _, p := range texts {
		all = append(all, p.text)
	}
	return all
}

func TestFiguresAreWellFormed(t *testing.T) {
	const hostile = `<script>"&`
	curve := func(m data.Modality, loss ...float64) run.Curve {
		c := run.Curve{Modality: m, Loss: loss}
		for i := range loss {
			c.Steps = append(c.Steps, float64(i))
		}
		return c
	}
	for _, c := range []Run{
		{Title: hostile},
		{Title: "a\x1b\xff", Curves: []run.Curve{curve(hostile, 2)}},
		{Curves: []run.Curve{curve(data.Image, math.NaN(), math.Inf(1), 3)}},
		{Curves: []run.Curve{curve(data.Image, 1, 0.5, 0.25), {}}},
	} {
		svg := svgOf(t, func() (chart, error) { return lossChart(c) })
		if c.Title != "" {
			require.Contains(t, words(textsOf(t, svg)), Printable(c.Title))
		}
		require.NotContains(t, svg, "<script>")
		require.NotContains(t, svg, "NaN")
		require.NotContains(t, svg, "Inf")
	}
	timeline := svgOf(t, func() (chart, error) {
		return timelineChart("a\x1b", []string{hostile, "\x1bb"}, []infer.Moment{{Probabilities: []float64{0.25, 0.75}}})
	})
	require.Subset(t, words(textsOf(t, timeline)), []string{hostile, `\x1bb`, `a\x1b`})
	none := infer.NamedScore{Name: hostile, Score: &infer.Score{Confusion: infer.NewConfusion(2)}}
	svg := svgOf(t, confusion(none, []string{hostile, "\x1bb"}).chart)
	require.Subset(t, words(textsOf(t, svg)), []string{hostile, `\x1bb`, hostile + ": share of the true class, in percent"})
	require.NotContains(t, svg, "NaN")
	require.NotContains(t, svg, "<script>")
}

// The figure of a confusion matrix has true classes by row, in percent of each row, and predicted ones by column.
func TestConfusionFigureIsNotTransposed(t *testing.T) {
	names := []string{"first", "second", "third"}
	score := infer.NamedScore{Name: "static", Score: &infer.Score{Confusion: infer.Confusion{{6, 3, 1}, {0, 1, 3}, {2, 0, 48}}}}
	texts := textsOf(t, svgOf(t, confusion(score, names).chart))
	places := map[string][]placed{}
	for _, p := range texts {
		places[p.text] = append(places[p.text], p)
	}
	require.Len(t, places["predicted"], 1)
	require.Len(t, places["true"], 1)
	var columns, rows []float64
	for _, name := range names {
		require.Len(t, places[name], 2)
		columns, rows = append(columns, places[name][0].x), append(rows, places[name][1].y)
	}
	require.IsIncreasing(t, columns)
	require.IsIncreasing(t, rows)
	cells := texts[len(texts)-9:]
	for row, percents := range [][]string{{"60", "30", "10"}, {"0", "25", "75"}, {"4", "0", "96"}} {
		for column, percent := range percents {
			cell := cells[3*row+column]
			require.Equal(t, percent, cell.text)
			require.InDelta(t, rows[row], cell.y, 3, percent)
			require.InDelta(t, cells[column].x, cell.x, 4, "under each other, as wide as they are")
		}
	}
	require.Less(t, cells[0].x, cells[1].x)
	require.Less(t, cells[1].x, cells[2].x)
}

// The running mean looks as far back as ahead, so that it neither lags behind the losses nor runs ahead of them.
func TestSmooth(t *testing.T) {
	points := make(plotter.XYs, 120)
	for i := range points {
		points[i] = plotter.XY{X: float64(3 * i), Y: float64(10 * i)}
	}
	points[60].Y += 70
	for i, p := range smoothed(points) {
		require.Equal(t, points[i].X, p.X)
		want := float64(10 * i)
		switch {
		case i >= 57 && i <= 63: // three to either side
			want += 10
		case i < 3:
			want = []float64{15, 20, 25}[i]
		case i >= 117:
			want = []float64{1165, 1170, 1175}[i-117]
		}
		require.InDelta(t, want, p.Y, 1e-9, i)
	}
	require.Equal(t, 670.0, points[60].Y, "the losses stay as they are")
}

// Long curves are drawn by every so many points, the first included.
func TestThinned(t *testing.T) {
	for n, want := range map[int]int{1: 1, 799: 799, 800: 400, 1300: 434} {
		points := make(plotter.XYs, n)
		for i := range points {
			points[i] = plotter.XY{X: float64(i), Y: float64(n - i)}
		}
		some := thinned(points)
		require.Len(t, some, want)
		require.Equal(t, points[0], some[0])
		if n > 1 {
			require.Equal(t, points[(n+want-1)/want], some[1])
		}
	}
}

// A curve is drawn without what is no number, each step at its place, and in the colour of its modality.
func TestLossChart(t *testing.T) {
	require.Equal(t, plotter.XYs{{X: 10, Y: 5}, {X: 30, Y: 1}},
		finite(run.Curve{Steps: []float64{10, 15, 20, 30}, Loss: []float64{5, math.NaN(), math.Inf(-1), 1}}))
	c := func() (chart, error) {
		return lossChart(Run{Title: "a run", Curves: []run.Curve{
			{Modality: data.Video, Steps: []float64{10, 20}, Loss: []float64{3, 2}},
			{Modality: data.Image, Steps: []float64{10, 30}, Loss: []float64{5, 1}},
			{Modality: "none", Steps: []float64{1}, Loss: []float64{math.NaN()}},
		}})
	}
	svg := svgOf(t, c)
	texts := words(textsOf(t, svg))
	require.Subset(t, texts, []string{"a run", "step", "loss", "10", "20", "30", "1", "3", "5", "video", "image"})
	require.NotContains(t, texts, "none")
	for _, m := range []data.Modality{data.Image, data.Video} {
		full := modalityColors[m]
		require.Equal(t, 2, strings.Count(svg, fmt.Sprintf("stroke:#%02X%02X%02X", full.R, full.G, full.B)), "the mean and the legend")
	}
	require.Equal(t, 2, strings.Count(svg, "stroke-opacity:"), "each step, faint")

	steps, losses := make([]float64, 1600), make([]float64, 1600) // of which every fourth is drawn
	for i := range steps {
		steps[i], losses[i] = float64(i), float64(i%4)
	}
	mean := svgOf(t, func() (chart, error) {
		return lossChart(Run{Curves: []run.Curve{{Modality: data.Video, Steps: steps, Loss: losses}}})
	})
	require.Subset(t, words(textsOf(t, mean)), []string{"0.0", "1.5"}, "from what is drawn of the losses to the mean of all")

	videos := svgOf(t, func() (chart, error) { // as run.Curves has them of a run without images
		return lossChart(Run{Curves: []run.Curve{{Modality: data.Image}, {Modality: data.Video, Steps: []float64{0, 1}, Loss: []float64{3, 2}}}})
	})
	require.Contains(t, words(textsOf(t, videos)), "video")
	require.NotContains(t, words(textsOf(t, videos)), "image")
}

// The figure of the routing has, block after block, a row of experts for images and one below it for videos.
func TestRoutingFigure(t *testing.T) {
	r := &Routing{Title: "Tokens", Blocks: []int{2, 3}, Image: [][]float64{{0.5, 0.3, 0.2}, {0.9, 0, 0.1}}, Video: [][]float64{{0.6, 0.4, 0}, {0.25, 0.7, 0.05}}}
	texts := textsOf(t, svgOf(t, r.matrix().chart))
	require.Equal(t, []string{"50", "30", "20", "60", "40", "0", "90", "0", "10", "25", "70", "5"}, words(texts)[len(texts)-12:])
	rows := map[string]float64{}
	for _, p := range texts {
		rows[p.text] = p.y
	}
	require.IsIncreasing(t, []float64{rows["block 2, images"], rows["block 2, videos"], rows["block 3, images"], rows["block 3, videos"]})
	require.InDelta(t, rows["block 2, videos"], texts[len(texts)-8].y, 3)
	one := (&Routing{Blocks: []int{4}, Video: [][]float64{{0.75, 0.25}}}).matrix()
	require.Equal(t, []string{"block 4, videos"}, one.Rows, "no room for a modality without samples")
	require.Equal(t, []string{"0", "1"}, one.Cols)
	one = (&Routing{Blocks: []int{4, 7}, Image: [][]float64{{0.75, 0.15, 0.1}, {0.5, 0.3, 0.2}}}).matrix()
	require.Equal(t, []string{"block 4, images", "block 7, images"}, one.Rows)
	require.Equal(t, [][]float64{{0.75, 0.15, 0.1}, {0.5, 0.3, 0.2}}, one.Values)
	require.Equal(t, []string{"0", "1", "2"}, one.Cols)
}

// A strip shows every second frame of a video, moments its first, middle and last one.
func TestFramesThatAreShown(t *testing.T) {
	shown := func(url template.URL, err error) (values []uint8) {
		require.NoError(t, err)
		text, ok := strings.CutPrefix(string(url), "data:image/png;base64,")
		require.True(t, ok)
		img, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
		require.NoError(t, err)
		require.Equal(t, 2, img.Bounds().Dy())
		for x := 0; x < img.Bounds().Dx(); x += 3 {
			r, g, b, _ := img.At(x, 1).RGBA()
			require.Equal(t, []uint32{r>>8 + 1, r>>8 + 2}, []uint32{g >> 8, b >> 8})
			values = append(values, uint8(r>>8))
		}
		return values
	}
	video := func(n int) *data.Frames {
		f := data.NewFrames(n, 2, 3)
		for i := range f.Pix {
			f.Pix[i] = uint8(10*(i/18) + i%3)
		}
		return f
	}
	require.Equal(t, []uint8{0, 20, 40}, shown(strip(video(5))))
	require.Equal(t, []uint8{0}, shown(strip(video(1))))
	require.Equal(t, []uint8{0, 30, 50}, shown(moments(video(6))))
	require.Equal(t, []uint8{0, 10}, shown(moments(video(2))))
	require.Equal(t, []uint8{0}, shown(moments(video(1))))
}

func TestTop(t *testing.T) {
	require.Equal(t, []int{1, 3, 4}, top([]float64{0.1, 0.5, 0.05, 0.2, 0.15}))
	require.Equal(t, []int{0, 1}, top([]float64{0.5, 0.5}), "the first among equals first")
}

func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	face := data.NewFrames(1, 8, 8)
	p := Page{Title: `<b>"title"`,
		Model:           &infer.Model{Description: modelfile.Description{Labels: map[data.Modality][]string{data.Image: {"a", "b"}}}},
		Report:          &infer.Report{Static: &infer.Score{UAR: 91.25, WAR: 90, N: 12, Confusion: infer.Confusion{{3, 1}, {0, 8}}}},
		Reconstructions: []Reconstruction{{face, face, face}},
		Examples: []Example{{data.NewFrames(4, 8, 8), "b",
			infer.Prediction{Labels: []string{"a", "b"}, Probabilities: []float64{0.25, 0.75}}}},
		Facts: [][2]string{{"Seed", "3"}}}
	require.NoError(t, p.Write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	page := string(text)
	require.Contains(t, page, "91.2")
	require.Contains(t, page, ">75</text>", "of the first class three of four")
	require.Contains(t, page, `<div class="bar"><span>a</span><i style="width:75%"></i><span>75 % of 4</span></div>`)
	require.Contains(t, page, "&lt;b&gt;")
	require.NotContains(t, page, "<b>\"title\"")
	require.Equal(t, 4, strings.Count(page, "data:image/png;base64,"))
	require.Contains(t, page, `<div class="bar true"><span>b</span><i style="width:75%">`)
	require.NotContains(t, page, "ZgotmplZ", "the template refused something")
	for _, foreign := range []string{"http://", "https://", ` src="/`, "url("} {
		namespaces := strings.NewReplacer("http://www.w3.org/2000/svg", "", "http://www.w3.org/1999/xlink", "")
		require.NotContains(t, namespaces.Replace(page), foreign, "the page stands alone")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"plain.png":               "plain.png",
		`C:\new "face" é 顔 😀.png`: `C:\new "face" é 顔 😀.png`,
		"\x1b[2J\r\n\x00.png":     `\x1b[2J\r\n\x00.png`,
		"\xff\u0085\u202e.png":    `\xff\u0085\u202e.png`,
	} {
		require.Equal(t, want, Printable(s))
	}
	var b strings.Builder
	Table(&b, []string{"path"}, [][]string{{"a\x1bb"}})
	require.Equal(t, "path\na\\x1bb\n", b.String())
}
