package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/modelfile"
	"mien/recipe"
	"mien/system"
)

// shades is a set whose colours encode the sample (red) and the frame (green).
func shades(m data.Modality, n int) *data.Dataset {
	d := &data.Dataset{Modality: m}
	for i := range n {
		d.Items = append(d.Items, data.Item{Name: "shade " + string(rune('a'+i)), Label: i % 5,
			Open: func(_ context.Context, opt data.OpenOptions) (data.Sample, error) {
				if i == 25 {
					return nil, errors.New("shade z can't be opened")
				}
				return data.NewSample("", shadeFrames, opt, func(_ context.Context, frame int) (*data.Frames, error) { return shade(i, frame) }), nil
			}})
	}
	return d
}

const shadeFrames = 60

func shade(sample, frame int) (*data.Frames, error) {
	if sample == 24 {
		return nil, errors.New("it is damaged")
	}
	f := data.NewFrames(1, 18, 20)
	for i := range 18 * 20 {
		f.Pix[3*i], f.Pix[3*i+1] = uint8(sample), uint8(frame)
	}
	return f, nil
}

// seen returns which sample a view shows, and which of its frames.
func seen(t *testing.T, v data.View) (sample int, frames []int) {
	t.Helper()
	f := v.Frames()
	for i := range f.T {
		require.Equal(t, f.Frame(0)[0], f.Frame(i)[0])
		frames = append(frames, int(f.Frame(i)[1]))
	}
	return int(f.Frame(0)[0]), frames
}

func shadePlan(t *testing.T, images, videos int, change func(*recipe.Recipe)) plan {
	t.Helper()
	r := toy(t, "s4d-tiny")
	noJitter(&r.Views.Image)
	noJitter(&r.Views.Video)
	r.Train.Replicas, r.Train.Mixup, r.Train.Cutmix, r.Train.CutmixShare = 0, 0, 0, 0
	if change != nil {
		change(&r)
	}
	p, err := newPlan(r, Training{Main: data.Sets{Image: shades(data.Image, images), Video: shades(data.Video, videos)}})
	require.NoError(t, err)
	return p
}

func noJitter(v *recipe.ViewSettings) {
	v.Steps, v.Jitter = slices.DeleteFunc(slices.Clone(v.Steps), func(step string) bool { return step == "jitter" }), nil
}

func batchesOf(t *testing.T, p plan, epoch int) []*system.Batch {
	t.Helper()
	var all []*system.Batch
	for b, err := range p.batches(t.Context(), epoch) {
		require.NoError(t, err)
		all = append(all, b)
	}
	return all
}

// An epoch has the recipe's share of each set, in whole batches; a video counts once per view.
func TestPlanCountsSteps(t *testing.T) {
	p := shadePlan(t, 22, 20, nil)
	require.Equal(t, []int{5, 6}, []int{p.images, p.videos}, "22 of batches of 4, 40 views of batches of 6")
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.RoundUp = true })
	require.Equal(t, []int{6, 7}, []int{p.images, p.videos}, "rounded up")
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.RoundUp, r.Train.StaticShare, r.Train.DynamicShare = true, 0.5, 0.25 })
	require.Equal(t, []int{3, 1}, []int{p.images, p.videos}, "a share of all batches, as in the released code, rounded down")
	batches := batchesOf(t, shadePlan(t, 22, 3, func(r *recipe.Recipe) { r.Train.RoundUp, r.Train.DynamicShare = true, 0 }), 0)
	require.Len(t, batches, 6)
	for _, b := range batches {
		require.Len(t, b.Views, 4, "the last batch is filled up")
	}
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.StaticShare, r.Train.DynamicShare = 0.5, 3 })
	require.Equal(t, []int{2, 20}, []int{p.images, p.videos})
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.DrawnEpochs, r.Data.DrawnImages, r.Data.DrawnVideos = 1, 4, 3 })
	require.Equal(t, []int{5, 6}, []int{p.images, p.videos}, "a warm-up of a batch of each is enough")
	p = shadePlan(t, 4, 3, nil)
	require.Equal(t, []int{1, 1}, []int{p.images, p.videos})
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.DynamicShare = 0 })
	require.Equal(t, []int{5, 0}, []int{p.images, p.videos})
	require.Nil(t, p.sets.Main.Video)
	p = shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Train.StaticShare = 0 })
	require.Nil(t, p.sets.Main.Image)
	require.Equal(t, []int{0, 6}, []int{p.images, p.videos})
	require.Equal(t, 6, p.steps())
	p, err := newPlan(toy(t, "s4d-tiny"), Training{Main: data.Sets{Video: shades(data.Video, 3)}})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, []int{p.images, p.videos})
}

// A set that no step would use is an error, which says what would mend it; so is a warm-up without a full batch.
func TestPlanRefusesSetsLeftOut(t *testing.T) {
	refuse := func(images, videos int, want string, change func(*recipe.Recipe)) {
		t.Helper()
		r := toy(t, "s4d-tiny")
		change(&r)
		s := data.Sets{Image: shades(data.Image, images), Video: shades(data.Video, videos)}
		_, err := newPlan(r, Training{Warm: s, Main: s})
		require.EqualError(t, err, want)
	}
	refuse(3, 20, "an epoch has no full batch of images: the set has 3, train.static_share is 1, and a batch has 4 different ones: "+
		"give more, lower train.image_batch to 3, or leave images out", func(*recipe.Recipe) {})
	refuse(20, 5, "an epoch has no full batch of videos: the set has 5, train.dynamic_share is 0.5, and a batch has 3 different ones: "+
		"give more, lower train.video_batch to 4, or leave videos out", func(r *recipe.Recipe) { r.Train.DynamicShare = 0.5 })
	refuse(20, 9, "an epoch has no full batch of videos: the set has 9, train.dynamic_share is 0.1, and a batch has 3 different ones: "+
		"give more, raise train.dynamic_share, or leave videos out", func(r *recipe.Recipe) { r.Train.DynamicShare = 0.1 })
	refuse(20, 4, "an epoch has no full batch of videos: the set has 4, train.dynamic_share is 1, and a batch has 8 different ones: "+
		"give more, lower train.video_batch to 4, or leave videos out", func(r *recipe.Recipe) { r.Train.VideoBatch, r.Train.VideoRepeat = 8, 1 })
	refuse(3, 20, "an epoch has no full batch of images: the set has 3, train.static_share is 1, and a batch has 4 different ones: "+
		"give more, lower train.image_batch to 3, or leave images out", func(r *recipe.Recipe) { r.Train.BalanceStatic = true })
	refuse(20, 20, "an epoch has no steps: train.static_share and train.dynamic_share leave nothing to learn from",
		func(r *recipe.Recipe) { r.Train.StaticShare, r.Train.DynamicShare = 0, 0 })
	refuse(2, 20, "an epoch has no full batch of images: the set has 2, train.static_share is 0.5, and a batch has 4 different ones: "+
		"give more, lower train.image_batch to 1, or leave images out", func(r *recipe.Recipe) { r.Train.StaticShare = 0.5 })
	refuse(20, 20, "the first train.drawn_epochs have 3 drawn images, too few for batches of 4: "+
		"raise data.drawn_images, or set train.drawn_epochs to 0",
		func(r *recipe.Recipe) { r.Train.DrawnEpochs, r.Data.DrawnImages = 1, 3 })
	for n, drawn := range map[int]string{0: "0 drawn videos", 2: "2 drawn videos"} {
		refuse(20, 20, "the first train.drawn_epochs have "+drawn+", too few for batches of 3: raise data.drawn_videos, or set train.drawn_epochs to 0",
			func(r *recipe.Recipe) { r.Train.DrawnEpochs, r.Data.DrawnVideos = 1, n })
	}
}

// The recipe cannot leave out a list without a word, whatever the other modality has, and however the list is repeated.
func TestListsAreNeverLeftOut(t *testing.T) {
	lists := faceList(t, 4)
	refuse := func(want string, change func(*recipe.Recipe)) {
		t.Helper()
		o := options(t, toy(t, "s4d-tiny"))
		o.Train = lists
		change(&o.Recipe)
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, want)
		require.NoDirExists(t, o.Out)
	}
	refuse("train.dynamic_share is 0, so that nothing would be learned from "+lists.DynamicList+": leave that list out, or raise train.dynamic_share",
		func(r *recipe.Recipe) { r.Train.DynamicShare = 0 })
	refuse("train.static_share is 0, so that nothing would be learned from "+lists.StaticList+": leave that list out, or raise train.static_share",
		func(r *recipe.Recipe) { r.Train.StaticShare, r.Data.ListRepeat = 0, 3 })
	four := "an epoch has no full batch of videos: the set has 4, train.dynamic_share is 1, and a batch has 8 different ones: " +
		"give more, lower train.video_batch to 4, or leave videos out"
	refuse(four, func(r *recipe.Recipe) { r.Data.DrawnVideos, r.Train.VideoBatch, r.Train.VideoRepeat = 0, 8, 1 })
	refuse(four, func(r *recipe.Recipe) { r.Train.DrawnEpochs, r.Train.VideoBatch, r.Train.VideoRepeat = 1, 8, 1 })

	o := options(t, toy(t, "s4d-tiny")) // repeated, they fill a batch
	o.Recipe.Data.DrawnVideos, o.Recipe.Data.ListRepeat, o.Recipe.Train.VideoBatch, o.Recipe.Train.VideoRepeat = 0, 2, 8, 1
	o.Train = lists
	require.Equal(t, 1, prepared(t, o).plan.videos)
}

// A batch has its position in the run, and the labels of its views.
func TestBatches(t *testing.T) {
	p := shadePlan(t, 22, 18, func(r *recipe.Recipe) { r.Seed = 3 })
	epochs := map[data.Modality][][]int{}
	for epoch := range 2 {
		samples, steps := map[data.Modality][]int{}, map[data.Modality]int{}
		for step, b := range batchesOf(t, p, epoch) {
			require.Equal(t, []int{epoch, step, 3}, []int{b.Epoch, b.Step, int(b.Seed)})
			steps[b.Modality]++
			require.Len(t, b.Views, map[data.Modality]int{data.Image: 4, data.Video: 6}[b.Modality])
			require.Len(t, b.Labels, len(b.Views))
			repeat := map[data.Modality]int{data.Image: 1, data.Video: 2}[b.Modality]
			for i, v := range b.Views {
				require.Equal(t, []int{16, 16}, []int{v.H, v.W})
				sample, frames := seen(t, v)
				require.Equal(t, sample%5, b.Labels[i])
				require.Len(t, frames, map[data.Modality]int{data.Image: 1, data.Video: 4}[b.Modality])
				if i%repeat == 0 {
					samples[b.Modality] = append(samples[b.Modality], sample)
				} else {
					require.Equal(t, samples[b.Modality][len(samples[b.Modality])-1], sample, "views of one video stand together")
				}
			}
		}
		require.Equal(t, map[data.Modality]int{data.Image: 5, data.Video: 6}, steps)
		for m, drawn := range samples {
			different := slices.Compact(slices.Sorted(slices.Values(drawn)))
			require.Len(t, different, len(drawn), "no %s twice in an epoch", m)
			epochs[m] = append(epochs[m], drawn)
		}
	}
	for m, drawn := range epochs {
		require.NotEqual(t, drawn[0], drawn[1], "epochs draw %ss anew", m)
	}
}

// The record counts the different samples that the batches of the first epochs show, those of the warm-up apart.
func TestRecordCountsWhatBatchesShow(t *testing.T) {
	r := toy(t, "s4d-tiny")
	noJitter(&r.Views.Image)
	noJitter(&r.Views.Video)
	r.Train.Replicas, r.Train.Mixup, r.Train.Cutmix, r.Train.CutmixShare = 0, 0, 0, 0
	r.Train.DrawnEpochs, r.Train.StaticShare, r.Train.DynamicShare, r.Train.BalanceStatic = 2, 0.4, 0.3, true
	listed := func(m data.Modality, n int) *data.Dataset {
		d := shades(m, n)
		for i := range d.Items {
			d.Items[i].List = "list"
		}
		return d
	}
	p, err := newPlan(r, Training{Warm: data.Sets{Image: shades(data.Image, 13), Video: shades(data.Video, 11)},
		Main: data.Sets{Image: listed(data.Image, 21), Video: listed(data.Video, 20)}})
	require.NoError(t, err)
	shown := map[string]bool{} // warm-up, modality and sample
	for epoch := range 5 {
		for _, b := range batchesOf(t, p, epoch) {
			for _, v := range b.Views {
				sample, _ := seen(t, v)
				shown[fmt.Sprint(epoch < 2, b.Modality, sample)] = true
			}
		}
		want := modelfile.Trained{data.Image: {}, data.Video: {}}
		for m, o := range want {
			for sample := range 24 {
				if shown[fmt.Sprint(true, m, sample)] {
					o.Drawn++
				}
				if shown[fmt.Sprint(false, m, sample)] {
					o.Listed++
				}
			}
			want[m] = o
		}
		require.Equal(t, want, p.learned(epoch+1), "after epoch %d", epoch)
	}
}

// Windows of steps, epochs, seeds and samples of a batch are drawn apart. Fine-tuning and pre-training draw them differently.
func TestWindowsAreDrawnApart(t *testing.T) {
	begins := func(kind string, seed uint64, epoch, step int) (at []int) {
		p := shadePlan(t, 4, 18, func(r *recipe.Recipe) { r.Kind, r.Seed = kind, seed })
		b, err := p.load(t.Context(), epoch, step, data.Video, []int{3, 3, 3, 3, 3, 3, 3, 3}, 0)
		require.NoError(t, err)
		require.Len(t, b.Views, 16)
		for i, v := range b.Views {
			sample, frames := seen(t, v)
			require.Equal(t, 3, sample)
			require.Less(t, frames[3], shadeFrames)
			if kind == recipe.Pretrain {
				require.Equal(t, []int{3, 6, 9}, []int{frames[1] - frames[0], frames[2] - frames[0], frames[3] - frames[0]})
			} else {
				require.Equal(t, 11, frames[3]-frames[0], "a window of four frames, some three apart")
			}
			at = append(at, frames[0])
			require.Equal(t, at[i/2*2], frames[0], "the views of a sample share their frames")
		}
		require.Greater(t, len(slices.Compact(slices.Sorted(slices.Values(at)))), 4, "8 windows of a video begin at %v", at)
		return at
	}
	for _, kind := range []string{recipe.Finetune, recipe.Pretrain} {
		first := begins(kind, 0, 0, 0)
		require.Equal(t, first, begins(kind, 0, 0, 0))
		for _, other := range [][]int{begins(kind, 1, 0, 0), begins(kind, 0, 1, 0), begins(kind, 0, 0, 1)} {
			require.NotEqual(t, first, other)
		}
	}
}

// gradient is a set of one video whose frames can be told apart, and their pixels too; it counts the frames that are decoded.
func gradient(decoded *atomic.Int32) *data.Dataset {
	frame := func(_ context.Context, at int) (*data.Frames, error) {
		decoded.Add(1)
		f := data.NewFrames(1, 18, 18)
		for i := range f.Pix {
			f.Pix[i] = uint8(i/5 + 3*at)
		}
		return f, nil
	}
	return &data.Dataset{Modality: data.Video, Items: []data.Item{{Open: func(_ context.Context, opt data.OpenOptions) (data.Sample, error) {
		return data.NewSample("", shadeFrames, opt, frame), nil
	}}}}
}

// The views of a video are cut from the same frames, which are decoded once and which no view changes for the next; each draws from
// its own stream, and so do the views of other steps, epochs and seeds.
func TestViewsAreDrawnApart(t *testing.T) {
	var decoded atomic.Int32
	views := func(seed uint64, epoch, step int) []data.View {
		r := toy(t, "s4d-tiny-pretrain")
		r.Views.Video.Steps = []string{"flip", "resized_crop"} // a mirror image is made in place
		r.Seed, r.Train.VideoBatch, r.Train.VideoRepeat = seed, 3, 3
		p, err := newPlan(r, Training{Main: data.Sets{Video: gradient(&decoded)}})
		require.NoError(t, err)
		decoded.Store(0)
		b, err := p.load(t.Context(), epoch, step, data.Video, []int{0}, 0)
		require.NoError(t, err)
		require.Equal(t, int32(r.Model.Frames), decoded.Load())

		frames, _, err := p.frames(t.Context(), b, 0, p.sets.Main.Video.Items[0])
		require.NoError(t, err)
		for v, got := range b.Views {
			require.Equal(t, r.Augmentation(data.Video).View(frames.Clone(), data.Stream(seed, "view", epoch, step, 0, v)), got)
		}
		return b.Views
	}
	first := views(0, 0, 0)
	require.Equal(t, first, views(0, 0, 0))
	require.NotEqual(t, first[0], first[1])
	require.NotEqual(t, first[0], first[2])
	require.NotEqual(t, first[1], first[2])
	for _, other := range [][]data.View{views(1, 0, 0), views(0, 1, 0), views(0, 0, 1)} {
		require.NotEqual(t, first[0], other[0])
	}
}

// The order of steps and samples depends only on seed and epoch.
func TestSeedOrdersEpochs(t *testing.T) {
	drawn := func(seed uint64, epoch int) (m []data.Modality, images, videos []int) {
		p := shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Seed = seed })
		for _, b := range batchesOf(t, p, epoch) {
			m = append(m, b.Modality)
		}
		return m, p.draw(data.Image, 22, epoch), p.draw(data.Video, 20, epoch)
	}
	order, images, videos := drawn(1, 0)
	for _, place := range [][2]int{{1, 1}, {2, 0}} {
		o, i, v := drawn(uint64(place[0]), place[1])
		require.NotEqual(t, order, o)
		require.NotEqual(t, images, i)
		require.NotEqual(t, videos, v)
	}
	o, i, v := drawn(1, 0)
	require.Equal(t, [][]int{images, videos}, [][]int{i, v})
	require.Equal(t, order, o)
	balanced := func(seed uint64, epoch int) []int {
		p := shadePlan(t, 22, 20, func(r *recipe.Recipe) { r.Seed, r.Train.BalanceStatic = seed, true })
		return p.draw(data.Image, 22, epoch)
	}
	require.NotEqual(t, balanced(1, 0), balanced(2, 0))
	require.NotEqual(t, balanced(1, 0), balanced(1, 1))
	require.Equal(t, balanced(1, 1), balanced(1, 1))
}

// A balanced draw shows each class equally often, however rare it is; videos are drawn unbalanced.
func TestBalanceStatic(t *testing.T) {
	p := shadePlan(t, 22, 22, func(r *recipe.Recipe) { r.Train.BalanceStatic = true })
	for _, d := range p.sets.Main.All() { // one sample of class 1
		for i := range d.Items {
			d.Items[i].Label = map[bool]int{true: 1}[i == 7]
		}
	}
	count := map[int]int{}
	for _, i := range p.draw(data.Image, 1000, 0) {
		count[p.sets.Main.Image.Items[i].Label]++
	}
	require.InDelta(t, 500, count[0], 60)
	require.InDelta(t, 500, count[1], 60)
	require.Equal(t, 22, len(slices.Compact(slices.Sorted(slices.Values(p.draw(data.Video, 22, 0))))))
}

// A sample that can't be opened or read ends the epoch with an error that names it.
func TestBatchErrors(t *testing.T) {
	const hint = "; --skip-bad N goes on without up to N such samples"
	for n, want := range map[int]string{25: "shade y: it is damaged" + hint, 26: "shade z can't be opened" + hint} {
		p := shadePlan(t, n, 1, func(r *recipe.Recipe) { r.Train.ImageBatch, r.Train.DynamicShare = n, 0 })
		items := p.sets.Main.Image.Items
		copy(items, slices.Repeat(items[n-1:], n)) // the last, for every index
		p.images, p.videos = 1, 0
		var got error
		for _, err := range p.batches(t.Context(), 0) {
			got = err
		}
		require.EqualError(t, got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := shadePlan(t, 8, 9, nil)
	for _, err := range p.batches(ctx, 0) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

// Classes of images are balanced in the warm-up as in the rest, each on its own set, and no others are.
func TestBalanceOfAWarmUp(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Train.BalanceStatic, r.Train.DrawnEpochs, r.Seed = true, 1, 3
	skewed := func(m data.Modality, n, rare int) *data.Dataset {
		d := shades(m, n)
		for i := range d.Items {
			d.Items[i].Label = map[bool]int{true: 1}[i == rare]
		}
		return d
	}
	warm := data.Sets{Image: skewed(data.Image, 14, 9), Video: skewed(data.Video, 12, 2)}
	rest := data.Sets{Image: skewed(data.Image, 20, 17), Video: skewed(data.Video, 12, 2)}
	p, err := newPlan(r, Training{Warm: warm, Main: rest})
	require.NoError(t, err)
	for epoch, set := range []data.Sets{warm, rest} {
		require.Equal(t, data.DrawBalanced(100, set.Image.Items, 3, "image", epoch), p.draw(data.Image, 100, epoch))
		require.Equal(t, data.Draw(100, 12, 3, "video", epoch), p.draw(data.Video, 100, epoch))
	}
}
