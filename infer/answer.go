package infer

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mien/data"
)

// The answers of an evaluation, one by one: what its scores are computed from, and what a file of predictions keeps.

// Answer is what a model said about one labelled sample.
type Answer struct {
	ID            string    // the sample's name in its list
	Truth         int       // its class, in the order of the head
	Class         int       // the likeliest one
	Probabilities []float64 // of the classes, in that order
}

// AnswerFile is a CSV of answers in the released code's columns id, label and pred, which are numbers in the order of the head, and
// the probability of each class under its name: p_neutral, p_happiness and so on.
type AnswerFile struct{ w io.Writer }

// NewAnswerFile begins a file with the header for such classes.
func NewAnswerFile(w io.Writer, labels []string) (*AnswerFile, error) {
	f := &AnswerFile{w}
	return f, f.write([][]string{answerColumns(labels)})
}

func answerColumns(labels []string) []string {
	columns := []string{"id", "label", "pred"}
	for _, l := range labels {
		columns = append(columns, "p_"+l)
	}
	return columns
}

// Write adds answers.
func (f *AnswerFile) Write(answers []Answer) error {
	var rows [][]string
	for _, a := range answers {
		row := []string{a.ID, strconv.Itoa(a.Truth), strconv.Itoa(a.Class)}
		for _, p := range a.Probabilities {
			row = append(row, fmt.Sprint(p)) // the shortest text that is read as the same number
		}
		rows = append(rows, row)
	}
	return f.write(rows)
}

// write adds whole lines with one write, so that an interruption leaves no part of one.
func (f *AnswerFile) write(rows [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	_, err := f.w.Write(text.Bytes())
	return err
}

// ReadAnswers reads the text of a file of answers about samples of d, of which some may be missing, under the names of all classes.
func ReadAnswers(text []byte, labels []string, d *data.Dataset) ([]Answer, error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	if columns := answerColumns(labels); len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(columns, ","))
	}
	var answers []Answer
	items := d.Items
	for i, row := range rows[1:] {
		for len(items) > 0 && (items[0].Name != row[0] || strconv.Itoa(items[0].Label) != row[1]) {
			items = items[1:]
		}
		if len(items) == 0 {
			return nil, fmt.Errorf("answer %d, about %s, is of another list", i+1, row[0])
		}
		a := Answer{ID: row[0], Truth: items[0].Label, Probabilities: make([]float64, len(labels))}
		for j, cell := range row[3:] {
			if a.Probabilities[j], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, fmt.Errorf("answer %d, about %s: %w", i+1, row[0], err)
			}
		}
		a.Class = Argmax(a.Probabilities)
		answers, items = append(answers, a), items[1:]
	}
	return answers, nil
}
