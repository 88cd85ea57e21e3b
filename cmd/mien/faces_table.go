package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"mien/data"
	"mien/infer"
	"mien/pipeline"
)

// facesTable has a row for each face of a picture, and for each that is followed through a video.
type facesTable struct{ *table }

func newFacesTable(w io.Writer, top int, labels []string, inputs []input) *facesTable {
	t := newTable(w, top, []string{"path", "head", "face"}, labels, inputs, "seen")
	return &facesTable{t}
}

func (t *facesTable) begin(source) error { return nil }

func (t *facesTable) add(s source, r pipeline.Results, _ []data.Frame) error {
	var rows [][]string
	if s.Still {
		for _, frame := range r.Frames {
			rows = append(rows, t.picture(s.path, frame)...)
		}
	}
	for _, face := range r.Summaries {
		seen := fmt.Sprintf("frames %d-%d, in %d of them", face.First, face.Last, face.Frames)
		if face.Face == 0 {
			seen = fmt.Sprintf("%d frames without a face, whole", face.Frames)
		}
		rows = append(rows, t.row(s.path, face.Face, face.Reading, seen))
	}
	return t.print(rows)
}

// picture has a row for each face, and one where there is none.
func (t *facesTable) picture(path string, frame pipeline.Frame) (rows [][]string) {
	for i, face := range frame.Faces {
		seen := fmt.Sprintf("%.0f×%.0f at %.0f,%.0f", face.Width, face.Height, face.X, face.Y)
		switch face.Crop {
		case pipeline.Given:
			seen = "the picture, a cut-out face"
		case pipeline.Whole:
			seen = "the whole picture: no face"
		}
		rows = append(rows, t.row(path, i+1, face.Reading, seen))
	}
	if rows == nil {
		rows = [][]string{t.row(path, 0, pipeline.Reading{}, "no face")}
	}
	return rows
}

// row has the cells of one face.
func (t *facesTable) row(path string, number int, r pipeline.Reading, seen string) []string {
	face := "-"
	if number > 0 {
		face = strconv.Itoa(number)
	}
	row := []string{path, cmp.Or(string(r.Head), "-"), face}
	ranks := infer.Prediction{Labels: r.Labels, Probabilities: r.Probabilities}.Ranks(t.top)
	for i := range t.top {
		cells := []string{"-", "-"}
		if i < len(ranks) {
			cells = []string{ranks[i].Label, fmt.Sprintf("%.1f %%", 100*ranks[i].Probability)}
		}
		row = append(row, cells...)
	}
	return append(row, seen)
}

// end says what a video has where no face was followed.
func (t *facesTable) end(s source, all tally, _ error) error {
	if s.Still || all.Faces > 0 || all.NoFace < all.Frames-all.Damaged {
		return nil
	}
	return t.print([][]string{t.row(s.path, 0, pipeline.Reading{}, fmt.Sprintf("no face in %d frames", all.Frames))})
}

// failed adds nothing: the cause is on standard error.
func (t *facesTable) failed(string, error) error { return nil }
