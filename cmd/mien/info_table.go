package main

import (
	"fmt"
	"slices"
	"strings"

	"mien/data"
)

// The table that mien info prints.

func (m modelInfo) rows() [][]string {
	e := m.Encoder
	rows := [][]string{
		{"system", m.System},
		cells("parameters\t%d", m.Parameters),
		cells("active parameters\t%d", m.ActiveParameters),
		{"encoder", stack(e.Dim, e.Depth, e.Heads)},
		cells("image\t%d×%d, %s", e.ImageSize, e.ImageSize, counted(m.ImageTokens, "token")),
		cells("video\t%s, %s", counted(e.Frames, "frame"), counted(m.VideoTokens, "token")),
	}
	if d := m.Decoder; d != nil {
		rows = append(rows, []string{"decoder", stack(d.Dim, d.Depth, d.Heads)},
			cells("hidden\t%.4g %% of an image, %.4g %% of a video", 100*m.Mask.Image, 100*m.Mask.Video))
	}
	if x := m.Experts; x != nil {
		blocks := strings.Join(strings.Fields(strings.Trim(fmt.Sprint(x.Blocks), "[]")), ", ")
		rows = append(rows, cells("experts\t%d, %d a token, in blocks %s", x.Count, x.TopK, blocks))
	}
	rows = append(rows, [][]string{
		{"image classes", strings.Join(m.ImageLabels, ", ")},
		{"video classes", strings.Join(m.VideoLabels, ", ")},
		{"precision", m.Precision},
		{"learned from", m.learned},
	}...)
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
	var losses []string
	for _, m := range []data.Modality{data.Image, data.Video} {
		if loss, ok := r.Loss[m]; ok {
			losses = append(losses, fmt.Sprintf("%s %.4f", m, loss))
		}
	}
	rows = append(rows, []string{"loss of last epoch", strings.Join(losses, ", ")})
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
