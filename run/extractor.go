package run

import (
	"errors"
	"fmt"

	"mien/modelfile"
	"mien/nn"
)

// The weights of a frozen network whose features the model reads.

// withExtractor adds the feature extractor of the run's models, if they have one, to the source of the model's own parameters. Its weights
// are in the file of --landmarks, or else in that of --init, nil if there is none. done closes what is read.
func (r *run) withExtractor(own nn.Source, init nn.Weights) (source nn.Source, done func(), err error) {
	done = func() {}
	extractor := r.system.ExtractorOf(r.Recipe)
	switch {
	case extractor == nil && r.Landmarks == "":
		return own, done, nil
	case extractor == nil:
		return nil, nil, fmt.Errorf("--landmarks %s: models of recipe %s read no landmarks: leave it out", r.Landmarks, r.Recipe.Name)
	case r.Landmarks == "":
		if init != nil {
			if source, err := extractor.Open(init); err == nil {
				return nn.Divided{Prefix: extractor.Prefix, Part: nn.Named{Name: "--init " + r.Init, Source: source}, Rest: own}, done, nil
			}
		}
		return nil, nil, errors.New(extractor.Needed)
	}
	file, err := modelfile.Open(r.Landmarks)
	if err != nil {
		return nil, nil, err
	}
	if source, err = extractor.Open(file); err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("--landmarks %s: %w", r.Landmarks, err)
	}
	source = nn.Divided{Prefix: extractor.Prefix, Part: nn.Named{Name: "--landmarks " + r.Landmarks, Source: source}, Rest: own}
	return source, func() { file.Close() }, nil
}
