package run

import (
	"mien/data"
	"mien/recipe"
	"mien/system"
)

// What a run computes, counted before it begins.

// Cost counts samples, steps and multiply-adds of a run. A multiply-add is two floating-point operations, which papers often call one.
// Only modalities that it learns from have an entry.
type Cost struct {
	Steps        map[data.Modality]int     `json:"steps"`         // of all epochs
	Views        map[data.Modality]int     `json:"views"`         // samples that pass through the model, each time that they do
	StepMACs     map[data.Modality]float64 `json:"step_macs"`     // of one training step
	ForwardMACs  float64                   `json:"forward_macs"`  // of all forward passes: what papers give as the cost of pre-training
	TrainingMACs float64                   `json:"training_macs"` // of all steps, backward passes included
}

// CostOf counts a run of a recipe on so many samples in lists, by modality, and the drawn faces of the recipe. net is its model, with
// frozen parameters; see [system.StepMACs]. No layer counts as computed twice (--recompute).
func CostOf(r recipe.Recipe, net system.Model, lists map[data.Modality]int) Cost {
	c := Cost{Steps: map[data.Modality]int{}, Views: map[data.Modality]int{}, StepMACs: map[data.Modality]float64{}}
	for _, m := range []data.Modality{data.Image, data.Video} {
		if net, ok := net.(system.Classifier); ok && net.Classes(m) == 0 {
			continue
		}
		forward := float64(r.Batch(m)) * float64(net.MACs(m))
		c.StepMACs[m] = float64(r.Batch(m)) * float64(system.StepMACs(net, m))
		if steps := r.Train.Epochs * r.Steps(m, r.Samples(m, lists)); steps > 0 {
			c.Steps[m], c.Views[m] = steps, steps*r.Batch(m)
			c.ForwardMACs += float64(steps) * forward
			c.TrainingMACs += float64(steps) * c.StepMACs[m]
		}
	}
	return c
}
