package run

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"mien/data"
	"mien/recipe"
	"mien/system"
)

// The batches of an epoch: how many of each modality, in which order, with which samples and views. Go on with folder.go.

// plan lays out the epochs of a run: how many batches of each modality, and which samples are in them. Everything random is
// determined by seed, epoch and step.
type plan struct {
	recipe recipe.Recipe
	sets   Training
	images int // image steps per epoch
	videos int // video steps per epoch
	skip   int // samples that may be unreadable
}

// ahead is the number of batches that are prefetched.
const ahead = 3

func newPlan(r recipe.Recipe, s Training) (plan, error) {
	p := plan{recipe: r, sets: s}
	t := r.Train
	var err error
	if p.images, err = p.share(data.Image, t.StaticShare, "train.static_share"); err != nil {
		return p, err
	}
	if p.videos, err = p.share(data.Video, t.DynamicShare, "train.dynamic_share"); err != nil {
		return p, err
	}
	if p.steps() == 0 {
		return p, errors.New("an epoch has no steps: train.static_share and train.dynamic_share leave nothing to learn from")
	}
	p.sets.Warm, p.sets.Main = p.stepped(s.Warm), p.stepped(s.Main)
	return p, nil
}

// share returns the number of steps in an epoch that uses the given share of a modality's set. A set that would silently be
// left out is an error, and so are warm-up steps without a full batch of different samples.
func (p *plan) share(m data.Modality, share float64, key string) (steps int, err error) {
	set, batch := p.sets.Main.Of(m), p.distinct(m)
	switch {
	case set == nil:
		return 0, nil
	case share == 0 && set.Items[0].List != "": // samples of lists come first
		return 0, fmt.Errorf("%s is 0, so that nothing would be learned from %s: leave that list out, or raise %s", key, set.Items[0].List, key)
	case share == 0:
		return 0, nil
	}
	seen := share * float64(len(set.Items)) // in an epoch
	steps = int(seen / float64(batch))
	if steps == 0 {
		change := "raise " + key
		if seen >= 1 {
			change = fmt.Sprintf("lower train.%s_batch to %d", m, int(seen)*p.repeat(m))
		}
		return 0, fmt.Errorf("an epoch has no full batch of %ss: the set has %d, %s is %v, and a batch has %d different ones: "+
			"give more, %s, or leave %ss out", m, len(set.Items), key, share, batch, change, m)
	}
	if faces := data.ByModality(m, p.recipe.Data.DrawnImages, p.recipe.Data.DrawnVideos); p.recipe.Train.DrawnEpochs > 0 && faces < batch {
		return 0, fmt.Errorf("the first train.drawn_epochs have %d drawn %ss, too few for batches of %d: "+
			"raise data.drawn_%ss, or set train.drawn_epochs to 0", faces, m, batch, m)
	}
	return steps, nil
}

func (p *plan) steps() int { return p.images + p.videos }

// stepsOf returns the steps of a modality in an epoch.
func (p *plan) stepsOf(m data.Modality) int { return data.ByModality(m, p.images, p.videos) }

// stepped leaves out what no step draws from.
func (p *plan) stepped(s data.Sets) data.Sets {
	if p.images == 0 {
		s.Image = nil
	}
	if p.videos == 0 {
		s.Video = nil
	}
	return s
}

// batches yields the batches of an epoch in order.
func (p *plan) batches(ctx context.Context, epoch int) iter.Seq2[*system.Batch, error] {
	order := data.Order(p.images, p.videos, p.recipe.Seed, epoch)
	samples := map[data.Modality][]int{data.Image: p.inEpoch(data.Image, epoch), data.Video: p.inEpoch(data.Video, epoch)}
	members := make([][]int, len(order)) // of each step
	for step, m := range order {
		n := p.distinct(m)
		members[step], samples[m] = samples[m][:n], samples[m][n:]
	}
	return data.Ordered(ctx, len(order), 2, ahead, func(ctx context.Context, step int) (*system.Batch, error) {
		return p.load(ctx, epoch, step, order[step], members[step])
	})
}

// distinct is the number of different samples in a batch, each of which has repeat views.
func (p *plan) distinct(m data.Modality) int {
	return data.ByModality(m, p.recipe.Train.ImageBatch, p.recipe.Train.VideoBatch) / p.repeat(m)
}

func (p *plan) repeat(m data.Modality) int {
	return data.ByModality(m, 1, p.recipe.Train.VideoRepeat)
}

// inEpoch draws the samples of a modality for the steps of an epoch.
func (p *plan) inEpoch(m data.Modality, epoch int) []int {
	return p.draw(m, p.stepsOf(m)*p.distinct(m), epoch)
}

func (p *plan) draw(m data.Modality, n, epoch int) []int {
	d := p.at(epoch).Of(m)
	if d == nil || n == 0 {
		return nil
	}
	if m == data.Image && p.recipe.Train.BalanceStatic {
		return data.DrawBalanced(n, d.Items, p.recipe.Seed, string(m), epoch)
	}
	return data.Draw(n, len(d.Items), p.recipe.Seed, string(m), epoch)
}

// at returns the sets that an epoch draws from. A warm-up epoch has as many steps as any other.
func (p *plan) at(epoch int) data.Sets {
	if epoch < p.recipe.Train.DrawnEpochs {
		return p.sets.Warm
	}
	return p.sets.Main
}

// load reads and augments the samples of one step. The next readable sample of its set stands in for an unreadable one, so that a
// batch depends on nothing but the data.
func (p *plan) load(ctx context.Context, epoch, step int, m data.Modality, members []int) (*system.Batch, error) {
	items := p.at(epoch).Of(m).Items
	b := &system.Batch{Epoch: epoch, Step: step, Seed: p.recipe.Seed, Modality: m}
	bad := data.Skips{Limit: p.skip}
	for k, i := range members {
		err := p.addViews(ctx, b, k, items[i])
		for next := i + 1; err != nil && next < i+len(items); next++ {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err := bad.Add(data.Skipped{Modality: m, Path: items[(next-1)%len(items)].Name, Error: err.Error()}); err != nil {
				return nil, err
			}
			err = p.addViews(ctx, b, k, items[next%len(items)])
		}
		if err != nil {
			return nil, err
		}
	}
	b.Skipped = bad.Samples
	return b, nil
}

// addViews adds all views of sample k of a batch, or none. They are drawn from the same frames, which are decoded once.
func (p *plan) addViews(ctx context.Context, b *system.Batch, k int, item data.Item) error {
	frames, err := p.frames(ctx, b, k, item)
	if err != nil {
		return err
	}
	steps, repeat := p.recipe.Augmentation(b.Modality), p.repeat(b.Modality)
	for v := range repeat {
		own := frames
		if v < repeat-1 { // steps may change pixels in place
			own = frames.Clone()
		}
		b.Views = append(b.Views, steps.View(own, data.Stream(b.Seed, "view", b.Epoch, b.Step, k, v)))
		b.Labels = append(b.Labels, item.Label)
	}
	return nil
}

// frames decodes sample k of a batch: the image, or a random window of the video, as published for the kind of run.
func (p *plan) frames(ctx context.Context, b *system.Batch, k int, item data.Item) (*data.Frames, error) {
	sample, err := item.Open(ctx, data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	indices := []int{0}
	if b.Modality == data.Video {
		window := data.TrainIndices
		if p.recipe.Kind == recipe.Pretrain {
			window = data.PretrainIndices
		}
		m, rng := p.recipe.Model, data.Stream(b.Seed, "window", b.Epoch, b.Step, k)
		indices = window(sample.Len(), m.Frames, p.recipe.Data.Stride, rng)
	}
	frames, err := sample.Read(ctx, indices)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", item.Name, err)
	}
	return frames, nil
}
