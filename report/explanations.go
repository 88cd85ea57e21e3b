package report

import (
	"os"

	"mien/atomicfile"
	"mien/data"
)

// The page of mien explain, which refers to the pictures beside it.

// Explanations is the page: what one or two models looked at in some inputs.
type Explanations struct {
	Model, Beside string // their paths; Beside may be ""
	Inputs        []Explanation
}

// Explanation is the part of the page about one input.
type Explanation struct {
	Name          string
	Modality      data.Modality
	Labels        []string
	Probabilities []float64 // of the window in the picture
	Picture       string    // file beside the page
	Timeline      string    // of a video: STEM.png and STEM.svg beside the page
}

// Write renders the page to a file, atomically.
func (e *Explanations) Write(path string) error {
	return atomicfile.Write(path, func(f *os.File) error { return page.ExecuteTemplate(f, "explain.html", e) })
}
