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

// The batches of an epoch: how many of each modality, in which order, with which samples and views. Go on with targets.go.

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
	set, batch := p.sets.Main.Of(m), p.recipe.SamplesPerBatch(m)
	switch {
	case set == nil:
		return 0, nil
	case share == 0 && set.Items[0].List != "": // samples of lists come first
		return 0, fmt.Errorf("%s is 0, so that nothing would be learned from %s: leave that list out, or raise %s", key, set.Items[0].List, key)
	case share == 0:
		return 0, nil
	}
	seen := p.recipe.SamplesPerEpoch(m, len(set.Items))
	if steps = p.recipe.Steps(m, len(set.Items)); steps == 0 {
		change := "raise " + key
		if seen >= 1 {
			change = fmt.Sprintf("lower train.%s_batch to %d", m, int(seen)*p.recipe.ViewsPerSample(m))
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

// batches yields the batches of an epoch in order, or their parts where gradients accumulate.
func (p *plan) batches(ctx context.Context, epoch int) iter.Seq2[*system.Batch, error] {
	order := data.Order(p.images, p.videos, p.recipe.Seed, epoch)
	samples := map[data.Modality][]int{data.Image: p.inEpoch(data.Image, epoch), data.Video: p.inEpoch(data.Video, epoch)}
	members := make([][]int, len(order)) // of each step
	for step, m := range order {
		n := p.recipe.SamplesPerBatch(m)
		members[step], samples[m] = samples[m][:n], samples[m][n:]
	}
	parts := p.recipe.Parts()
	return joined(parts, data.Ordered(ctx, len(order)*parts, 2, ahead, func(ctx context.Context, i int) (*system.Batch, error) {
		step, part := i/parts, i%parts
		n := len(members[step]) / parts
		return p.load(ctx, epoch, step, order[step], members[step][part*n:(part+1)*n], part*n)
	}))
}

// joined has the last part of each batch name the unreadable samples of all its parts, as it stands for the whole step.
func joined(parts int, batches iter.Seq2[*system.Batch, error]) iter.Seq2[*system.Batch, error] {
	return func(yield func(*system.Batch, error) bool) {
		var skipped []data.Skipped
		loaded := 0
		for b, err := range batches {
			if err == nil {
				skipped, b.Skipped = append(skipped, b.Skipped...), nil
				if loaded++; loaded%parts == 0 {
					b.Skipped, skipped = skipped, nil
				}
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// inEpoch draws the samples of a modality for the steps of an epoch.
func (p *plan) inEpoch(m data.Modality, epoch int) []int {
	return p.draw(m, p.stepsOf(m)*p.recipe.SamplesPerBatch(m), epoch)
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

// load reads and augments samples of one step, all or a part of them from the first on. The next readable sample of its set stands in
// for an unreadable one, so that a batch depends on nothing but the data.
func (p *plan) load(ctx context.Context, epoch, step int, m data.Modality, members []int, first int) (*system.Batch, error) {
	items := p.at(epoch).Of(m).Items
	b := &system.Batch{Epoch: epoch, Step: step, Seed: p.recipe.Seed, Modality: m, First: first * p.recipe.ViewsPerSample(m), Groups: p.recipe.Groups()}
	bad := data.Skips{Limit: p.skip}
	for k, i := range members {
		k += first
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
	if p.recipe.Kind == recipe.Finetune {
		p.target(b)
	}
	data.SameForm(b.Views)
	return b, nil
}

// addViews adds all views of sample k of a batch, or none. They are drawn from the same frames, which are decoded once.
func (p *plan) addViews(ctx context.Context, b *system.Batch, k int, item data.Item) error {
	frames, landmarks, err := p.frames(ctx, b, k, item)
	if err != nil {
		return err
	}
	steps, repeat := p.recipe.Augmentation(b.Modality), p.recipe.ViewsPerSample(b.Modality)
	for v := range repeat {
		own := frames
		if v < repeat-1 { // steps may change pixels in place
			own = frames.Clone()
		}
		view, points := viewWithLandmarks(steps, own, landmarks, data.Stream(b.Seed, "view", b.Epoch, b.Step, k, v))
		b.Views, b.Points = append(b.Views, view), append(b.Points, points...)
		b.Labels = append(b.Labels, item.Label)
	}
	return nil
}

// frames decodes sample k of a batch: the image, or a random window of the video, as published for the kind of run. Where landmarks are
// learned, it returns them too.
func (p *plan) frames(ctx context.Context, b *system.Batch, k int, item data.Item) (*data.Frames, []data.Landmarks, error) {
	sample, err := item.Open(ctx, data.OpenOptions{})
	if err != nil {
		return nil, nil, err
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
		return nil, nil, fmt.Errorf("%s: %w", item.Name, err)
	}
	if p.recipe.Kind != recipe.Landmarks {
		return frames, nil, nil
	}
	landmarks, err := LandmarksOf(sample, indices)
	return frames, landmarks, err
}
