package run

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

// groupOf is the published rule for a parameter of a toy run: its factor of the learning rate, and whether it decays.
func groupOf(r recipe.Recipe, name string) (factor float64, decays bool) {
	norm, bias := strings.Contains(name, "norm"), strings.HasSuffix(name, ".bias")
	if r.Kind == recipe.Pretrain {
		return 1, !norm && !bias // q_bias, v_bias and the mask token do
	}
	level := map[bool]float64{true: 3}[strings.HasPrefix(name, "patch_embed.")]
	if strings.HasPrefix(name, "blocks.0.") {
		level = 2
	} else if strings.HasPrefix(name, "blocks.1.") {
		level = 1
	}
	return math.Pow(r.Train.LayerDecay, level), !norm && !bias && !strings.HasSuffix(name, "_bias")
}

// The first step of a run is AdamW's with β₁ = 0.9 and ε = 1e-8. Gradients follow from its first moments; from them, by the clipping of
// their joint norm, the learning rate and the group of each parameter, all that the step wrote.
func TestFirstStepOfARun(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		r := toy(t, name)
		r.Data.DrawnImages, r.Data.DrawnVideos = r.Train.ImageBatch, 0 // a step an epoch
		r.Train.WarmupEpochs, r.Train.Clip = 0, 0.1
		o := options(t, r)
		interrupt(t, o, 2)
		before, after := beginning(t, r), parameters(t, filepath.Join(o.Out, checkpointFile(1)))
		require.Len(t, after, 3*len(before)+1) // and a checksum
		squares := 0.0
		for name, old := range before {
			factor, decays := groupOf(r, name)
			lr, decay := r.Train.LR*factor, map[bool]float64{true: r.Train.WeightDecay}[decays]
			for i, p := range old {
				got, m, v := after["param."+name][i], float64(after["m."+name][i]), float64(after["v."+name][i])
				if strings.HasPrefix(name, "head.video.") {
					require.Equal(t, []float64{float64(p), 0, 0}, []float64{float64(got), m, v}, "%s has no gradient", name)
					continue
				}
				g := m / 0.1
				squares += g * g
				require.InDelta(t, (1-r.Train.Beta2)*g*g, v, 1e-5*v+1e-30, "second moment of %s", name)
				require.InDelta(t, float64(p)*(1-lr*decay)-lr*g/(math.Abs(g)+1e-8), got, 1e-6, name)
			}
		}
		first := log(t, o)[0]
		require.Equal(t, r.Train.LR, first.LR)
		require.Greater(t, first.GradNorm, 1.1*r.Train.Clip)
		require.InEpsilon(t, r.Train.Clip, math.Sqrt(squares), 1e-4, "the joint norm is clipped")
	}
}

// follower is a model with work to do after each step.
type follower struct {
	system.Model
	followed []string
}

func (f *follower) AfterStep(b *system.Batch) {
	f.followed = append(f.followed, fmt.Sprint(b.Modality, b.Epoch, b.Step))
}

// A system.Follower hears of every step.
func TestFollower(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	r := prepared(t, o)
	f := &follower{Model: r.model}
	r.model = f
	require.NoError(t, r.begin())
	require.NoError(t, r.loop(t.Context()))
	var want []string
	for _, e := range log(t, o) {
		want = append(want, fmt.Sprint(e.Modality, e.Epoch, e.Step))
	}
	require.Len(t, want, 12)
	require.Equal(t, want, f.followed)
}

// precise is a backend that counts products by precision.
type precise struct {
	engine.Backend
	products map[engine.Precision]int
}

func (p precise) Gemm(a engine.GemmArgs) {
	p.products[a.Precision]++
	p.Backend.Gemm(a)
}

// Evaluation during a run multiplies at the precision of the run.
func TestPrecisionOfEvaluation(t *testing.T) {
	for _, p := range []engine.Precision{engine.Full, engine.BF16} {
		o := options(t, toy(t, "s4d-tiny"))
		b := precise{o.Backend, map[engine.Precision]int{}}
		o.Backend, o.Precision, o.Recipe.Data.DrawnTest = b, p, 3
		_, err := prepared(t, o).evaluate(t.Context())
		require.NoError(t, err)
		require.Positive(t, b.products[engine.Full], "of the head")
		require.Equal(t, p == engine.BF16, b.products[engine.BF16] > 0)

		o = finding(t)
		b = precise{o.Backend, map[engine.Precision]int{}}
		o.Backend, o.Precision = b, p
		_, err = prepared(t, o).locate(t.Context())
		require.NoError(t, err)
		require.Equal(t, p == engine.BF16, b.products[engine.BF16] > 0, "landmarks")
	}
}

// pictures counts the frames of all samples of sets, by their pixels.
func pictures(t *testing.T, sets data.Sets) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, d := range sets.All() {
		for _, item := range d.Items {
			sample, err := item.Open(t.Context(), data.OpenOptions{})
			require.NoError(t, err)
			for frame := range sample.Len() {
				f, err := sample.Read(t.Context(), []int{frame})
				require.NoError(t, err)
				count[string(f.Pix)]++
			}
		}
	}
	return count
}

// Faces drawn for tests share no picture with those drawn for training, neither at the end nor during a run.
func TestDrawnTestsShareNoPicture(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Data.DrawnTest, r.Views.Image.Decode, r.Views.Video.Decode = 14, r.Model.ImageSize, r.Model.ImageSize
	s, err := systems.Of(r)
	require.NoError(t, err)
	sets, err := TrainingSets(r, s, data.Lists{})
	require.NoError(t, err)
	learned := pictures(t, sets.Main)
	require.Greater(t, len(learned), 12+9*drawnFrames/2)
	d := modelfile.Description{Recipe: r, Labels: sets.Labels}
	after, err := DrawnTest(d)
	require.NoError(t, err)
	during, err := validationSets(options(t, r), sets.memory, d)
	require.NoError(t, err)
	for _, test := range []data.Sets{after, during} {
		require.Equal(t, []int{14, 14}, []int{len(test.Image.Items), len(test.Video.Items)})
		for picture := range pictures(t, test) {
			require.Zero(t, learned[picture])
		}
	}
}

// Samples for training have the size from which views are cropped, those for evaluation the model's; drawn videos have 20 frames.
func TestSizesOfSamples(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Data.DrawnTest = 2
	s, err := systems.Of(o.Recipe)
	require.NoError(t, err)
	check := func(sets data.Sets, frames, size int) {
		for _, d := range sets.All() {
			sample, err := d.Items[len(d.Items)-1].Open(t.Context(), data.OpenOptions{})
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{0})
			require.NoError(t, err)
			require.Equal(t, []int{data.ByModality(d.Modality, 1, frames), size, size}, []int{sample.Len(), f.H, f.W})
		}
	}
	sets, err := TrainingSets(o.Recipe, s, data.Lists{})
	require.NoError(t, err)
	check(sets.Main, 20, 18)
	d := modelfile.Description{Recipe: o.Recipe, Labels: sets.Labels}
	test, err := DrawnTest(d)
	require.NoError(t, err)
	check(test, 20, 16)
	for lists, frames := range map[data.Lists]int{{}: 20, faceList(t, 2): 90} {
		o.Validation = lists
		sets, err := validationSets(o, sets.memory, d)
		require.NoError(t, err)
		check(sets, frames, 16)
	}
}

// Listed samples have the size that the recipe decodes them to, an image its own where that is 0, whether drawn faces, which then have the
// model's, stand beside or before them.
func TestSizesOfListedSamples(t *testing.T) {
	size := func(d *data.Dataset, i int) [2]int {
		sample, err := d.Items[i].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		return [2]int{f.H, f.W}
	}
	lists := faceList(t, 2)
	for decode, want := range map[int]struct{ listed, drawn [2]int }{0: {[2]int{32, 24}, [2]int{16, 16}}, 22: {[2]int{22, 22}, [2]int{22, 22}}} {
		r := toy(t, "s4d-tiny")
		r.Views.Image.Decode, r.Views.Video.Decode, r.Data.ListRepeat = decode, 19, 3
		s, err := systems.Of(r)
		require.NoError(t, err)
		for r.Train.DrawnEpochs = range 2 {
			sets, err := TrainingSets(r, s, lists)
			require.NoError(t, err)
			faces := sets.Main // the last ones
			if r.Train.DrawnEpochs > 0 {
				faces = sets.Warm
			}
			images, videos := faces.Image, faces.Video
			require.Equal(t, want.listed, size(sets.Main.Image, 4))
			require.Equal(t, want.drawn, size(images, len(images.Items)-1))
			require.Equal(t, [2]int{19, 19}, size(sets.Main.Video, 4))
			require.Equal(t, [2]int{19, 19}, size(videos, len(videos.Items)-1))
		}
	}
}

// data.cache_mib keeps decoded frames: two images of 400 KiB fit into one MiB, none without it.
func TestCacheOfSets(t *testing.T) {
	face, err := os.ReadFile("../testdata/golden/face.png")
	require.NoError(t, err)
	for mib, kept := range []int{0, 2, 3} {
		dir := t.TempDir()
		l := data.Lists{StaticList: filepath.Join(dir, "list.txt"), StaticRoot: dir}
		require.NoError(t, os.WriteFile(l.StaticList, []byte("a.png 0\nb.png 1\nc.png 2\n"), 0o644))
		for _, name := range []string{"a", "b", "c"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), face, 0o644))
		}
		r := toy(t, "s4d-tiny")
		r.Data.CacheMiB, r.Data.DrawnImages, r.Data.DrawnVideos, r.Views.Image.Decode = mib, 0, 0, 370
		s, err := systems.Of(r)
		require.NoError(t, err)
		sets, err := TrainingSets(r, s, l)
		require.NoError(t, err)
		require.Len(t, pictures(t, sets.Main), 1)
		for _, name := range []string{"a", "b", "c"} {
			require.NoError(t, os.Remove(filepath.Join(dir, name+".png")))
		}
		for i := range 3 {
			_, err := sets.Main.Image.Items[i].Open(t.Context(), data.OpenOptions{})
			require.Equal(t, i < kept, err == nil, "image %d with %d MiB", i, mib)
		}
	}
}
