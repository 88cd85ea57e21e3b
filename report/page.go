package report

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"

	"mien/atomicfile"
	"mien/data"
	"mien/infer"
	"mien/run"
)

// The web page of one or more runs. Its charts come from figures.go, its samples from samples.go.

// Page is a web page about runs, in one file.
type Page struct {
	Title, Intro    string
	Model           *infer.Model  // whose class names label the scores
	Report          *infer.Report // of the model
	Runs            []Run
	Reconstructions []Reconstruction
	Attention       []Attended
	Routing         *Routing
	Centres         *Centres
	Examples        []Example
	Facts           [][2]string
}

// Run is a training run with the losses and the evaluations that it logged.
type Run struct {
	Title       string
	Curves      []run.Curve
	Evaluations []run.Evaluation
}

//go:embed page.html explain.html ablation.html style.html
var templates embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"strip": strip, "moments": moments, "picture": pictureURL, "top": top, "set": setTitle, "recalls": recallsOf, "percent": percents,
}).ParseFS(templates, "*.html"))

// setTitle is the title of a set of a modality.
func setTitle(m data.Modality) string { return data.ByModality(m, "Images", "Videos") }

// Write renders the page to a file, atomically.
func (p *Page) Write(path string) error {
	return atomicfile.Write(path, func(f *os.File) error { return page.Execute(f, p) })
}

// strip returns frames side by side as the data URL of a PNG. Of a video every second frame is shown: its patches are two
// frames deep.
func strip(f *data.Frames) (template.URL, error) {
	var shown []int
	for t := 0; t < f.T; t += 2 {
		shown = append(shown, t)
	}
	return pngURL(f, shown)
}

// moments returns the first, middle and last frame of a video, or an image.
func moments(f *data.Frames) (template.URL, error) {
	return pngURL(f, slices.Compact([]int{0, f.T / 2, f.T - 1}))
}

func pngURL(f *data.Frames, shown []int) (template.URL, error) {
	img := image.NewRGBA(image.Rect(0, 0, f.W*len(shown), f.H))
	for i, t := range shown {
		paint(img, i*f.W, 0, f, t)
	}
	return pictureURL(img)
}

// pictureURL returns a picture as the data URL of a PNG.
func pictureURL(m image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}

// Picture returns frame t of f.
func Picture(f *data.Frames, t int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	paint(m, 0, 0, f, t)
	return m
}

// paint copies frame t of f into a picture, its upper left corner to x, y.
func paint(img *image.RGBA, x, y int, f *data.Frames, t int) {
	pix := f.Frame(t)
	for row := range f.H {
		for col := range f.W {
			at := (row*f.W + col) * 3
			img.SetRGBA(x+col, y+row, color.RGBA{pix[at], pix[at+1], pix[at+2], 255})
		}
	}
}

// recall is that of a class.
type recall struct {
	Label   string
	Percent string
	N       int // samples of the class
}

// recallsOf returns those of the classes that have samples.
func recallsOf(p *Page, s infer.NamedScore) (all []recall) {
	for class, label := range p.labels(s) {
		if percent, ok := s.Confusion.Recall(class); ok {
			all = append(all, recall{label, fmt.Sprintf("%.0f", percent), s.Confusion.Count(class)})
		}
	}
	return all
}

// top returns the three most probable classes.
func top(probabilities []float64) []int {
	classes := make([]int, len(probabilities))
	for i := range classes {
		classes[i] = i
	}
	slices.SortStableFunc(classes, func(i, j int) int { return cmp.Compare(probabilities[j], probabilities[i]) })
	return classes[:min(3, len(classes))]
}
