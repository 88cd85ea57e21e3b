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

func newSmall(b engine.Backend) *Model {
	return New(nn.NewScope(b, engine.Float32, nn.Random{Seed: 1}), small)
}

// views returns random bytes of small's size.
func views(n, frames int) (all []data.View) {
	rng := rand.New(rand.NewPCG(7, uint64(frames)))
	for range n {
		v := data.View{T: frames, H: 15, W: 15, Bytes: make([]uint8, frames*15*15*3)}
		for i := range v.Bytes {
			v.Bytes[i] = uint8(rng.Uint32() >> (i % 3)) // the channels differ in their spread
		}
		all = append(all, v)
	}
	return all
}

// wantTarget is the target of patch n of a view by its definition: (v − mean)/√(unbiased variance + 1e-6) within a patch and channel,
// in the order time, row, column, channel. The frame of an image fills its tubelet.
func wantTarget(v data.View, n int) []float64 {
	want := make([]float64, 300)
	for ch := range 3 {
		var values []float64
		for i := range 100 {
			t, y, x := n/9*4+i/25, n/3%3*5+i/5%5, n%3*5+i%5
			values = append(values, float64(v.Bytes[((min(t, v.T-1)*15+y)*15+x)*3+ch])/255)
		}
		mean, squares := 0.0, 0.0
		for _, x := range values {
			mean += x / 100
		}
		for _, x := range values {
			squares += (x - mean) * (x - mean)
		}
		for i, x := range values {
			want[i*3+ch] = (x - mean) / math.Sqrt(squares/99+1e-6)
		}
	}
	return want
}

// Targets are normalised patch by patch and channel by channel, with the unbiased variance, from bytes and from floats.
func TestTarget(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	for frames, tokens := range map[int]int{1: 9, 8: 18} {
		batch := &system.Batch{Views: views(2, frames)}
		mask := RandomMask(2, tokens, 0.6, rand.New(rand.NewPCG(3, 3)))
		read := func() []float64 {
			tape := ag.NewTape(b)
			defer tape.Close()
			out := m.Forward(batch.Pixels(tape), mask)
			require.Equal(t, []int{2 * mask.Hidden, 300}, out.Target.Shape())
			values, err := engine.Read[float64](out.Target.Data())
			require.NoError(t, err)
			return values
		}
		values := read()
		for i, row := range mask.hidden {
			want := wantTarget(batch.Views[int(row)/tokens], int(row)%tokens)
			require.InDeltaSlice(t, want, values[i*300:(i+1)*300], 1e-5, "hidden patch %d", row)
		}
		for i, v := range batch.Views {
			batch.Views[i] = data.View{T: v.T, H: v.H, W: v.W, Floats: v.Planar()}
		}
		require.InDeltaSlice(t, values, read(), 1e-5)
	}
}

// A flat patch has no variance: its target is 0, not a rounding artefact of 0/0. In a nearly flat one, eps outweighs the
// variance.
func TestTargetOfFlatPatches(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	for _, step := range []uint8{0, 1} {
		v := data.View{T: 1, H: 15, W: 15, Bytes: make([]uint8, 15*15*3)}
		for i := range v.Bytes {
			v.Bytes[i] = 77
		}
		for n := range 9 {
			for ch := range 3 {
				v.Bytes[((n/3*5+ch)*15+n%3*5+1)*3+ch] += step // one pixel of each patch and channel
			}
		}
		mask := RandomMask(1, 9, 0.5, rand.New(rand.NewPCG(3, 3)))
		tape := ag.NewTape(b)
		values, err := engine.Read[float64](m.Forward((&system.Batch{Views: []data.View{v}}).Pixels(tape), mask).Target.Data())
		require.NoError(t, err)
		for i, row := range mask.hidden {
			require.InDeltaSlice(t, wantTarget(v, int(row)), values[i*300:(i+1)*300], 1e-3)
		}
	}
}

// The loss is the mean over the hidden patches and all their values.
func TestLoss(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	out := newSmall(b).Forward((&system.Batch{Views: views(2, 8)}).Pixels(tape), RandomMask(2, 18, 0.6, rand.New(rand.NewPCG(3, 3))))
	pred, err := engine.Read[float64](out.Pred.Data())
	require.NoError(t, err)
	target, err := engine.Read[float64](out.Target.Data())
	require.NoError(t, err)
	sum := 0.0
	for i := range pred {
		sum += (pred[i] - target[i]) * (pred[i] - target[i])
	}
	loss, err := engine.Read[float64](out.Loss.Data())
	require.NoError(t, err)
	require.InEpsilon(t, sum/float64(2*10*300), loss[0], 1e-5)
}

// A perfect prediction paints the original, a prediction of zeros the mean of each patch and channel; hidden patches are grey.
func TestPaint(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	for frames, tokens := range map[int]int{1: 9, 8: 18} {
		batch := &system.Batch{Views: views(1, frames)}
		mask := RandomMask(1, tokens, 0.6, rand.New(rand.NewPCG(5, 5)))
		tape := ag.NewTape(b)
		perfect, err := engine.Read[float32](m.Forward(batch.Pixels(tape), mask).Target.Data())
		require.NoError(t, err)
		tape.Close()
		pixels := batch.Views[0].Planar()
		masked, painted := m.Paint(pixels, perfect, mask, frames)
		require.InDeltaSlice(t, pixels, painted, 1e-6)

		_, flat := m.Paint(pixels, make([]float32, len(perfect)), mask, frames)
		hidden := map[int]bool{}
		for _, i := range mask.hidden {
			hidden[int(i)] = true
		}
		for i, v := range pixels {
			ch, f, y, x := i/(frames*225), i/225%frames, i/15%15, i%15
			n := f/4*9 + y/5*3 + x/5
			if !hidden[n] {
				require.Equal(t, []float32{v, v}, []float32{masked[i], flat[i]})
				continue
			}
			require.Equal(t, data.Mean[ch], masked[i])
			require.InDelta(t, meanOf(batch.Views[0], n, ch), flat[i], 1e-6)
		}
	}
}

// The predictions of a batch begin with those of its first sample, the one that is painted. A flat patch has the deviation √1e-6.
func TestPaintOfABatch(t *testing.T) {
	m := newSmall(cpu.New())
	mask := RandomMask(2, 9, 0.6, rand.New(rand.NewPCG(5, 5)))
	pred := make([]float32, 2*mask.Hidden*300)
	for i := range pred {
		pred[i] = float32(i) / 10
	}
	flat := slices.Repeat([]float32{0.25}, 3*15*15)
	masked, painted := m.Paint(flat, pred, mask, 1)
	want := slices.Clone(flat)
	for i, n := range mask.hidden[:mask.Hidden] {
		for j := range 25 { // of the last frame of the tubelet, which is painted over the others
			for ch := range 3 {
				at := ch*225 + (int(n)/3*5+j/5)*15 + int(n)%3*5 + j%5
				want[at] = 0.25 + 0.001*pred[i*300+(75+j)*3+ch]
				require.Equal(t, data.Mean[ch], masked[at])
			}
		}
	}
	require.Len(t, painted, len(want))
	require.InDeltaSlice(t, want, painted, 1e-6)
}

// meanOf is the mean of one channel of a patch.
func meanOf(v data.View, n, ch int) (mean float64) {
	for i := range 100 {
		t, y, x := n/9*4+i/25, n/3%3*5+i/5%5, n%3*5+i%5
		mean += float64(v.Bytes[((min(t, v.T-1)*15+y)*15+x)*3+ch]) / 255 / 100
	}
	return mean
}

// Joint targets are normalised over all 300 values of a patch together, and a perfect prediction still paints the original.
func TestJointTarget(t *testing.T) {
	b := cpu.New()
	c := small
	c.JointTarget = true
	m := New(nn.NewScope(b, engine.Float32, nn.Random{Seed: 1}), c)
	for frames, tokens := range map[int]int{1: 9, 8: 18} {
		view := views(1, frames)[0]
		mask := RandomMask(1, tokens, 0.6, rand.New(rand.NewPCG(5, 5)))
		tape := ag.NewTape(b)
		target, err := engine.Read[float32](m.Forward((&system.Batch{Views: []data.View{view}}).Pixels(tape), mask).Target.Data())
		require.NoError(t, err)
		tape.Close()
		for i, row := range mask.hidden {
			n, mean, squares := int(row), 0.0, 0.0
			for ch := range 3 {
				mean += meanOf(view, n, ch) / 3
			}
			value := func(j int) float64 { // in the order time, row, column, channel
				f, y, x := n/9*4+j/75, n/3%3*5+j/15%5, n%3*5+j/3%5
				return float64(view.Bytes[((min(f, view.T-1)*15+y)*15+x)*3+j%3]) / 255
			}
			for j := range 300 {
				squares += (value(j) - mean) * (value(j) - mean)
			}
			for j := range 300 {
				require.InDelta(t, (value(j)-mean)/math.Sqrt(squares/299+1e-6), target[i*300+j], 1e-5)
			}
		}
		_, painted := m.Paint(view.Planar(), target, mask, frames)
		require.InDeltaSlice(t, view.Planar(), painted, 1e-6)
	}
}
