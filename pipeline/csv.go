package pipeline

import (
	"cmp"
	"math"
	"strconv"
)

// Results as rows of a CSV: a row a face and frame, and one for a frame without any.

// Columns are the names of the columns, for a head of such classes.
func Columns(labels []string) []string {
	columns := []string{"source", "frame", "time", "face", "status", "x", "y", "width", "height", "score", "label", "probability"}
	for _, l := range labels {
		columns = append(columns, "p_"+l)
	}
	return columns
}

// Rows are the cells of a frame below Columns. A face is called by the number of its track and, in a picture, by its place among the faces,
// from 1. What is not known is empty.
func (f Frame) Rows(source string, labels []string) (rows [][]string) {
	for i, face := range f.Faces {
		row := f.row(source, labels)
		row[3] = strconv.Itoa(cmp.Or(face.ID, i+1))
		for j, v := range []float64{face.X, face.Y, face.Width, face.Height} {
			row[5+j] = cell(v)
		}
		if face.Crop != Whole {
			row[9] = cell(face.Score)
		}
		if face.Head != "" {
			row[10], row[11] = face.Label, cell(face.Probability())
			for j, p := range face.Probabilities {
				row[12+j] = cell(p)
			}
		}
		rows = append(rows, row)
	}
	if rows == nil {
		rows = [][]string{f.row(source, labels)}
	}
	return rows
}

// row has what is said of the frame alone.
func (f Frame) row(source string, labels []string) []string {
	row := make([]string, 12+len(labels))
	row[0], row[1], row[2], row[4] = source, strconv.Itoa(f.Index), cell(f.Time), string(f.Status)
	return row
}

// cell is the shortest text that is read as the same number.
func cell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
