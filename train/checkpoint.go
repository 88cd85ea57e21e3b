package train

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"mien/engine"
	"mien/nn"
	"mien/weights"
)

// Checkpoints: saving parameters, moments and progress, and resuming from them.

// checkpointFormat identifies the file format and its version.
const checkpointFormat = "mien-checkpoint-1"

// Progress is what a checkpoint stores besides tensors.
type Progress struct {
	Epoch   int     // finished epochs
	Best    float64 // score of the best epoch so far
	HasBest bool
	Recipe  string // digest of the run's recipe: a checkpoint continues only its own run
}

// tensors lists the contents of a checkpoint by name: all parameters, including frozen ones, and the moments of those that are
// trained.
func (a *AdamW) tensors(params []nn.Param) (names []string, tensors []*engine.Tensor) {
	add := func(name string, t *engine.Tensor) { names, tensors = append(names, name), append(tensors, t) }
	learned := 0
	for _, p := range params {
		add("param."+p.Name, p.Data())
		if learned < len(a.params) && a.params[learned].Value == p.Value {
			add("m."+p.Name, a.m[learned])
			add("v."+p.Name, a.v[learned])
			learned++
		}
	}
	return names, tensors
}

// Save writes parameters, moments and progress to a temporary file and renames it to path, so that a kill at any moment leaves
// the previous checkpoint intact. Tensors stream to disk one by one.
func Save(path string, params []nn.Param, a *AdamW, p Progress) error {
	var stored []weights.Tensor
	names, tensors := a.tensors(params)
	for i, t := range tensors {
		stored = append(stored, nn.Stored(names[i], t))
	}
	counts, err := engine.Read[int32](a.steps)
	if err != nil {
		return err
	}
	progress, err := json.Marshal(p)
	if err != nil {
		return err
	}
	steps, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	return weights.WriteSafetensors(path, stored, map[string]string{
		"format": checkpointFormat, "progress": string(progress), "steps": string(steps)})
}

// Resume restores parameters and moments from a file written by Save. On an error it still returns the progress if the file has
// it.
func Resume(path string, params []nn.Param, a *AdamW) (Progress, error) {
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
	var steps []int32
	if err := cmp.Or(json.Unmarshal([]byte(meta["progress"]), &p), json.Unmarshal([]byte(meta["steps"]), &steps)); err != nil {
		return p, fmt.Errorf("%s: damaged checkpoint: %w", path, err)
	}
	if len(steps) != len(a.params) {
		return p, fmt.Errorf("%s: checkpoint of another model: its optimizer knows %d parameters, not %d", path, len(steps), len(a.params))
	}
	var values []float32
	names, tensors := a.tensors(params)
	for i, t := range tensors {
		values = slices.Grow(values[:0], t.Len())[:t.Len()]
		if err := nn.ReadTensor(f, values, names[i], t.Shape()); err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
		engine.Write(t, values)
	}
	engine.Write(a.steps, steps)
	return p, nil
}
