package mae

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/system"
)

func TestHiddenPatches(t *testing.T) {
	for _, c := range []struct {
		tokens int
		ratio  float64
		want   int
	}{{100, 0.9, 90}, {800, 0.95, 760}, {100, 0.29, 29}, {10, 0.25, 2}, {7, 0.999, 6}, {7, 0.1, 0}, {7, 1, 7}} {
		require.Equal(t, c.want, HiddenPatches(c.tokens, c.ratio), "%+v", c)
	}
}

func TestCheckRatio(t *testing.T) {
	require.NoError(t, CheckRatio(4, 0.25))
	require.NoError(t, CheckRatio(4, 0.99))
	require.EqualError(t, CheckRatio(4, 0.2), "a mask ratio of 0.2: of 4 patches it must hide at least one and show at least one")
	for _, ratio := range []float64{0, 1, 1.5, -0.5, math.NaN(), math.Inf(1), math.Inf(-1)} {
		require.Error(t, CheckRatio(4, ratio), "%v", ratio)
	}
}

// Each sample hides the exact number of patches; all patches, and all pairs of patches, are equally likely.
func TestRandomMask(t *testing.T) {
	const batch, tokens, hidden = 5, 9, 4 // ⌊0.5·9⌋
	rng := rand.New(rand.NewPCG(1, 2))
	var alone [tokens]float64
	var pairs [tokens][tokens]float64
	const draws = 4000
	for range draws / batch {
		m := RandomMask(batch, tokens, 0.5, rng)
		require.Equal(t, []int{batch, tokens, tokens - hidden, hidden}, []int{m.Batch, m.Tokens, m.Visible, m.Hidden})
		for s := range batch {
			of := m.hidden[s*hidden : (s+1)*hidden]
			for _, i := range of {
				require.Equal(t, s, int(i)/tokens)
				alone[i%tokens]++
				for _, j := range of {
					pairs[i%tokens][j%tokens]++
				}
			}
		}
	}
	near := func(p, count float64) {
		require.InDelta(t, p*draws, count, 5*math.Sqrt(draws*p*(1-p)))
	}
	for i := range tokens {
		near(hidden/float64(tokens), alone[i])
		for j := range i {
			near(hidden*(hidden-1)/float64(tokens*(tokens-1)), pairs[i][j])
		}
	}
	require.Panics(t, func() { RandomMask(batch, tokens, 0.1, rng) })
}

// A tube mask hides the same places at all times, ⌊0.5·9⌋ of them, all equally likely, and others in each sample.
func TestTubeMask(t *testing.T) {
	const batch, times, places, hidden = 4, 3, 9, 4
	rng := rand.New(rand.NewPCG(3, 1))
	count, different := make([]float64, places), 0
	const draws = 2000
	for range draws / batch {
		m := TubeMask(batch, times, places, 0.5, rng)
		require.Equal(t, []int{batch, times * places, times * hidden}, []int{m.Batch, m.Tokens, m.Hidden})
		for s := range batch {
			for i := range hidden {
				first := m.hidden[s*times*hidden+i]
				require.Equal(t, s, int(first)/(times*places))
				require.Less(t, int(first)%(times*places), places)
				count[int(first)%(times*places)]++
				for at := range times {
					require.Equal(t, first+int32(at*places), m.hidden[(s*times+at)*hidden+i])
				}
			}
		}
		if !slices.Equal(shift(m.hidden[:hidden], times*places), m.hidden[times*hidden:(times+1)*hidden]) {
			different++
		}
	}
	for _, n := range count {
		require.InDelta(t, draws*hidden/places, n, 110)
	}
	require.Greater(t, different, draws/batch*9/10)
}

// With train.tube_mask a video's mask has tubes, and an image's has none to have.
func TestTubesOfABatch(t *testing.T) {
	r := smallRecipe()
	r.Train.TubeMask = true
	l := System.Build(nn.NewScope(cpu.New(), engine.Float32, nn.Random{}), r).(*learner)
	draw := func(m data.Modality) *Mask {
		return l.mask(&system.Batch{Seed: 1, Modality: m, Views: make([]data.View, 3)})
	}
	for ratio, hidden := range map[float64]int{0.6: 5, 0.75: 6, 0.9: 8} { // of 9 places, at 2 times; of 18 patches, 0.75 were 13
		l.recipe.Train.VideoMask = ratio
		video := draw(data.Video)
		require.Equal(t, []int{18, 2 * hidden}, []int{video.Tokens, video.Hidden})
		require.Equal(t, shift(video.hidden[:hidden], 9), video.hidden[hidden:2*hidden])
		require.Equal(t, small.MACs(18-2*hidden, 18), l.MACs(data.Video), "of what is shown")
		require.Equal(t, small.MACs(2, 9), l.MACs(data.Image))
	}
	require.Equal(t, []int{9, 7}, []int{draw(data.Image).Tokens, draw(data.Image).Hidden})
	r.Train.VideoMask = 0.06 // hides 1 of 18 patches, but none of 9 places
	require.ErrorContains(t, System.Check(r), "train.video_mask: a mask ratio of 0.06: of 9 patches it must hide at least one")
	r.Train.TubeMask = false
	require.NoError(t, System.Check(r))
}

func shift(rows []int32, by int32) (shifted []int32) {
	for _, i := range rows {
		shifted = append(shifted, i+by)
	}
	return shifted
}

// Masks depend on the position in the run: samples, steps, epochs and seeds differ, and a repeated step gets the same mask.
func TestMasksDiffer(t *testing.T) {
	l := &learner{Model: &Model{Config: small}, recipe: goldenRecipe}
	l.Encoder = newSmall(cpu.New()).Encoder
	draw := func(m data.Modality, seed uint64, epoch, step int) *Mask {
		return l.mask(&system.Batch{Epoch: epoch, Step: step, Seed: seed, Modality: m, Views: make([]data.View, 3)})
	}
	first := draw(data.Video, 1, 0, 0)
	require.Equal(t, []int{3, 18, 9}, []int{first.Batch, first.Tokens, first.Hidden})
	require.Equal(t, first, draw(data.Video, 1, 0, 0))
	for _, other := range []*Mask{draw(data.Video, 1, 0, 1), draw(data.Video, 1, 1, 0), draw(data.Video, 2, 0, 0)} {
		require.NotEqual(t, first.hidden, other.hidden)
	}
	for s := range 2 {
		require.NotEqual(t, shift(first.hidden[s*9:(s+1)*9], 18), first.hidden[(s+1)*9:(s+2)*9], "samples")
	}
	l.recipe.Train.ImageMask = 0.9
	image := draw(data.Image, 1, 0, 0)
	require.Equal(t, []int{3, 9, 8}, []int{image.Batch, image.Tokens, image.Hidden})
	l.recipe.Train.VideoMask = 0.6 // as tubes it hides 10 of 18 patches, too
	for _, l.recipe.Train.TubeMask = range []bool{false, true} {
		for _, m := range []data.Modality{data.Image, data.Video} {
			whole := draw(m, 1, 0, 0)
			part := l.mask(&system.Batch{Seed: 1, Modality: m, First: 1, Views: make([]data.View, 2)})
			require.Equal(t, shift(whole.hidden[whole.Hidden:], int32(-whole.Tokens)), part.hidden, "a part of a batch has the masks of the whole")
			require.Equal(t, 2*whole.Hidden, len(part.hidden))
		}
	}
}

func TestNewMask(t *testing.T) {
	m := NewMask(2, 3, []float32{0, 1, 0, 1, 0, 0})
	require.Equal(t, &Mask{Batch: 2, Tokens: 3, Visible: 2, Hidden: 1, visible: []int32{0, 2, 4, 5}, hidden: []int32{1, 3}}, m)
	for _, wrong := range [][]float32{
		{0, 1, 0, 1, 1, 0}, {1, 0, 1, 0, 1, 0}, {0, 1, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, {1, 1, 1, 0, 0, 0},
		{0, 1, 0}, {0, 1, 0, 1, 0, 0, 1, 0, 0}, {1, 0, 1, 1, 0}, {1, 1, 1, 0, 0, 1}, nil,
	} {
		require.Panics(t, func() { NewMask(2, 3, wrong) }, "%v", wrong)
	}
	require.PanicsWithError(t, (&engine.ShapeError{Op: "mask", Got: "5 patches shown and 1 hidden",
		Want: "2 samples that hide the same number of their 3 patches, at least one, and show at least one"}).Error(),
		func() { NewMask(2, 3, []float32{0, 0, 0, 0, 1, 0}) })
	require.Panics(t, func() { NewMask(0, 3, nil) })
}

// The uploaded indices: each row of a batch is visible or hidden, and the inverse leads back to it.
func TestPlaces(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	m := RandomMask(3, 10, 0.7, rand.New(rand.NewPCG(1, 1)))
	at := m.on(tape)
	read := func(x *engine.Tensor, shape ...int) []int32 {
		require.Equal(t, shape, x.Shape())
		v, err := engine.Read[int32](x)
		require.NoError(t, err)
		return v
	}
	visible, hidden, order := read(at.visible.From, 9, 1), read(at.hidden.From, 21, 1), read(at.order.From, 9, 1)
	toVisible, toHidden := read(at.visible.Back, 30, 1), read(at.hidden.Back, 30, 1)
	require.Nil(t, at.order.Back)
	for row := range int32(30) {
		v, h := slices.Index(visible, row), slices.Index(hidden, row)
		require.Equal(t, []int32{int32(v), int32(h)}, []int32{toVisible[row], toHidden[row]})
		require.True(t, v < 0 != (h < 0), "row %d is visible or hidden", row)
	}
	require.True(t, slices.IsSorted(visible) && slices.IsSorted(hidden), "in the order of the patches")
	for i, p := range order {
		require.Equal(t, visible[i]%10, p)
	}
}

// A mask of another batch size or token count would compare patches of different samples.
func TestForwardRefusesOtherMasks(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	for _, mask := range []*Mask{
		RandomMask(3, 9, 0.5, rand.New(rand.NewPCG(1, 1))), RandomMask(2, 18, 0.5, rand.New(rand.NewPCG(1, 1))),
	} {
		tape := ag.NewTape(b)
		pixels := tape.Const(engine.FromSlice(b, engine.Uint8, make([]uint8, 3*8*15*15*3), 3, 8, 15, 15, 3))
		require.PanicsWithError(t, (&engine.ShapeError{Op: "mae mask", Got: [2]int{mask.Batch, mask.Tokens}, Want: [2]int{3, 18}}).Error(),
			func() { m.Forward(pixels, mask) })
	}
}
