package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"mien/atomicfile"
	"mien/pipeline"
)

// What the faces of a video show over time: a panel a face, a line a class.

// FaceTimeline gathers the probabilities of faces in bounded memory: of a long video it has means over some frames.
type FaceTimeline struct {
	labels []string
	tracks map[int]*faceTrack
	width  int // frames of a moment
	count  int // moments of all tracks
	timed  bool
}

// faceTrack is a face.
type faceTrack struct {
	id, frames int
	moments    []moment
}

// moment is a run of frames: sums.
type moment struct {
	number        int // width·number is its first frame
	n             int
	time          float64
	probabilities []float64
}

const (
	maxMoments = 1 << 14 // of all faces, before two become one
	maxPoints  = 1 << 10 // of a line
	maxPanels  = 10
)

// NewFaceTimeline begins one with the classes of the model.
func NewFaceTimeline(labels []string) *FaceTimeline {
	return &FaceTimeline{labels: labels, tracks: map[int]*faceTrack{}, width: 1}
}

// Add takes a frame of a video. Faces that have no number or show nothing yet are left out.
func (l *FaceTimeline) Add(f pipeline.Frame) {
	time := f.Time
	if l.timed = l.timed || !math.IsNaN(time); math.IsNaN(time) {
		time = float64(f.Index)
	}
	for _, face := range f.Faces {
		if face.ID == 0 || len(face.Probabilities) != len(l.labels) {
			continue
		}
		t := l.tracks[face.ID]
		if t == nil {
			t = &faceTrack{id: face.ID}
			l.tracks[face.ID] = t
		}
		before := len(t.moments)
		t.frames++
		t.moments = join(t.moments, moment{f.Index / l.width, 1, time, slices.Clone(face.Probabilities)})
		l.count += len(t.moments) - before
	}
	for l.count > maxMoments && l.width < 1<<30 { // more faces than that are not made fewer by it
		l.coarsen()
	}
}

// join adds a moment to the last one, or behind it.
func join(moments []moment, m moment) []moment {
	if len(moments) == 0 || moments[len(moments)-1].number != m.number {
		return append(moments, m)
	}
	last := &moments[len(moments)-1]
	last.n += m.n
	last.time += m.time
	for i, p := range m.probabilities {
		last.probabilities[i] += p
	}
	return moments
}

// coarsen makes moments twice as long.
func (l *FaceTimeline) coarsen() {
	l.width *= 2
	l.count = 0
	for _, t := range l.tracks {
		t.moments = coarser(t.moments)
		l.count += len(t.moments)
	}
}

func coarser(moments []moment) (half []moment) {
	for _, m := range moments {
		half = join(half, moment{m.number / 2, m.n, m.time, slices.Clone(m.probabilities)})
	}
	return half
}

// Save draws the faces that were seen longest, as .png or .svg.
func (l *FaceTimeline) Save(path, title string) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(strings.TrimSuffix(path, ".part"))), ".")
	if format != "png" && format != "svg" {
		return fmt.Errorf("%s: a plot is .png or .svg", path)
	}
	var drawn bytes.Buffer
	if err := l.write(&drawn, format, title); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, drawn.Bytes())
}

// longest returns the faces that are drawn, in the order of their numbers.
func (l *FaceTimeline) longest() []*faceTrack {
	all := slices.SortedFunc(maps.Values(l.tracks), func(a, b *faceTrack) int {
		if a.frames != b.frames {
			return b.frames - a.frames
		}
		return a.id - b.id
	})
	all = all[:min(len(all), maxPanels)]
	slices.SortFunc(all, func(a, b *faceTrack) int { return a.id - b.id })
	return all
}

// write draws the panels one below the other, with one legend.
func (l *FaceTimeline) write(w io.Writer, format, title string) error {
	const width, height = 9 * vg.Inch, 2 * vg.Inch
	shown := l.longest()
	if len(shown) < len(l.tracks) {
		title += fmt.Sprintf(" (the longest %d of %d faces)", len(shown), len(l.tracks))
	}
	var panels []chart
	for i, t := range shown {
		heading := fmt.Sprintf("#%d", t.id)
		if i == 0 {
			heading = title + ": " + heading
		}
		panel, err := l.panel(heading, t)
		if err != nil {
			return err
		}
		panels = append(panels, panel)
	}
	if panels == nil {
		panels = []chart{newChart(title+": no face", "", "")}
		panels[0].HideAxes()
	}
	first, last := math.Inf(1), math.Inf(-1)
	for _, p := range panels {
		first, last = min(first, p.X.Min), max(last, p.X.Max)
	}
	canvas, err := draw.NewFormattedCanvas(width, height*vg.Length(len(panels)), format)
	if err != nil {
		return err
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Path())
	legend := panels[0].Legend
	legend.Top = true
	aside := legend.Rectangle(all).Size().X + vg.Points(8)
	for i, p := range panels {
		p.X.Min, p.X.Max = first, last
		p.Legend = gonum.NewLegend()
		below := height * vg.Length(len(panels)-1-i)
		p.Draw(draw.Crop(all, 0, -aside, below, -height*vg.Length(i)))
	}
	legend.Draw(draw.Crop(all, 0, 0, 0, -vg.Points(24)))
	return writeCanvas(w, canvas)
}

func (l *FaceTimeline) panel(title string, t *faceTrack) (chart, error) {
	c := newChart(title, "frame", "probability")
	if c.X.Tick.Marker = (gonum.Ticker)(whole{}); l.timed {
		c.X.Label.Text, c.X.Tick.Marker = "time", clockTicks{}
	}
	moments := t.moments
	for len(moments) > maxPoints {
		moments = coarser(moments)
	}
	for class, label := range l.labels {
		for i, run := range runs(moments) {
			points := make(plotter.XYs, len(run))
			for k, m := range run {
				points[k] = plotter.XY{X: m.time / float64(m.n), Y: m.probabilities[class] / float64(m.n)}
			}
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return c, err
			}
			line.Color = palette.HSVA{H: float64(class) / float64(len(l.labels)), S: 0.8, V: 0.8, A: 1}
			line.Width = vg.Points(1.2)
			if c.Add(line); len(points) == 1 {
				dots.Color, dots.Radius, dots.Shape = line.Color, vg.Points(1.5), draw.CircleGlyph{}
				c.Add(dots)
			}
			if i == 0 {
				c.Legend.Add(Printable(label), line)
			}
		}
	}
	c.Y.Min, c.Y.Max = 0, 1
	return c, nil
}

// runs divides moments where the face was away: between two is much more time than usually.
func runs(moments []moment) (runs [][]moment) {
	at := func(i int) float64 { return moments[i].time / float64(moments[i].n) }
	var gaps []float64
	for i := 1; i < len(moments); i++ {
		gaps = append(gaps, at(i)-at(i-1))
	}
	if len(gaps) == 0 {
		return [][]moment{moments}
	}
	usual := slices.Clone(gaps)
	slices.Sort(usual)
	begin := 0
	for i, gap := range gaps {
		if gap > 4*usual[len(usual)/2] {
			runs = append(runs, moments[begin:i+1])
			begin = i + 1
		}
	}
	return append(runs, moments[begin:])
}

// clockTicks marks whole seconds, minutes and hours.
type clockTicks struct{}

func (clockTicks) Ticks(low, high float64) (marks []gonum.Tick) {
	const most = 8
	step := math.Pow(10, math.Ceil(math.Log10((high-low)/most))) // of what is longer than days
	for _, s := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800} {
		if (high-low)/s <= most {
			step = s
			break
		}
	}
	for k := math.Ceil(low / step); k*step <= high; k++ {
		marks = append(marks, gonum.Tick{Value: k * step, Label: clockLabel(k*step, step)})
	}
	return marks
}

// clockLabel is "1:02:03", "2:03" or, with steps below a second, "2:03.50".
func clockLabel(seconds, step float64) string {
	whole := int(math.Floor(seconds + 1e-6))
	text := fmt.Sprintf("%d:%02d", whole/60, whole%60)
	if whole >= 3600 {
		text = fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
	}
	if step < 1 {
		text += fmt.Sprintf(".%02.0f", 100*(seconds-float64(whole)))
	}
	return text
}
