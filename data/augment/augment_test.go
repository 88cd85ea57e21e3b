package augment

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// noise is a video of random pixels.
func noise(t, h, w int) *data.Frames {
	f := data.NewFrames(t, h, w)
	rng := newRand(7)
	for i := range f.Pix {
		f.Pix[i] = uint8(rng.Uint32())
	}
	return f
}

var (
	crop    = ResizedCrop{Size: 8, Area: Range{0.3, 0.9}, Ratio: Range{3.0 / 4, 4.0 / 3}, Interpolation: Bilinear}
	jitter  = Jitter{Brightness: 0.2, Contrast: 0.3, Saturation: 0.4}
	erase   = Erase{Probability: 0.7, Area: Range{0.1, 0.4}, Ratio: Range{0.3, 3}, Fill: Zero}
	random  = RandAugment{Operations: 3, Probability: 0.8, Magnitude: 7, Deviation: 2, Increasing: true, Interpolations: []Interpolation{Bilinear, Bicubic}}
	noisy   = Erase{Probability: 0.7, Area: Range{0.1, 0.4}, Ratio: Range{0.3, 3}, Fill: Noise}
	onBytes = Steps{Box{Top: 1, Left: 2, Height: 17, Width: 25}, Resize{Size: 18, Interpolation: Bicubic}, random, crop, Flip(0.5), erase}
	all     = append(onBytes[:len(onBytes):len(onBytes)], jitter, noisy)
)

// Views are bytes until a step makes floats, whatever is drawn: those of a batch are alike.
func TestViewsAreBytesOrFloats(t *testing.T) {
	for seed := range uint64(20) {
		v := onBytes.View(noise(2, 20, 30), newRand(seed))
		require.Equal(t, data.View{T: 2, H: 8, W: 8, Bytes: v.Bytes}, v)
		require.Len(t, v.Bytes, 2*8*8*3)
		for _, last := range []Step{jitter, noisy, ResizedCrop{Size: 5, Area: Range{1, 1}, Ratio: Range{1, 1}, Interpolation: TensorBilinear}} {
			v := append(onBytes[:len(onBytes):len(onBytes)], last).View(noise(2, 20, 30), newRand(seed))
			require.Equal(t, data.View{T: 2, H: v.H, W: v.H, Floats: v.Floats}, v)
			require.Len(t, v.Floats, 3*2*v.H*v.H)
		}
	}
}

// Without steps a view is the frames themselves, and nothing is drawn.
func TestNoSteps(t *testing.T) {
	f := noise(2, 3, 4)
	require.Equal(t, f.View(), Steps{}.View(f, nil))
}

// Each step draws from the stream in its turn, and no more than it draws.
func TestStepsDrawInOrder(t *testing.T) {
	for seed := range uint64(10) {
		rng, want := newRand(seed), noise(2, 20, 30).View()
		for _, step := range all {
			want = step.Draw(want.T, want.H, want.W, rng).Apply(want)
		}
		got := newRand(seed)
		require.Equal(t, want, all.View(noise(2, 20, 30), got))
		require.Equal(t, rng.Uint64(), got.Uint64())
		require.NotEqual(t, want, all.View(noise(2, 20, 30), newRand(seed+1)))
	}
}

// Both frames of a still video stay equal but for noise: everything else is drawn once for a video.
func TestFramesAreTreatedAlike(t *testing.T) {
	for seed := range uint64(20) {
		still := data.NewFrames(2, 20, 30)
		copy(still.Frame(0), noise(1, 20, 30).Pix)
		copy(still.Frame(1), still.Frame(0))
		x := append(onBytes[:len(onBytes):len(onBytes)], jitter).View(still, newRand(seed)).Floats
		for c := range 3 {
			require.Equal(t, x[c*128:c*128+64], x[c*128+64:c*128+128])
		}
	}
}

func TestFlip(t *testing.T) {
	plain, flips := noise(2, 3, 5).View(), 0
	for seed := range uint64(200) {
		d := Flip(0.25).Draw(2, 3, 5, newRand(seed))
		if d == (Mirror{}) {
			flips++
		} else {
			require.Equal(t, plain, d.Apply(noise(2, 3, 5).View()))
		}
	}
	require.InDelta(t, 50, flips, 25)
	bytes, planes := Mirror{}.Apply(noise(2, 3, 5).View()), Mirror{}.Apply(floats(noise(2, 3, 5).View()))
	for row := range 2 * 3 {
		for x := range 5 {
			require.Equal(t, plain.Bytes[(row*5+x)*3:][:3], bytes.Bytes[(row*5+4-x)*3:][:3])
		}
	}
	require.Equal(t, bytes.Planar(), planes.Floats)
}

// The jitters against their definitions.
func TestJitter(t *testing.T) {
	x := noise(2, 6, 3).View().Planar() // 36 pixels
	luma := func(i int) float64 {
		return 0.299*float64(x[i]) + 0.587*float64(x[36+i]) + 0.114*float64(x[72+i])
	}
	mean := 0.0
	for i := range 36 {
		mean += luma(i) / 36
	}
	for k := 0.5; k < 1.6; k += 0.3 {
		for change, want := range map[Jittered]func(v float64, i int) float64{
			{float32(k), 1, 1}: func(v float64, _ int) float64 { return k * v },
			{1, float32(k), 1}: func(v float64, _ int) float64 { return mean + k*(v-mean) },
			{1, 1, float32(k)}: func(v float64, i int) float64 { return luma(i) + k*(v-luma(i)) },
		} {
			got := change.Apply(noise(2, 6, 3).View()).Floats
			for i, v := range x {
				require.InDelta(t, math.Min(math.Max(want(float64(v), i%36), 0), 1), got[i], 1e-6)
			}
		}
	}
	rng := newRand(3)
	least, most := Jittered{2, 2, 2}, Jittered{}
	for range 500 {
		d := Jitter{Brightness: 0.2, Saturation: 0.4}.Draw(1, 1, 1, rng).(Jittered)
		require.Equal(t, float32(1), d.Contrast)
		least.Brightness, most.Brightness = min(least.Brightness, d.Brightness), max(most.Brightness, d.Brightness)
		least.Saturation, most.Saturation = min(least.Saturation, d.Saturation), max(most.Saturation, d.Saturation)
	}
	require.InDeltaSlice(t, []float32{0.8, 1.2, 0.6, 1.4}, []float32{least.Brightness, most.Brightness, least.Saturation, most.Saturation}, 0.01)
}

// Follow makes the view that View makes, and tells of each change the size that it works on, before it is made.
func TestFollow(t *testing.T) {
	steps := Steps{Crop{Size: 20}, ResizedCrop{Size: 12, Area: Range{0.5, 1}, Ratio: Range{0.8, 1.2}, Interpolation: Bilinear}, Flip(1)}
	f := data.NewFrames(2, 24, 30)
	for i := range f.Pix {
		f.Pix[i] = uint8(i * 7)
	}
	var sizes [][2]int
	var changes []Change
	got := steps.Follow(f.Clone(), data.Stream(4, "view"), func(c Change, h, w int) {
		changes, sizes = append(changes, c), append(sizes, [2]int{h, w})
	})
	require.Equal(t, steps.View(f.Clone(), data.Stream(4, "view")), got)
	require.Equal(t, [][2]int{{24, 30}, {20, 20}, {12, 12}}, sizes)
	require.IsType(t, Cut{}, changes[0])
	require.IsType(t, Resized{}, changes[1])
	require.Equal(t, Mirror{}, changes[2])
}
