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
	Table(&b, []string{"a", "b"}, nil)
	require.Equal(t, "a  b\n", b.String())
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

// figure renders a figure of a page.
func figure(t *testing.T, name string, of any) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, page.ExecuteTemplate(&b, name, of))
	require.NotContains(t, b.String(), "ZgotmplZ")
	return b.String()
}

// wellFormed parses a figure as XML.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
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
		{Curves: []run.Curve{curve(hostile, 2)}},
		{Curves: []run.Curve{curve(data.Image, math.NaN(), math.Inf(1), 3)}},
		{Curves: []run.Curve{curve(data.Image, 1, 0.5, 0.25), {}}},
	} {
		svg := figure(t, "curves", newPlot(c))
		wellFormed(t, svg)
		require.NotContains(t, svg, "<script>")
		require.NotContains(t, svg, "NaN")
		require.NotContains(t, svg, "Inf")
	}
	svg := figure(t, "matrix", matrix{[]string{hostile, "b"}, hostile, infer.NewConfusion(2)})
	wellFormed(t, svg)
	require.NotContains(t, svg, "NaN")
	require.NotContains(t, svg, "<script>")
	svg = figure(t, "routing", &Routing{Blocks: []int{2, 3}, Image: [][]float64{{0.5, 0.5}, {1, 0}}})
	wellFormed(t, svg)
	require.Equal(t, 4, strings.Count(svg, "<rect"))
	wellFormed(t, figure(t, "routing", &Routing{Title: "of nothing", Blocks: []int{2}}))
}

// The figure of a confusion matrix has true classes by row, in percent of each row, and predicted ones by column.
func TestConfusionFigureIsNotTransposed(t *testing.T) {
	svg := figure(t, "matrix", matrix{[]string{"first", "second", "third"}, "", infer.Confusion{{6, 3, 1}, {0, 1, 3}, {2, 0, 48}}})
	place := func(pattern string) (at float64) {
		match := regexp.MustCompile(pattern).FindAllStringSubmatch(svg, -1)
		require.Len(t, match, 1, pattern)
		_, err := fmt.Sscan(match[0][1], &at)
		require.NoError(t, err)
		return at
	}
	var columns, rows []float64
	for _, name := range []string{"first", "second", "third"} {
		columns = append(columns, place(`translate\(([0-9.]+) 86\) rotate\(-45\)" class="strong">`+name+"<"))
		rows = append(rows, place(`<text x="86" y="([0-9.]+)" text-anchor="end" class="strong">`+name+"<"))
	}
	require.IsIncreasing(t, columns)
	require.IsIncreasing(t, rows)
	require.InDelta(t, 92+46/2, columns[0], 8, "a name stands at the middle of its column")
	require.InDelta(t, 92+46/2, rows[0], 8, "a name stands at the middle of its row")
	for row, percents := range [][]string{{"60", "30", "10"}, {"", "25", "75"}, {"4", "", "96"}} {
		for column, percent := range percents {
			if percent != "" {
				cell := `(?s)<g transform="translate\(([0-9.]+) ([0-9.]+)\)">\s*<rect[^>]*>\s*<text [^>]*>` + percent + "<"
				match := regexp.MustCompile(cell).FindAllStringSubmatch(svg, -1)
				require.Len(t, match, 1, percent)
				var x, y float64
				_, err := fmt.Sscan(match[0][1]+" "+match[0][2], &x, &y)
				require.NoError(t, err)
				require.InDelta(t, columns[column]-columns[0], x-92, 1e-9, percent)
				require.InDelta(t, rows[row]-rows[0], y-92, 1e-9, percent)
			}
		}
	}
	require.Equal(t, 7, strings.Count(svg, `text-anchor="middle"`), "nothing where no sample is")
}

func TestTicks(t *testing.T) {
	require.Equal(t, []float64{0, 50, 100, 150, 200}, ticks(0, 230, 5))
	require.Equal(t, []float64{0.8, 0.9, 1}, ticks(0.79, 1.09, 5))
	require.Equal(t, []float64{50, 100, 150, 200}, ticks(50, 200, 5), "both ends, where they are round")
	require.Equal(t, []float64{0, 0.1, 0.2, 0.3}, ticks(0, 0.3, 5), "also where a sum of steps is a little more")
}

// The running mean looks as far back as ahead, so that it neither lags behind the losses nor runs ahead of them.
func TestSmooth(t *testing.T) {
	l := line{x: make([]float64, 120), y: make([]float64, 120)}
	for i := range l.y {
		l.y[i] = float64(10 * i)
	}
	l.y[60] += 70
	smooth := l.Smooth()
	require.Equal(t, l.x, smooth.x)
	for i, y := range smooth.y {
		switch {
		case i >= 57 && i <= 63: // three to either side
			require.InDelta(t, 10*i+10, y, 1e-9, i)
		case i >= 3 && i < 117:
			require.InDelta(t, 10*i, y, 1e-9, i)
		}
	}
	require.InDeltaSlice(t, []float64{15, 20, 25}, smooth.y[:3], 1e-9)
	require.InDeltaSlice(t, []float64{1165, 1170, 1175}, smooth.y[117:], 1e-9)
	require.Equal(t, 670.0, l.y[60], "the losses stay as they are")
}

// Large losses are at the top, late steps to the right, and images have the colour that they have in the routing.
func TestPlotPlacesCurves(t *testing.T) {
	p := newPlot(Run{Curves: []run.Curve{
		{Modality: data.Video, Steps: []float64{10, 20}, Loss: []float64{3, 2}},
		{Modality: data.Image, Steps: []float64{10, 15, 30}, Loss: []float64{5, math.NaN(), 1}},
	}})
	require.Len(t, p.Lines, 2)
	require.Equal(t, "0.0,102.0 201.0,153.0 ", p.Points(p.Lines[0]))
	require.Equal(t, "0.0,0.0 402.0,204.0 ", p.Points(p.Lines[1]), "without what is no number")
	require.Equal(t, []string{"b", "a"}, []string{p.Lines[0].Color, p.Lines[1].Color})
}

// corners returns where the rectangles of a figure have their left upper corners, in order.
func corners(t *testing.T, svg string) (all [][2]float64) {
	t.Helper()
	at := [][2]float64{{}}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			place, x, y := at[len(at)-1], 0.0, 0.0
			for _, a := range e.Attr {
				if a.Name.Local == "transform" {
					fmt.Sscanf(a.Value, "translate(%g %g)", &x, &y)
				}
			}
			place[0], place[1] = place[0]+x, place[1]+y
			if at = append(at, place); e.Name.Local == "rect" {
				all = append(all, place)
			}
		case xml.EndElement:
			at = at[:len(at)-1]
		}
	}
}

// The figure of the routing has, block after block, a row of experts for images and one below it for videos.
func TestRoutingFigure(t *testing.T) {
	shares := [][]float64{{0.5, 0.5, 0}, {1, 0, 0}}
	svg := figure(t, "routing", &Routing{Blocks: []int{2, 3}, Image: shares, Video: shares})
	require.Equal(t, [][2]float64{
		{130, 40}, {170, 40}, {210, 40}, {130, 80}, {170, 80}, {210, 80},
		{130, 132}, {170, 132}, {210, 132}, {130, 172}, {170, 172}, {210, 172},
	}, corners(t, svg))
	require.Equal(t, 2, strings.Count(svg, `<g fill="var(--a)">`), "images")
	require.Equal(t, 2, strings.Count(svg, `<g fill="var(--b)">`), "videos")
	for opacity, n := range map[string]int{"0.425": 4, "0.850": 2, "0.000": 6} {
		require.Equal(t, n, strings.Count(svg, `fill-opacity="`+opacity+`"`), "a larger share is darker")
	}
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
	require.Contains(t, page, "&lt;b&gt;")
	require.NotContains(t, page, "<b>\"title\"")
	require.Equal(t, 4, strings.Count(page, "data:image/png;base64,"))
	require.Contains(t, page, `<div class="bar true"><span>b</span><i style="width:75%">`)
	require.NotContains(t, page, "ZgotmplZ", "the template refused something")
	for _, foreign := range []string{"http://", "https://"} {
		require.NotContains(t, strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), foreign, "the page stands alone")
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
