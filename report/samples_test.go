package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
	"mien/systems"
)

// written writes the untrained model of a recipe.
func written(t *testing.T, name string, change func(r *recipe.Recipe)) string {
	t.Helper()
	r, err := recipe.Load(name)
	require.NoError(t, err)
	change(&r)
	s, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 3})
	s.Build(scope, r)
	metadata, err := modelfile.Metadata(r, nil, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "model")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	return path
}

func opened(t *testing.T, name string, change func(r *recipe.Recipe)) *infer.Model {
	t.Helper()
	m, err := infer.Open(written(t, name, change), cpu.New(), nil)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

func same(*recipe.Recipe) {}

// faces returns a few drawn images and videos.
func faces(images, videos int) (s data.Sets) {
	if images > 0 {
		s.Image = drawn.Images(5, images, 32)
	}
	if videos > 0 {
		s.Video = drawn.Videos(6, videos, 20, 32)
	}
	return s
}

// The shares of experts are those of the routers' choices, and sum to 1 in each block.
func TestRoutingOf(t *testing.T) {
	m := opened(t, "s4d-tiny", same)
	s := faces(3, 4)
	r, err := RoutingOf(t.Context(), m, s, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1}, r.Blocks)
	require.Equal(t, "Tokens of each expert", r.Title)
	for _, c := range []struct {
		set    *data.Dataset
		shares [][]float64
		tokens int
	}{{s.Image, r.Image, 4}, {s.Video, r.Video, 2 * 8}} {
		require.Len(t, c.shares, 1)
		want, sum := make([]float64, 4), 0.0
		for i := range 2 {
			choices, err := m.Routes(t.Context(), c.set, i)
			require.NoError(t, err)
			require.Len(t, choices, 1)
			require.Len(t, choices[0], 2*c.tokens, "two experts a token of each view")
			for _, e := range choices[0] {
				want[e] += 1 / float64(2*2*c.tokens)
			}
		}
		for _, share := range c.shares[0] {
			sum += share
		}
		require.InDeltaSlice(t, want, c.shares[0], 1e-12)
		require.InDelta(t, 1, sum, 1e-12)
	}
	r, err = RoutingOf(t.Context(), m, faces(2, 0), 9)
	require.NoError(t, err)
	require.Nil(t, r.Video)
	require.Len(t, r.Image, 1)
	sum := 0.0
	for _, share := range r.Image[0] {
		sum += share
	}
	require.InDelta(t, 1, sum, 1e-12, "of two samples, where nine were asked for")
	both, err := RoutingOf(t.Context(), m, faces(1, 4), 3)
	require.NoError(t, err)
	for _, c := range []struct {
		set  data.Sets
		want [][]float64
	}{{faces(1, 0), both.Image}, {faces(0, 4), both.Video}} {
		r, err = RoutingOf(t.Context(), m, c.set, 3)
		require.NoError(t, err)
		require.Equal(t, c.want, slices.Concat(r.Image, r.Video), "a set has as many samples counted beside a smaller one")
	}

	m = opened(t, "s4d-tiny", func(r *recipe.Recipe) {
		r.Model.Depth, r.Model.Position, r.Model.Experts, r.Model.TopK = 4, "1,3", 5, 3
	})
	r, err = RoutingOf(t.Context(), m, s, 2)
	require.NoError(t, err)
	want := map[data.Modality][][]float64{}
	for _, set := range s.All() {
		shares := [][]float64{make([]float64, 5), make([]float64, 5)}
		for i := range 2 {
			choices, err := m.Routes(t.Context(), set, i)
			require.NoError(t, err)
			for block, experts := range choices {
				for _, e := range experts {
					shares[block][e] += 1 / float64(2*len(experts))
				}
			}
		}
		want[set.Modality] = shares
	}
	require.Equal(t, &Routing{Title: "Tokens of each expert", Blocks: []int{1, 3}, Image: want[data.Image], Video: want[data.Video]}, r)
	require.NotEqual(t, r.Image[0], r.Image[1])
	require.NotEqual(t, r.Image, r.Video)

	r, err = RoutingOf(t.Context(), opened(t, "vitmtl-tiny", same), s, 2)
	require.NoError(t, err)
	require.Nil(t, r, "a model of the system without experts")
	r, err = RoutingOf(t.Context(), opened(t, "vitmtl-tiny", same), faces(0, 2), 2)
	require.NoError(t, err)
	require.Nil(t, r, "nor of videos alone")
}

// A page about a model without experts has no routing figure, and one with a single score has one figure of each kind.
func TestPageOfAPlainModel(t *testing.T) {
	m := opened(t, "s4d-tiny", func(r *recipe.Recipe) { r.System, r.Model.Experts, r.Model.VideoClasses = "vit", 0, 0 })
	s := faces(3, 0)
	p := Page{Title: "plain", Model: m, Runs: []Run{{Title: "Fine-tuning",
		Curves: []run.Curve{{Modality: data.Image, Steps: []float64{0, 1, 2}, Loss: []float64{2, 1.5, 1}}, {Modality: data.Video}}}}}
	var err error
	p.Report, err = m.Evaluate(t.Context(), s)
	require.NoError(t, err)
	p.Routing, err = RoutingOf(t.Context(), m, s, 3)
	require.NoError(t, err)
	require.Nil(t, p.Routing)
	p.Examples, err = Examples(t.Context(), m, s, 2)
	require.NoError(t, err)
	require.Len(t, p.Examples, 2)
	path := filepath.Join(t.TempDir(), "index.html")
	require.NoError(t, p.Write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	page := string(text)
	require.Equal(t, 1, strings.Count(page, "% UAR"))
	require.Contains(t, page, "<div>Images</div>")
	require.NotContains(t, page, "Videos")
	require.NotContains(t, page, "Who works on what")
	require.NotContains(t, page, "Guessing what is hidden")
	require.Equal(t, 3, strings.Count(page, "<svg"), "a curve, a confusion matrix and a reliability")
	require.NotContains(t, page, ">video</text>", "the curve of no losses")
	require.Equal(t, 2, strings.Count(page, "data:image/png"))
	require.NotContains(t, page, "ZgotmplZ")
}

// Of each set as many samples are shown as are asked for, or all, however few another has.
func TestSamplesOfEachSet(t *testing.T) {
	s := faces(1, 4)
	shown := func(n int) []string {
		names, err := collect(t.Context(), s, n, func(d *data.Dataset, i int, _ data.Sample) (string, error) { return d.Items[i].Name, nil })
		require.NoError(t, err)
		return names
	}
	image, video := s.Image.Items[0].Name, []string{s.Video.Items[0].Name, s.Video.Items[1].Name, s.Video.Items[2].Name, s.Video.Items[3].Name}
	require.Empty(t, shown(0))
	require.Equal(t, append([]string{image}, video[:1]...), shown(1))
	require.Equal(t, append([]string{image}, video[:3]...), shown(3))
	require.Equal(t, append([]string{image}, video...), shown(9))
}

// An example shows the first view of a sample, its true class by name and the model's answer.
func TestExamples(t *testing.T) {
	m := opened(t, "s4d-tiny", same)
	s, _, err := m.Match(faces(2, 1))
	require.NoError(t, err)
	all, err := Examples(t.Context(), m, s, 2)
	require.NoError(t, err)
	require.Len(t, all, 3)
	for i, e := range all {
		d, frames := s.Image, 1
		if i == 2 {
			d, frames = s.Video, 4
		}
		require.Equal(t, frames, e.Frames.T)
		require.Equal(t, d.Modality, e.Modality)
		name := d.Items[i%2].Name
		require.Equal(t, name, e.Path)
		require.True(t, strings.HasSuffix(strings.ToLower(name), e.Truth), "%s shows %s", name, e.Truth)
		require.Equal(t, e.Labels[e.Class], e.Label)
		sample, err := d.Items[i%2].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		views, err := m.Views(t.Context(), sample, d.Modality)
		require.NoError(t, err)
		require.Equal(t, views[0].Frames(), e.Frames, "of a video its first window")
		want, err := m.Predict(t.Context(), name, sample, d.Modality)
		require.NoError(t, err)
		require.Equal(t, want, e.Prediction)
	}
}

// Centres are compared where there are images and videos, of heads with different classes.
func TestCentresOf(t *testing.T) {
	m := opened(t, "s4d-tiny", func(r *recipe.Recipe) { r.Model.ImageClasses, r.Model.VideoClasses = 8, 7 })
	both := faces(9, 8)
	images, err := m.Centres(t.Context(), both.Image, 1)
	require.NoError(t, err)
	videos, err := m.Centres(t.Context(), both.Video, 1)
	require.NoError(t, err)
	centres, err := CentresOf(t.Context(), m, both, 1)
	require.NoError(t, err)
	want := &Centres{Image: m.Labels[data.Image], Video: m.Labels[data.Video], Cosines: infer.Cosines(images, videos)}
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(centres), "NaN differs from itself")
	require.Len(t, centres.Cosines, 8)
	require.Len(t, centres.Cosines[0], 7)
	for _, s := range []data.Sets{faces(9, 0), faces(0, 8)} {
		centres, err = CentresOf(t.Context(), m, s, 1)
		require.NoError(t, err)
		require.Nil(t, centres)
	}
}

// Attention is that on the first view of a sample, beside its true class.
func TestAttentionOf(t *testing.T) {
	m := opened(t, "s4d-tiny", same)
	s, _, err := m.Match(faces(3, 1))
	require.NoError(t, err)
	all, err := AttentionOf(t.Context(), m, s, 2)
	require.NoError(t, err)
	require.Len(t, all, 3)
	for i, a := range all {
		d := []*data.Dataset{s.Image, s.Image, s.Video}[i]
		item := d.Items[i%2]
		sample, err := item.Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		views, err := m.Views(t.Context(), sample, d.Modality)
		require.NoError(t, err)
		trace, err := m.Trace(t.Context(), views[0], d.Modality)
		require.NoError(t, err)
		require.Equal(t, AttentionMaps([]ModelTrace{{Experts: 4, Trace: trace}}), a.Picture)
		require.True(t, strings.HasSuffix(strings.ToLower(item.Name), a.Truth), "%s shows %s", item.Name, a.Truth)
	}
	m.Trained = modelfile.Trained{data.Image: {Drawn: 3}}
	_, err = AttentionOf(t.Context(), m, s, 2)
	require.EqualError(t, err, s.Video.Items[0].Name+": the model has never learned from videos: fine-tune it on some, with --init, or leave them out")
}

// A pre-trained model paints the hidden patches and leaves the rest; a classifier can't reconstruct.
func TestReconstruct(t *testing.T) {
	path := written(t, "s4d-tiny-pretrain", func(r *recipe.Recipe) { r.Train.ImageMask, r.Train.VideoMask = 0.25, 0.5 })
	b := cpu.New()
	seen := faces(3, 2)
	all, err := Reconstruct(t.Context(), path, b, seen, 2)
	require.NoError(t, err)
	require.Len(t, all, 4)
	video, err := seen.Video.Items[1].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	views, err := opened(t, "s4d-tiny", same).Views(t.Context(), video, data.Video)
	require.NoError(t, err)
	require.NotEqual(t, views[0], views[1])
	require.Equal(t, views[0].Frames(), all[3].Input, "of a video its first window")
	for i, r := range all {
		require.Equal(t, map[bool]int{true: 1, false: 4}[i < 2], r.Input.T)
		shown, hidden, masks := 0, 0, map[[2]uint8]bool{}
		for j, v := range r.Input.Pix {
			switch {
			case r.Masked.Pix[j] == v && r.Output.Pix[j] == v:
				shown++
			case r.Masked.Pix[j] != v:
				hidden++
				masks[[2]uint8{uint8(j % 3), r.Masked.Pix[j]}] = true
			}
		}
		part := map[bool]int{true: 4, false: 2}[i < 2] // of the patches are hidden
		require.GreaterOrEqual(t, shown, len(r.Input.Pix)-len(r.Input.Pix)/part)
		require.Greater(t, hidden, len(r.Input.Pix)/part/2)
		require.Len(t, masks, 3, "the mask is of one colour, the output is not")
	}
	require.NotEqual(t, hiddenPatches(all[2]), hiddenPatches(all[3]), "each sample has a mask of its own")
	require.Len(t, hiddenPatches(all[2]), 4, "of 8 patches, half")
	require.Len(t, hiddenPatches(all[1]), 1, "of 4 patches, a quarter")
	require.Zero(t, b.Stats().LiveBytes)
	reseeded := written(t, "s4d-tiny-pretrain", func(r *recipe.Recipe) { r.Seed, r.Train.VideoMask = 999, 0.5 })
	other, err := Reconstruct(t.Context(), reseeded, b, faces(0, 2), 2)
	require.NoError(t, err)
	require.NotEqual(t, hiddenPatches(all[2]), hiddenPatches(other[0]), "the masks are those of the recipe's seed")

	classifier := written(t, "s4d-tiny", same)
	_, err = Reconstruct(t.Context(), classifier, b, faces(1, 0), 1)
	require.EqualError(t, err, classifier+": system s4d guesses no pixels")
	require.Zero(t, b.Stats().LiveBytes)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Reconstruct(ctx, path, b, faces(1, 0), 1)
	require.ErrorIs(t, err, context.Canceled)
}

// hiddenPatches tells which patches of a sample, of two frames and 16×16 pixels, are masked.
func hiddenPatches(r Reconstruction) map[[3]int]bool {
	changed := map[[3]int]int{}
	f := r.Input
	for i, v := range f.Pix {
		if r.Masked.Pix[i] != v {
			pixel := i / 3
			changed[[3]int{pixel / (f.H * f.W) / 2, pixel / f.W % f.H / 16, pixel % f.W / 16}]++
		}
	}
	hidden := map[[3]int]bool{}
	for patch, n := range changed {
		hidden[patch] = n > 2*16*16*3/2
	}
	return hidden
}

// Where a sample can't be opened or read, nothing is shown.
func TestSamplesThatCannotBeShown(t *testing.T) {
	broken := errors.New("broken")
	unread := faces(2, 0)
	unread.Image.Items[1].Open = func(context.Context, data.OpenOptions) (data.Sample, error) {
		return data.NewSample("x", 1, data.OpenOptions{}, func(context.Context, int) (*data.Frames, error) { return nil, broken }), nil
	}
	unopened := faces(2, 0)
	unopened.Image.Items[1].Open = func(context.Context, data.OpenOptions) (data.Sample, error) { return nil, broken }
	pretrained, m := written(t, "s4d-tiny-pretrain", same), opened(t, "s4d-tiny", same)
	for _, s := range []data.Sets{unread, unopened} {
		reconstructions, err := Reconstruct(t.Context(), pretrained, cpu.New(), s, 2)
		require.ErrorIs(t, err, broken)
		require.Nil(t, reconstructions)
		examples, err := Examples(t.Context(), m, s, 2)
		require.ErrorIs(t, err, broken)
		require.Nil(t, examples)
		routing, err := RoutingOf(t.Context(), m, s, 2)
		require.ErrorIs(t, err, broken)
		require.Nil(t, routing)
		_, err = Examples(t.Context(), m, s, 1)
		require.NoError(t, err, "what is not shown is not opened")
	}
}
