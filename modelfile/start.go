package modelfile

import (
	"fmt"
	"slices"
	"strings"

	"mien/data"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/weights"
)

// Starting a run from a weights file: the classes of its heads are matched to those of the run by name.

// Start returns how a run of r loads its initial weights from the file: as its system specifies, with the classes of heads
// matched to the run's by name. The record is that of the heads that are loaded. Notes say which heads were reordered and which start
// from scratch.
func Start(f *weights.File, s *system.System, r recipe.Recipe, labels map[data.Modality][]string, init nn.Source) (
	load *nn.Load, loaded Trained, notes []string, err error) {
	from, err := identify(f)
	if err != nil && strings.HasPrefix(f.Metadata()["format"], "mien-") { // others tell nothing of themselves
		return nil, nil, nil, err
	}
	if load, err = s.Start(f, r, init); err != nil {
		return nil, nil, nil, err
	}
	load.Rows, loaded = map[string][]int{}, Trained{}
	for m, prefix := range s.Heads(r) {
		shape, _ := f.Shape(prefix + "weight")
		if len(shape) == 0 {
			continue // the file has no such head
		}
		rows, note, was := []int(nil), "", headOf(s, from, m, prefix)
		if names := from.Labels[was]; names != nil {
			rows, note = arrange(m, names, labels[m])
		} else if shape[0] != len(labels[m]) {
			note = fmt.Sprintf("the %s head begins anew: that of the file has %d classes, not %d", m, shape[0], len(labels[m]))
		}
		if note != "" {
			load.Rows[prefix+"weight"], load.Rows[prefix+"bias"] = rows, rows
			notes = append(notes, note)
		}
		if note == "" || rows != nil {
			loaded[was] = from.Trained[was]
			if from.Trained == nil {
				loaded[was] = Origins{Unknown: true}
			}
		}
	}
	slices.Sort(notes)
	return load, loaded, notes, nil
}

// headOf returns the modality of a file's head that a run loads for m: of a model with one head, it may be the other.
func headOf(s *system.System, from Description, m data.Modality, prefix string) data.Modality {
	for was, name := range s.Heads(from.Recipe) {
		if name == prefix && from.Labels[was] != nil {
			return was
		}
	}
	return m
}

// arrange finds each class of a run among those of a file. It returns no rows if they are the same, and no rows but a note if
// some have no counterpart.
func arrange(m data.Modality, from, to []string) (rows []int, note string) {
	if slices.Equal(from, to) {
		return nil, ""
	}
	for _, name := range to {
		rows = append(rows, slices.Index(from, name))
	}
	if len(from) != len(to) || slices.Contains(rows, -1) {
		return nil, fmt.Sprintf("the %s head begins anew: the file's classes are %s, the run's %s", m, strings.Join(from, ", "), strings.Join(to, ", "))
	}
	return rows, fmt.Sprintf("the %s head follows its classes into another order: %s", m, strings.Join(to, ", "))
}
