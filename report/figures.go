package report

import (
	"fmt"
	"html/template"
	"image"
	"image/draw"
	"math"
	"path/filepath"
	"slices"

	"mien/data"
	"mien/infer"
)

// Figures of a page as files of their own.

// figure is a chart of a page, drawn when it is needed, and the name of its files.
type figure struct {
	Name string
	draw func() (chart, error)
}

// SVG returns the figure as an element of the page.
func (f figure) SVG() (template.HTML, error) {
	c, err := f.draw()
	if err != nil {
		return "", fmt.Errorf("figure %s: %w", f.Name, err)
	}
	return c.svg()
}

// save writes the figure into a folder as PNG and SVG.
func (f figure) save(dir string) error {
	c, err := f.draw()
	if err != nil {
		return fmt.Errorf("figure %s: %w", f.Name, err)
	}
	return c.save(filepath.Join(dir, f.Name))
}

// Curves are the losses of each run and, where it was evaluated more than once, its recalls.
func (p *Page) Curves() (all []figure) {
	for i, r := range p.Runs {
		name := fmt.Sprintf("run-%d", i+1)
		all = append(all, figure{name + "-losses", func() (chart, error) { return lossChart(r) }})
		if len(r.Evaluations) > 1 { // one is no curve
			all = append(all, figure{name + "-recalls", func() (chart, error) { return recallChart(r) }})
		}
	}
	return all
}

// Confusions are those of each set.
func (p *Page) Confusions() (all []figure) {
	for _, s := range p.scores() {
		all = append(all, figure{"confusion-" + s.Name, confusion(s, p.labels(s)).chart})
	}
	return all
}

// Reliabilities are those of each set, but of those that earlier versions measured, without bins.
func (p *Page) Reliabilities() (all []figure) {
	for _, s := range p.scores() {
		if len(s.Calibration.Bins) > 0 {
			all = append(all, figure{"reliability-" + s.Name, func() (chart, error) { return reliabilityChart(s) }})
		}
	}
	return all
}

// Experts is the routing of tokens, if the page has it.
func (p *Page) Experts() (all []figure) {
	if p.Routing != nil {
		all = append(all, figure{"experts", p.Routing.matrix().chart})
	}
	return all
}

// Cosines are those of the class centres, if the page has them.
func (p *Page) Cosines() (all []figure) {
	if p.Centres != nil {
		all = append(all, figure{"centres", p.Centres.matrix().chart})
	}
	return all
}

// SaveFigures writes the figures of a page into a folder, charts as PNG and SVG and pictures as PNG, and returns their names without
// extensions.
func (p *Page) SaveFigures(dir string) (names []string, err error) {
	for _, f := range slices.Concat(p.Curves(), p.Confusions(), p.Reliabilities(), p.Experts(), p.Cosines()) {
		if err := f.save(dir); err != nil {
			return nil, err
		}
		names = append(names, f.Name)
	}
	pictures := func(name string, n int, picture func(i int) image.Image) {
		for i := 0; i < n && err == nil; i++ {
			name := fmt.Sprintf("%s-%d", name, i+1)
			names, err = append(names, name), SavePNG(filepath.Join(dir, name+".png"), picture(i))
		}
	}
	pictures("reconstruction", len(p.Reconstructions), func(i int) image.Image { return p.Reconstructions[i].picture() })
	pictures("attention", len(p.Attention), func(i int) image.Image { return p.Attention[i].Picture })
	return names, err
}

// scores are those of the page's report.
func (p *Page) scores() []infer.NamedScore {
	if p.Report == nil {
		return nil
	}
	return p.Report.Scores()
}

// labels are the names of a score's classes, those of the model where an earlier version wrote none.
func (p *Page) labels(s infer.NamedScore) []string {
	if s.Labels == nil {
		return p.Model.Labels[s.Modality]
	}
	return s.Labels
}

// confusion is a confusion matrix with each row as shares of its class (S4D figure 7).
func confusion(s infer.NamedScore, labels []string) matrix {
	m := matrix{Title: s.Name + ": share of the true class, in percent", X: "predicted", Y: "true", Rows: labels, Cols: labels, High: 1, Text: percents}
	for class, counts := range s.Confusion {
		shares := make([]float64, len(counts))
		for i, n := range counts {
			shares[i] = float64(n) / float64(max(s.Confusion.Count(class), 1))
		}
		m.Values = append(m.Values, shares)
	}
	return m
}

func percents(share float64) string { return fmt.Sprintf("%.0f", 100*share) }

// matrix has a row for each block and modality (S4D figure 5).
func (r *Routing) matrix() matrix {
	m := matrix{Title: r.Title + ", in percent", X: "expert", High: 0.5, Text: percents}
	for i, block := range r.Blocks {
		for _, set := range []struct {
			name   string
			shares [][]float64
		}{{"images", r.Image}, {"videos", r.Video}} {
			if set.shares != nil {
				m.Rows, m.Values = append(m.Rows, fmt.Sprintf("block %d, %s", block, set.name)), append(m.Values, set.shares[i])
			}
		}
	}
	for e := range m.Values[0] {
		m.Cols = append(m.Cols, fmt.Sprint(e))
	}
	return m
}

// Centres are the cosines between the class centres of images and of videos.
type Centres struct {
	Image, Video []string    // class names
	Cosines      [][]float64 // [image class][video class], NaN where a class has no samples
}

// matrix is the figure (S4D figure 4), without the classes that have no samples.
func (c *Centres) matrix() matrix {
	m := matrix{Title: "Cosine of class centres", X: "videos", Y: "images", Low: 0, High: 1,
		Text: func(v float64) string { return fmt.Sprintf("%.2f", v) }}
	present := make([]bool, len(c.Video))
	for i, row := range c.Cosines {
		var known []float64
		for j, v := range row {
			if !math.IsNaN(v) {
				known, present[j] = append(known, v), true
			}
		}
		if len(known) > 0 {
			m.Rows, m.Values = append(m.Rows, c.Image[i]), append(m.Values, known)
		}
	}
	for j, name := range c.Video {
		if present[j] {
			m.Cols = append(m.Cols, name)
		}
	}
	return m
}

// picture shows input, masked and output below each other, of a video every second frame.
func (r Reconstruction) picture() image.Image {
	f := r.Input
	step := min(2, f.T)
	out := image.NewRGBA(image.Rect(0, 0, (f.T+step-1)/step*(f.W+2), 3*(f.H+2)))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for row, frames := range []*data.Frames{r.Input, r.Masked, r.Output} {
		for t := 0; t < f.T; t += step {
			paint(out, t/step*(f.W+2), row*(f.H+2), frames, t)
		}
	}
	return out
}
