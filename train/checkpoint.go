package train

import (
	"encoding/json"
	"fmt"

	"mien/engine"
	"mien/nn"
	"mien/weights"
)

// checkpointFormat marks the files, and their version.
const checkpointFormat = "mien-checkpoint-1"

// Progress is what a checkpoint knows beside tensors.
type Progress struct {
	Epoch   int     // finished epochs
	Best    float64 // score of the best epoch so far
	HasBest bool
	Recipe  string // digest of the run's recipe: a checkpoint continues only its own run
}

// Save writes parameters, moments and progress beside path and renames them into place, so that a kill at any moment
// leaves the previous checkpoint whole.
func Save(path string, a *AdamW, p Progress) error {
	var tensors []weights.Tensor
	add := func(prefix string, i int, t *engine.Tensor) error {
		values, err := engine.Read[float32](t)
		tensors = append(tensors, weights.Tensor{Name: prefix + a.params[i].Name, Shape: t.Shape(), Data: values})
		return err
	}
	for i, param := range a.params {
		for _, part := range []struct {
			prefix string
			t      *engine.Tensor
		}{{"param.", param.Data()}, {"m.", a.m[i]}, {"v.", a.v[i]}} {
			if err := add(part.prefix, i, part.t); err != nil {
				return err
			}
		}
	}
	progress, err := json.Marshal(p)
	if err != nil {
		return err
	}
	steps, err := json.Marshal(a.steps)
	if err != nil {
		return err
	}
	return weights.WriteSafetensors(path, tensors, map[string]string{
		"format": checkpointFormat, "progress": string(progress), "steps": string(steps)})
}

// Resume restores what Save wrote into the parameters and moments of a.
func Resume(path string, a *AdamW) (Progress, error) {
	var p Progress
	f, err := weights.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	meta := f.Metadata()
	if meta["format"] != checkpointFormat {
		return p, fmt.Errorf("%s: not a checkpoint of mien; --resume continues a run folder that `mien pretrain` or `mien finetune` wrote", path)
	}
	steps := a.steps
	if err := json.Unmarshal([]byte(meta["progress"]), &p); err != nil {
		return p, fmt.Errorf("%s: damaged checkpoint: %w", path, err)
	}
	if err := json.Unmarshal([]byte(meta["steps"]), &steps); err != nil || len(steps) != len(a.params) {
		return p, fmt.Errorf("%s: checkpoint of another model: its optimizer knows %d parameters, not %d", path, len(steps), len(a.params))
	}
	for i, param := range a.params {
		for prefix, t := range map[string]*engine.Tensor{"param.": param.Data(), "m.": a.m[i], "v.": a.v[i]} {
			values := make([]float32, t.Len())
			if err := nn.ReadTensor(f, values, prefix+param.Name, t.Shape()); err != nil {
				return p, fmt.Errorf("%s: %w", path, err)
			}
			engine.Write(t, values)
		}
	}
	a.steps = steps
	return p, nil
}
