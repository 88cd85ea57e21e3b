package experiment

import (
	"context"
	"fmt"
	"iter"

	"mien/data"
	"mien/recipe"
	"mien/train"
)

// batch is one single-modality batch of views.
type batch struct {
	epoch, step int
	modality    data.Modality
	size        int
	frames      int       // 1 for pictures
	pixels      []float32 // [size, 3, frames, H, W]
	labels      []int
}

func (b *batch) String() string { return string(b.modality) }

// plan lays out the epochs of a run: how many batches of each modality, and which samples are in them. Everything
// random follows from seed, epoch and step.
type plan struct {
	recipe recipe.Recipe
	sets   Training
	images int // steps of an epoch on pictures
	videos int // and on clips
}

// ahead is the number of batches that are made before they are needed.
const ahead = 3

func newPlan(r recipe.Recipe, s Training) (plan, error) {
	p := plan{recipe: r, sets: s}
	t := r.Train
	if s.Main.Static != nil {
		p.images = int(t.StaticShare * float64(s.Main.Static.Len()) / float64(t.ImageBatch))
	}
	if s.Main.Dynamic != nil {
		p.videos = int(t.DynamicShare * float64(s.Main.Dynamic.Len()*t.VideoRepeat) / float64(t.VideoBatch))
	}
	if p.steps() == 0 {
		return p, fmt.Errorf("an epoch has no full batch: the sets are smaller than train.image_batch %d and train.video_batch %d", t.ImageBatch, t.VideoBatch)
	}
	return p, nil
}

func (p *plan) steps() int { return p.images + p.videos }

// batches yields the batches of an epoch in order.
func (p *plan) batches(ctx context.Context, epoch int) iter.Seq2[*batch, error] {
	order := train.Order(p.images, p.videos, p.recipe.Seed, epoch)
	samples := map[data.Modality][]int{
		data.Image: p.draw(data.Image, p.images*p.recipe.Train.ImageBatch, epoch),
		data.Video: p.draw(data.Video, p.videos*p.clips(), epoch),
	}
	members := make([][]int, len(order)) // of each step
	for step, m := range order {
		n := p.recipe.Train.ImageBatch
		if m == data.Video {
			n = p.clips()
		}
		members[step], samples[m] = samples[m][:n], samples[m][n:]
	}
	return data.Ordered(ctx, len(order), 2, ahead, func(_ context.Context, step int) (*batch, error) {
		return p.load(epoch, step, order[step], members[step])
	})
}

// clips is the number of distinct clips in a batch of views.
func (p *plan) clips() int { return p.recipe.Train.VideoBatch / p.recipe.Train.VideoRepeat }

func (p *plan) draw(m data.Modality, n, epoch int) []int {
	d := p.at(epoch).of(m)
	if d == nil || n == 0 {
		return nil
	}
	if m == data.Image && p.recipe.Train.BalanceStatic {
		labels := make([]int, d.Len())
		for i := range labels {
			labels[i] = d.Label(i)
		}
		return train.DrawBalanced(n, labels, p.recipe.Seed, string(m), epoch)
	}
	return train.Draw(n, d.Len(), p.recipe.Seed, string(m), epoch)
}

// at returns the sets that an epoch draws from. An epoch of the warm-up has as many steps as any other.
func (p *plan) at(epoch int) Sets {
	if epoch < p.recipe.Train.DrawnEpochs {
		return p.sets.Warm
	}
	return p.sets.Main
}

// load reads and augments the samples of one step.
func (p *plan) load(epoch, step int, m data.Modality, members []int) (*batch, error) {
	r := p.recipe
	b := &batch{epoch: epoch, step: step, modality: m, frames: 1}
	repeat := 1
	if m == data.Video {
		repeat, b.frames = r.Train.VideoRepeat, r.Model.Frames
	}
	views, set := r.View(m), p.at(epoch).of(m)
	for k, i := range members {
		for v := range repeat {
			rng := train.Stream(r.Seed, "view", epoch, step, k, v)
			clip, err := set.Open(i)
			if err != nil {
				return nil, err
			}
			indices := []int{0}
			if m == data.Video {
				indices = data.TrainIndices(clip.Len(), r.Model.Frames, r.Data.Stride, rng)
			}
			frames, err := clip.Read(indices)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", set.Name(i), err)
			}
			b.pixels = append(b.pixels, views.Train(frames, rng)...)
			b.labels = append(b.labels, set.Label(i))
			b.size++
		}
	}
	return b, nil
}
