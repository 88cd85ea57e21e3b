package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
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
	Table(&b, []string{"a", "b"}, nil)
	require.Equal(t, "a  b\n", b.String())
}

func TestConfusionTable(t *testing.T) {
	c := infer.NewConfusion(2)
	c.Add(0, 0)
	c.Add(0, 1)
	var b bytes.Buffer
	ConfusionTable(&b, []string{"happy", "sad"}, c)
	require.Equal(t, ""+
		"       happy  sad  recall\n"+
		"happy      1    1  50.0 %\n"+
		"sad        0    0  -\n", b.String())
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
	require.InDeltaSlice(t, []float64{0.8, 0.9, 1}, ticks(0.79, 1.09, 5), 1e-9)
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

// Without a terminal, a bar prints nothing for half a minute, and lines are printed alone.
