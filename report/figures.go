package report

import (
	"fmt"
	"image"
	"image/draw"
	"math"

	"mien/data"
	"mien/infer"
)

// Figures of a page as files of their own.

// SaveFigures writes the figures of a page into a folder, charts as PNG and SVG and pictures as PNG, and returns their names without
// extensions.
func (p *Page) SaveFigures(dir string) (names []string, err error) {
	save := func(name string, write func(stem string) error) {
		if err == nil {
			names, err = append(names, name), write(dir+"/"+name)
		}
	}
	for i, r := range p.Runs {
		name := fmt.Sprintf("run-%d", i+1)
		save(name+"-losses", func(stem string) error { return SaveLosses(stem, r.Title, r.Curves) })
		if len(r.Evaluations) > 0 {
			save(name+"-recalls", func(stem string) error { return SaveRecalls(stem, r.Title, r.Evaluations) })
		}
	}
	if p.Report != nil {
		for _, s := range p.Report.Scores() {
			labels := s.Labels
			if labels == nil { // as earlier versions wrote it
				labels = p.Model.Labels[s.Modality]
			}
			save("confusion-"+s.Name, confusionMatrix(labels, s).Save)
			if len(s.Calibration.Bins) > 0 {
				save("reliability-"+s.Name, func(stem string) error { return saveReliability(stem, s.Name, s.Modality, s.Calibration) })
			}
		}
	}
	if p.Routing != nil {
		save("experts", p.Routing.matrix().Save)
	}
	if p.Centres != nil {
		save("centres", p.Centres.matrix().Save)
	}
	for i, r := range p.Reconstructions {
		save(fmt.Sprintf("reconstruction-%d", i+1), func(stem string) error { return SavePNG(stem+".png", r.picture()) })
	}
	return names, err
}

// confusionMatrix is a confusion with each row as shares of its class (S4D figure 7).
func confusionMatrix(labels []string, s infer.NamedScore) Matrix {
	m := Matrix{Title: s.Name + ": share of the true class, in percent", X: "predicted", Y: "true", Rows: labels, Cols: labels, High: 1, Text: percents}
	shares := matrix{Confusion: s.Confusion}
	for i := range s.Confusion {
		row := make([]float64, len(labels))
		for j := range row {
			row[j] = shares.Share(i, j)
		}
		m.Values = append(m.Values, row)
	}
	return m
}

func percents(share float64) string { return fmt.Sprintf("%.0f", 100*share) }

// matrix has a row for each block and modality (S4D figure 5).
func (r *Routing) matrix() Matrix {
	m := Matrix{Title: r.Title + ", in percent", X: "expert", High: 0.5, Text: percents}
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
func (c *Centres) matrix() Matrix {
	m := Matrix{Title: "Cosine of class centres", X: "videos", Y: "images", Low: 0, High: 1,
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
