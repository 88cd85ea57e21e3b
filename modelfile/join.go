package modelfile

import (
	"fmt"

	"mien/engine"
	"mien/nn"
	"mien/systems"
	"mien/weights"
)

// Join writes a published model and the network whose features it reads as one file, which answers. It returns the number of tensors and of
// values. Errors of the network's file begin with its path.
func Join(path string, model, features *weights.File, b engine.Backend) (tensors, values int, err error) {
	defer engine.Catch(&err)
	d, err := identify(model)
	if err == nil {
		d.System, err = systems.Of(d.Recipe)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", model.Path, err)
	}
	extractor := d.System.ExtractorOf(d.Recipe)
	if d.Own || extractor == nil {
		return 0, 0, fmt.Errorf("%s: the model needs no other network's weights", model.Path)
	}
	part, err := extractor.Open(features)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", features.Path, err)
	}
	if err := checkPart(model, d); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", model.Path, err)
	}
	load, err := d.System.Start(model, d.Recipe, whole{})
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", model.Path, err)
	}
	s := nn.NewScope(b, engine.Float32, nn.Divided{Prefix: extractor.Prefix,
		Part: nn.Named{Name: features.Path, Source: part}, Rest: nn.Named{Name: model.Path, Source: load}})
	defer s.Free()
	d.System.Build(s, d.Recipe)
	if err := s.Err(); err != nil {
		return 0, 0, err
	}
	if _, err := load.Finish(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", model.Path, err)
	}
	for _, p := range s.Params() {
		values += p.Data().Len()
	}
	return len(s.Params()), values, Write(path, s.Params(), nil)
}

// maxParams bounds the parameters of a model that is joined, far above those of one of as many blocks as there may be.
const maxParams = 1 << 20

// checkPart returns an error unless a file holds the parameters of a model but those of its feature extractor. It reads and
// allocates nothing, whatever size the file claims.
func checkPart(model *weights.File, d Description) error {
	params, err := nn.Outline(maxParams, func(s *nn.Scope) { d.System.Build(s, d.Recipe) })
	if err != nil {
		return err
	}
	load, err := d.System.Start(model, d.Recipe, whole{})
	if err != nil {
		return err
	}
	for _, p := range params {
		if p.Extractor {
			continue
		}
		if err := load.Fill(nil, p.Name, p.Shape(), nil); err != nil {
			return err
		}
	}
	return nil
}

// whole is a Source of what no model may lack.
type whole struct{}

// Fill implements nn.Source.
func (whole) Fill(_ []float32, name string, shape []int, _ nn.Init) error {
	return fmt.Errorf("weights lack %q %v", name, shape)
}
