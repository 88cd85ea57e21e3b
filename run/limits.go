package run

import (
	"fmt"

	"mien/data"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// What a run would need is compared with what there is before any work begins: numbers that are each within their limits
// may multiply to more than any machine has.

// maxSamples bounds the samples of a set and of an epoch, of which there are lists in memory.
const maxSamples = 10_000_000

// maxParams bounds the tensors of a model; one of 24 blocks with 64 experts each has seven thousand.
const maxParams = 1 << 18

// Outline returns the model of a checked recipe and its parameters, as shapes alone. A model of too many tensors is an error.
func Outline(s *system.System, r recipe.Recipe) (params []nn.Param, net system.Model, err error) {
	if params, err = nn.Outline(maxParams, func(scope *nn.Scope) { net = s.Build(scope, r) }); err != nil {
		return nil, nil, fmt.Errorf("a model of more than %d tensors: choose fewer blocks or experts", maxParams)
	}
	return params, net, nil
}

// repeated gives the samples of lists the weight that the recipe says.
func repeated(lists data.Sets, times int) (data.Sets, error) {
	return lists.Map(func(d *data.Dataset) (*data.Dataset, error) {
		if n := len(d.Items) * times; n > maxSamples {
			return nil, fmt.Errorf("data.list_repeat is %d, of %d %ss: lower it to %d, for %d at most",
				times, len(d.Items), d.Modality, maxSamples/len(d.Items), maxSamples)
		}
		return data.Repeat(d, times), nil
	})
}

// checkCost returns an error if an epoch has too many samples, or if the run needs more memory than there is.
func (r *run) checkCost() error {
	for _, m := range []data.Modality{data.Image, data.Video} {
		if n := data.ByModality(m, r.plan.images, r.plan.videos) * r.Recipe.SamplesPerBatch(m); n > maxSamples {
			return fmt.Errorf("an epoch has %d %ss, and at most %d are possible: lower train.%s", n, m, maxSamples,
				data.ByModality(m, "static_share", "dynamic_share"))
		}
	}
	params, _, err := Outline(r.system, r.Recipe)
	if err != nil {
		return err
	}
	if need := r.leastMemory(nn.Count(params)); r.Memory > 0 && need > r.Memory {
		return fmt.Errorf("a model of %d parameters and batches of this size need at least %.1f GiB of memory, and there are %.1f: "+
			"choose a smaller model or smaller batches", nn.Count(params), gib(need), gib(r.Memory))
	}
	return nil
}

// leastMemory is what a run surely needs, in bytes: parameters, and of its larger batch the pixels and the input of each block, all
// that --recompute keeps. A run takes more than that; nothing that fits is refused.
func (r *run) leastMemory(params int) int64 {
	const float = 4
	m, least := r.Recipe.Model, int64(params)*float
	if len(r.Recipe.Train.Freeze) > 0 || r.system.Frozen != nil { // what is frozen has no more than values, and its blocks keep nothing
		return least
	}
	least *= 4 // gradients and two moments
	batch := int64(0)
	for _, kind := range []data.Modality{data.Image, data.Video} {
		if data.ByModality(kind, r.plan.images, r.plan.videos) == 0 {
			continue
		}
		views, frames := r.Recipe.Batch(kind)/r.Recipe.Parts(), data.ByModality(kind, 1, m.Frames)
		pixels := 3 * m.ImageSize * m.ImageSize * frames
		tokens := 0
		if r.Recipe.Kind == recipe.Finetune { // in pre-training, the encoder sees those that are not hidden
			tokens = pixels / (3 * m.PatchSize * m.PatchSize * data.ByModality(kind, 1, m.Tubelet))
		}
		batch = max(batch, int64(views)*int64(pixels+tokens*m.Dim*m.Depth*float))
	}
	return least + batch
}

func gib(bytes int64) float64 { return float64(bytes) / (1 << 30) }
