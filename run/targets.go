package run

import (
	"mien/data"
	"mien/system"
)

// The targets of fine-tuning, and mixup and cutmix of a batch. Go on with build.go.

// target gives a batch its soft targets and mixes the samples of each of its groups.
func (p *plan) target(b *system.Batch) {
	classes := p.recipe.Classes(b.Modality)
	b.Soft = data.SmoothTargets(b.Labels, classes, p.recipe.Train.LabelSmoothing)
	mixing := p.recipe.Mixing()
	if !mixing.On() {
		return
	}
	n := len(b.Views) / b.Groups
	for at := 0; at < len(b.Views); at += n {
		group := b.Views[at : at+n]
		rng := data.Stream(b.Seed, "mix", b.Epoch, b.Step, (b.First+at)/n)
		mix := mixing.Draw(group[0].H, group[0].W, rng)
		mix.Views(group)
		mix.Targets(b.Soft[at*classes:(at+n)*classes], classes)
	}
}
