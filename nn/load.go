package nn

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"mien/engine"
	"mien/weights"
)

// Strict loading of parameters from a weights file, with a report of what was missing or unused; and storing.

// Weights is a file of named tensors, as opened by package weights.
type Weights interface {
	Names() []string
	Shape(name string) ([]int, bool)
	Read(name string, dst []float32) error
	Metadata() map[string]string
}

// Load is the Source that reads parameters from a file, strictly: a parameter missing from the file is an error unless a
// pattern of Missing allows it, and so is a tensor that no parameter uses unless a pattern of Unused allows it. In a pattern, *
// matches any characters, including dots: "head.*", "blocks.*.moe_layer.*".
type Load struct {
	File    Weights
	Rename  func(name string) string // from the model's name to the file's; nil for the same names
	Missing []string                 // parameters that may be missing: they start from Init
	Unused  []string                 // tensors that may stay unused
	Rows    map[string][]int         // tensors whose rows are taken in another order; without rows, as if the file lacked them
	Init    Source

	Report LoadReport
}

// LoadReport lists what strict loading did.
type LoadReport struct {
	Loaded  []string // parameters read from the file
	Missing []string // parameters the file lacks, initialised
	Unused  []string // tensors of the file that no parameter uses
	Notes   []string // what else was done to the file's tensors
}

// Lines formats the report: counts, and the names of what was not loaded; names that differ only in numbers are merged.
func (r LoadReport) Lines() []string {
	lines := []string{fmt.Sprintf("loaded %d tensors", len(r.Loaded))}
	if len(r.Missing) > 0 {
		lines = append(lines, fmt.Sprintf("initialised %d that the file lacks: %s", len(r.Missing), summary(r.Missing)))
	}
	if len(r.Unused) > 0 {
		lines = append(lines, fmt.Sprintf("left %d unused: %s", len(r.Unused), summary(r.Unused)))
	}
	return append(lines, r.Notes...)
}

var numbers = regexp.MustCompile(`\.\d+\.`)

// summary writes blocks.*.norm.weight ×4 for four names.
func summary(names []string) string {
	counts := map[string]int{}
	var kinds []string
	for _, name := range names {
		kind := numbers.ReplaceAllString(name, ".*.")
		if counts[kind]++; counts[kind] == 1 {
			kinds = append(kinds, kind)
		}
	}
	for i, kind := range kinds {
		if n := counts[kind]; n > 1 {
			kinds[i] = fmt.Sprintf("%s ×%d", kind, n)
		}
	}
	return strings.Join(kinds, ", ")
}

// Fill reads one parameter.
func (l *Load) Fill(values []float32, name string, shape []int, init Init) error {
	key := name
	if l.Rename != nil {
		key = l.Rename(name)
	}
	rows, moved := l.Rows[key]
	hidden := moved && len(rows) == 0
	if _, ok := l.File.Shape(key); (!ok || hidden) && matchAny(l.Missing, name) {
		l.Report.Missing = append(l.Report.Missing, name)
		return l.Init.Fill(values, name, shape, init)
	}
	if err := ReadTensor(l.File, values, key, shape); err != nil {
		return err
	}
	if len(rows) > 0 {
		all, width := slices.Clone(values), len(values)/len(rows)
		for i, row := range rows {
			copy(values[i*width:][:width], all[row*width:])
		}
	}
	l.Report.Loaded = append(l.Report.Loaded, key)
	return nil
}

// CheckModel returns an error unless a file holds exactly the parameters of a model, with the same shapes. It reads no values,
// so an Outline is enough.
func CheckModel(f Weights, params []Param) error {
	l := Load{File: f}
	for _, p := range params {
		if err := l.Fill(nil, p.Name, p.Shape(), nil); err != nil {
			return err
		}
	}
	_, err := l.Finish()
	return err
}

// ReadTensor reads a tensor that must exist and have the given shape. Without room for values it only checks that.
func ReadTensor(f Weights, values []float32, name string, shape []int) error {
	have, ok := f.Shape(name)
	if !ok {
		return fmt.Errorf("weights lack %q %v, which the model needs: is it another model's file?", name, shape)
	}
	if !slices.Equal(have, shape) {
		return fmt.Errorf("weights hold %q as %v, the model needs %v: is it another size of model?", name, have, shape)
	}
	if values == nil {
		return nil
	}
	return f.Read(name, values)
}

// Finish lists the unused tensors. It returns an error if one may not be unused, or if nothing was loaded at all.
func (l *Load) Finish() (LoadReport, error) {
	loaded := map[string]bool{}
	for _, name := range l.Report.Loaded {
		loaded[name] = true
	}
	l.Report.Unused = slices.DeleteFunc(l.File.Names(), func(name string) bool { return loaded[name] })
	foreign := slices.DeleteFunc(slices.Clone(l.Report.Unused), func(name string) bool { return matchAny(l.Unused, name) })
	switch {
	case len(l.Report.Loaded) == 0:
		return l.Report, errors.New("weights hold nothing that the model needs: is it another model's file?")
	case len(foreign) > 0:
		return l.Report, fmt.Errorf("weights hold %d tensors that the model does not know, %q the first: is it another model's file?", len(foreign), foreign[0])
	}
	return l.Report, nil
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok
	})
}

// Stored describes a tensor for a weights file, which reads it from the backend when it is written.
func Stored(name string, t *engine.Tensor) weights.Tensor {
	return weights.Tensor{Name: name, Shape: t.Shape(), Fill: func(dst []float32) error { return engine.ReadInto(t, dst) }}
}
