package run

import (
	"errors"
	"fmt"

	"mien/modelfile"
	"mien/nn"
)

// The weights of a network that the model reads and does not train.

// withGuest adds the guest of the run's system, if it has one, to the source of the model's own parameters. Its weights are in the file of
// --landmarks, or else in that of --init, nil if there is none. done closes what is read.
func (r *run) withGuest(own nn.Source, init nn.Weights) (source nn.Source, done func(), err error) {
	done = func() {}
	guest := r.system.GuestOf(r.Recipe)
	switch {
	case guest == nil && r.Landmarks == "":
		return own, done, nil
	case guest == nil:
		return nil, nil, fmt.Errorf("--landmarks %s: models of recipe %s read no landmarks: leave it out", r.Landmarks, r.Recipe.Name)
	case r.Landmarks == "":
		if init != nil {
			if source, err := guest.Open(init); err == nil {
				return nn.Divided{Prefix: guest.Prefix, Guest: named{source, "--init " + r.Init}, Own: own}, done, nil
			}
		}
		return nil, nil, errors.New(guest.Needed)
	}
	file, err := modelfile.Open(r.Landmarks)
	if err != nil {
		return nil, nil, err
	}
	if source, err = guest.Open(file); err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("--landmarks %s: %w", r.Landmarks, err)
	}
	source = nn.Divided{Prefix: guest.Prefix, Guest: named{source, "--landmarks " + r.Landmarks}, Own: own}
	return source, func() { file.Close() }, nil
}

// named is a source whose errors begin with its name.
type named struct {
	nn.Source
	name string
}

// Fill implements nn.Source.
func (n named) Fill(values []float32, name string, shape []int, init nn.Init) error {
	if err := n.Source.Fill(values, name, shape, init); err != nil {
		return fmt.Errorf("%s: %w", n.name, err)
	}
	return nil
}
