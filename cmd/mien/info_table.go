package main

import (
	"fmt"
	"slices"
	"strings"

	"mien/data"
	"mien/run"
)

// The table that mien info prints.

func (m modelInfo) rows() [][]string {
	e := m.Encoder
	network := []string{"encoder", stack(e.Dim, e.Depth, e.Heads)}
	if m.Landmarks != nil {
		network = m.Landmarks.row()
	}
	rows := [][]string{
		{"system", m.System},
		cells("parameters\t%d", m.Parameters),
		cells("active parameters\t%d", m.ActiveParameters),
		cells("tunable parameters\t%d", m.TunableParameters),
		network,
		cells("image\t%d×%d, %s", e.ImageSize, e.ImageSize, counted(m.ImageTokens, "token")),
		cells("video\t%s, %s", counted(e.Frames, "frame"), counted(m.VideoTokens, "token")),
		{"forward pass", perModality(m.MACs, func(m data.Modality, n int) string { return multiplyAdds(float64(n)) + " " + article[m] })},
	}
	if d := m.Decoder; d != nil {
		rows = append(rows, []string{"decoder", stack(d.Dim, d.Depth, d.Heads)},
			cells("hidden\t%.4g %% of an image, %.4g %% of a video", 100*m.Mask.Image, 100*m.Mask.Video))
	}
	if x := m.Experts; x != nil {
		rows = append(rows, cells("experts\t%d, %d a token, in blocks %s", x.Count, x.TopK, listed(x.Blocks, ", ")))
	}
	if a := m.Adapter; a != nil {
		rows = append(rows, a.row())
	}
	if p := m.Prompter; p != nil {
		rows = append(rows, p.row())
	}
	if t := m.Temporal; t != nil {
		rows = append(rows, t.row())
	}
	rows = append(rows, [][]string{
		{"image classes", strings.Join(m.ImageLabels, ", ")},
		{"video classes", strings.Join(m.VideoLabels, ", ")},
		{"precision", m.Precision},
		{"learned from", m.learned},
		{"faces cut out by", m.crop},
	}...)
	if m.Cost != nil {
		rows = append(rows, costRows(*m.Cost)...)
	}
	if m.Run != nil {
		rows = append(rows, m.Run.rows()...)
	}
	rows = append(rows, []string{"note", m.note})
	return slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" }) // what the model does not have
}

func (r runInfo) rows() [][]string {
	rows := [][]string{{"recipe", r.Recipe}}
	for _, s := range r.Data {
		of := counted(s.Samples, string(s.Modality))
		rows = append(rows, cells("%s\t%s of %s: %s", s.Set, of, counted(s.Classes, "class"), s.Origin))
	}
	rows = append(rows, cells("epochs\t%d of %d", r.EpochsDone, r.Epochs))
	losses := perModality(r.Loss, func(m data.Modality, loss float64) string { return fmt.Sprintf("%s %.4f", m, loss) })
	rows = append(rows, []string{"loss of last epoch", losses}, []string{"landmarks", perModality(r.Landmarks, errorOf)})
	if r.Final != nil {
		for _, s := range r.Final.Scores() {
			rows = append(rows, cells("%s\tUAR %.2f, WAR %.2f of %d", s.Name, s.UAR, s.WAR, s.N))
		}
	}
	if e := r.Environment; e != nil {
		rows = append(rows, cells("trained by\tmien %s, %s, %s, %s, seed %d", e.Version, e.Go, e.Arch, e.Backend, e.Seed))
	}
	return rows
}

// costRows are what a run computes. Without samples only its steps are known.
func costRows(c run.Cost) [][]string {
	rows := [][]string{
		{"training step", perModality(c.StepMACs, func(m data.Modality, n float64) string { return multiplyAdds(n) + " on " + string(m) + "s" })},
	}
	if c.ForwardMACs == 0 {
		return rows
	}
	steps := perModality(c.Steps, func(m data.Modality, n int) string { return fmt.Sprintf("%d on %ss", n, m) })
	views := perModality(c.Views, func(m data.Modality, n int) string { return counted(n, string(m)) })
	return append(rows, []string{"steps", steps}, []string{"views", views},
		cells("whole run\t%s forward, %s with backward passes", multiplyAdds(c.ForwardMACs), multiplyAdds(c.TrainingMACs)))
}

// perModality describes the values of a map, images first.
func perModality[V any](values map[data.Modality]V, describe func(m data.Modality, v V) string) string {
	var parts []string
	for _, m := range []data.Modality{data.Image, data.Video} {
		if v, ok := values[m]; ok {
			parts = append(parts, describe(m, v))
		}
	}
	return strings.Join(parts, ", ")
}

var article = map[data.Modality]string{data.Image: "an image", data.Video: "a video"}

// multiplyAdds is a number of them with a unit, in four digits: GMAC are 10⁹.
func multiplyAdds(n float64) string {
	units := []string{"kMAC", "MMAC", "GMAC", "TMAC", "PMAC", "EMAC"}
	n /= 1000
	for n >= 1000 && len(units) > 1 {
		n, units = n/1000, units[1:]
	}
	return fmt.Sprintf("%.4g %s", n, units[0])
}

// stack describes the blocks of an encoder or decoder.
func stack(dim, depth, heads int) string {
	return fmt.Sprintf("%d wide, %s, %s", dim, counted(depth, "block"), counted(heads, "head"))
}

// counted returns a number with its noun.
func counted(n int, noun string) string {
	switch {
	case n == 1:
	case noun == "class":
		noun = "classes"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
