package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"

	"mien/atomicfile"
	"mien/infer"
)

// The figures of an evaluation as files.

// WriteFigures writes the confusion matrix and the reliability of each set into a folder, as SVG: static_confusion.svg,
// static_reliability.svg and so on. It makes the folder where there is none, and replaces earlier figures.
func WriteFigures(dir string, r *infer.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, s := range r.Scores() {
		title := setTitle(s.Modality)
		for figure, of := range map[string]any{"confusion": matrix{s.Labels, title, s.Confusion}, "reliability": reliability{title, s.Calibration}} {
			svg, err := colored(figure+" file", of)
			if err != nil {
				return err
			}
			if err := atomicfile.WriteBytes(filepath.Join(dir, s.Name+"_"+figure+".svg"), svg); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	colorUse   = regexp.MustCompile(`var\(--([a-z]+)\)`)
	colorValue = regexp.MustCompile(`--([a-z]+): (#[0-9a-f]+);`)
)

// colored renders a figure in the colours that a page has on light paper: not all that shows SVG knows variables.
func colored(name string, of any) ([]byte, error) {
	var svg, colors bytes.Buffer
	if err := page.ExecuteTemplate(&svg, name, of); err != nil {
		return nil, err
	}
	if err := page.ExecuteTemplate(&colors, "colors", nil); err != nil {
		return nil, err
	}
	values := map[string][]byte{}
	for _, m := range colorValue.FindAllSubmatch(colors.Bytes(), -1) {
		if name := string(m[1]); values[name] == nil { // light ones come first
			values[name] = m[2]
		}
	}
	return colorUse.ReplaceAllFunc(svg.Bytes(), func(use []byte) []byte { return values[string(colorUse.FindSubmatch(use)[1])] }), nil
}
