package autograd_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestDropout keeps the mean: what stays is x/(1 − p), and that is a share of 1 − p.
func TestDropout(t *testing.T) {
	const n, p = 10000, 0.2
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x := tape.Const(engine.FromSlice(b, engine.Float32, repeat(3, n), n/10, 10))
	y := read(t, ag.Dropout(x, p, &engine.Key{Seed: 1, Stream: 2}).Data())
	require.Equal(t, y, read(t, ag.Dropout(x, p, &engine.Key{Seed: 1, Stream: 2}).Data()), "the key decides")
	require.NotEqual(t, y, read(t, ag.Dropout(x, p, &engine.Key{Seed: 1, Stream: 3}).Data()))
	require.NotEqual(t, y, read(t, ag.Dropout(x, p, &engine.Key{Seed: 2, Stream: 2}).Data()))
	kept := 0
	for _, v := range y {
		if v != 0 {
			require.InDelta(t, 3/(1-p), v, 1e-6)
			kept++
		}
	}
	require.InDelta(t, (1-p)*n, kept, 5*math.Sqrt(n*p*(1-p)))
	require.Same(t, x, ag.Dropout(x, p, nil))
	require.Same(t, x, ag.Dropout(x, 0, &engine.Key{Seed: 1, Stream: 2}))
}

// The mean of all elements, and along each axis.
func TestMeans(t *testing.T) {
	tape := ag.NewInferenceTape(cpu.New(), engine.Full)
	defer tape.Close()
	x := tape.Const(engine.FromSlice(tape.Backend(), engine.Float64, []float64{1, 2, 3, 5, 8, 17}, 2, 3))
	require.Equal(t, []float64{6}, read(t, ag.Mean(x).Data()))
	require.Equal(t, []float64{3, 5, 10}, read(t, ag.MeanAxis(x, 0).Data()))
	require.Equal(t, []float64{2, 10}, read(t, ag.MeanAxis(x, 1).Data()))
}

// An expert has room for the capacity in each group of tokens, and in all of them if there is one group.
func TestRouteGroups(t *testing.T) {
	for groups, want := range map[int][]float64{1: {1, 1, 0, 0, 0, 0}, 2: {1, 1, 0, 1, 1, 0}, 3: {1, 1, 1, 1, 1, 1}} {
		tape := ag.NewInferenceTape(cpu.New(), engine.Full)
		scores := tape.Const(engine.FromSlice(tape.Backend(), engine.Float64, []float64{3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}, 6, 2))
		r := ag.RouteGroups(scores, 1, 2, groups, ag.ByToken)
		require.Equal(t, want, read(t, r.Keep.Data()), "%d groups", groups)
		tape.Close()
	}
}

// Patches of bytes and of the floats that they stand for are the same, and all memory of their gradient comes back.
func TestPatchesOfBytesAndFloats(t *testing.T) {
	const batch, frames, h, w = 2, 4, 4, 6
	b := cpu.New()
	bytes, floats := make([]uint8, batch*frames*h*w*3), make([]float32, batch*3*frames*h*w)
	for i := range bytes {
		bytes[i] = uint8(37 * i)
		sample, place, c := i/(frames*h*w*3), i/3%(frames*h*w), i%3
		floats[(sample*3+c)*frames*h*w+place] = float32(bytes[i]) / 255
	}
	args := engine.PatchifyArgs{Tubelet: 2, Patch: 2, Mean: [3]float32{0.1, 0.2, 0.3}, Std: [3]float32{0.5, 0.25, 2}}
	tape := ag.NewTape(b)
	ofBytes := ag.Patchify(tape.Const(engine.FromSlice(b, engine.Uint8, bytes, batch, frames, h, w, 3)), engine.Float32, args)
	pixels := tape.Input(engine.FromSlice(b, engine.Float32, floats, batch, 3, frames, h, w))
	ofFloats := ag.Patchify(pixels, engine.Float32, args)
	require.Equal(t, []int{batch, 2 * 2 * 3, 3 * 2 * 2 * 2}, ofBytes.Shape())
	require.Equal(t, ofBytes.Shape(), ofFloats.Shape())
	require.InDeltaSlice(t, read(t, ofBytes.Data()), read(t, ofFloats.Data()), 1e-6)
	tape.Backward(ag.Sum(ofFloats))
	for i, g := range read(t, pixels.Grad()) {
		require.InDelta(t, 1/args.Std[i/(frames*h*w)%3], g, 1e-6)
	}
	pixels.ZeroGrad()
	tape.Close()
	require.Zero(t, b.Stats().LiveBytes)
}

// TestDropPath drops whole samples.
func TestDropPath(t *testing.T) {
	const samples, p = 1000, 0.5
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x := tape.Const(engine.FromSlice(b, engine.Float64, repeat(1, samples*6), samples, 2, 3))
	y := read(t, ag.DropPath(x, p, &engine.Key{Seed: 1, Stream: 2}).Data())
	kept := 0
	for i := range samples {
		sample := y[6*i : 6*i+6]
		require.True(t, sample[0] == 0 || sample[0] == 1/(1-p))
		require.Equal(t, repeat(sample[0], 6), sample)
		if sample[0] != 0 {
			kept++
		}
	}
	require.InDelta(t, (1-p)*samples, kept, 5*math.Sqrt(samples*p*(1-p)))
	require.Same(t, x, ag.DropPath(x, p, nil))
}

// TestNormal draws the numbers of a key, as a constant.
func TestNormal(t *testing.T) {
	key := engine.Key{Seed: 7, Stream: 8}
	for _, dtype := range dtypes {
		b := cpu.New()
		tape := ag.NewTape(b)
		x := tape.Normal(dtype, key, 2, 3)
		require.Equal(t, []int{2, 3}, x.Shape())
		require.Equal(t, dtype, x.Data().DType())
		require.False(t, x.NeedsGrad())
		first, second := key.Block(0), key.Block(1)
		for i, v := range read(t, x.Data()) {
			require.Equal(t, float64(engine.Normal(append(first[:], second[:]...)[i])), v)
		}
		tape.Close()
		require.Zero(t, b.Stats().LiveBytes)
	}
}

// TestRows turns a list of rows into both directions, and gathers along them.
func TestRows(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	ints := func(x *engine.Tensor) []int32 {
		v, err := engine.Read[int32](x)
		require.NoError(t, err)
		return v
	}
	r := tape.Rows([]int32{2, 0, 2, 3, 2}, 5)
	require.Equal(t, []int{5, 1}, r.From.Shape())
	require.Equal(t, []int32{2, 0, 2, 3, 2}, ints(r.From))
	require.Equal(t, []int{5, 3}, r.Back.Shape())
	require.Equal(t, []int32{1, -1, -1, -1, -1, -1, 0, 2, 4, 3, -1, -1, -1, -1, -1}, ints(r.Back))
	require.Equal(t, ag.Rows{From: r.Back, Back: r.From}, r.Transposed())

	x := tape.Const(engine.FromSlice(b, engine.Float64, []float64{1, 10, 2, 20, 4, 40, 8, 80, 16, 160}, 5, 2))
	require.Equal(t, []float64{4, 40, 1, 10, 4, 40, 8, 80, 4, 40}, read(t, ag.Gather(x, r).Data()))
	require.Equal(t, []float64{2, 20, 0, 0, 1 + 4 + 16, 10 + 40 + 160, 8, 80, 0, 0}, read(t, ag.Gather(x, r.Transposed()).Data()))
}

// TestMixture compares routing, dispatch, gates, capacity and combine with S4D's equations 6 and 7 in plain loops.
func TestMixture(t *testing.T) {
	const tokens, experts, width = 7, 4, 3
	for _, k := range []int{1, 2, 4} {
		for _, capacity := range []int{0, 1, 3} {
			b := cpu.New()
			tape := ag.NewInferenceTape(b, engine.Full)
			x, scores := tape.Const(fill(b, engine.Float64, tokens, width)), tape.Const(fill(b, engine.Float64, tokens, experts))
			var weights, biases []*ag.Value
			for e := range experts { // expert e multiplies by e + 1 and adds e
				w := make([]float64, width*width)
				for i := range width {
					w[i*width+i] = float64(e + 1)
				}
				weights = append(weights, tape.Const(engine.FromSlice(b, engine.Float64, w, width, width)))
				biases = append(biases, tape.Const(engine.FromSlice(b, engine.Float64, repeat(float64(e), width), width)))
			}
			r := ag.Route(scores, k, capacity, ag.ByToken)
			slots := ag.GroupedLinear(ag.Dispatch(x, r), weights, biases, r)
			got := read(t, ag.Combine(slots, ag.Gates(scores, r), r).Data())
			want := mixtureByHand(read(t, x.Data()), read(t, scores.Data()), tokens, experts, width, k, capacity)
			require.Len(t, got, len(want))
			require.InDeltaSlice(t, want, got, 1e-12, "k %d, capacity %d", k, capacity)
			tape.Close()
			require.Zero(t, b.Stats().LiveBytes)
		}
	}
}

func mixtureByHand(x, scores []float64, tokens, experts, width, k, capacity int) []float64 {
	y, load := make([]float64, len(x)), make([]int, experts)
	for i := range tokens {
		s := scores[i*experts : (i+1)*experts]
		order := make([]int, experts)
		for e := range order {
			order[e] = e
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, s[b]-s[a])) })
		total := 0.0
		for _, e := range order[:k] {
			total += math.Exp(s[e])
		}
		for _, e := range order[:k] {
			load[e]++
			if capacity > 0 && load[e] > capacity {
				continue
			}
			for c := range width {
				y[i*width+c] += math.Exp(s[e]) / total * (x[i*width+c]*float64(e+1) + float64(e))
			}
		}
	}
	return y
}

// TestPriority counts which choices two experts of four keep, with room for three: all tokens choose expert 2 and one more, whose
// numbers are the places of the scores 5 and below.
func TestPriority(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	scores := tape.Const(engine.FromSlice(b, engine.Float64, []float64{
		0, 5, 9, 1, // 2, then 1
		0, 6, 5, 1, // 1, then 2
		0, 7, 4, 1, // 1, then 2
		0, 2, 8, 1, // 2, then 1
		0, 5, 7, 1, // 2, then 1
		0, 4, 9, 1, // 2, then 1
	}, 6, 4))
	for p, want := range map[ag.Priority][]float64{ // a row for each token, its first choice and its second
		ag.ByToken:  {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0},
		ag.ByChoice: {1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0},
		ag.ByScore:  {1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0},
	} {
		r := ag.Route(scores, 2, 3, p)
		keep := ag.Gather(r.Keep, r.Order.Transposed()) // from slots to choices
		require.Equal(t, want, read(t, keep.Data()), "priority %d", p)
		all := ag.Route(scores, 2, 0, p)
		require.Equal(t, repeat(1, 12), read(t, all.Keep.Data()), "priority %d without a capacity", p)
	}
	values := tape.Const(engine.FromSlice(b, engine.Float64, []float64{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4))
	two := ag.Route(tape.Const(engine.FromSlice(b, engine.Float64, []float64{0, 3, 1, 2, 9, 0, 0, 1}, 2, 4)), 3, 0, ag.ByToken)
	require.Equal(t, []float64{2, 4, 3, 5, 8, 6}, read(t, ag.Chosen(values, two).Data()))
}

// TestLosses are worked out by hand.
func TestLosses(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	constant := func(shape []int, v ...float64) *ag.Value {
		return tape.Const(engine.FromSlice(b, engine.Float64, v, shape...))
	}
	logits := constant([]int{2, 2}, 0, math.Log(3), 5, 5) // probabilities ¼ ¾ and ½ ½
	target := constant([]int{2, 2}, 0.5, 0.5, 0, 1)
	want := (0.5*math.Log(4) + 0.5*math.Log(4.0/3) + math.Log(2)) / 2
	require.InDelta(t, want, read(t, ag.CrossEntropy(logits, target).Data())[0], 1e-15)

	pred, truth := constant([]int{3, 2}, 1, 2, 3, 4, 5, 6), constant([]int{3, 2}, 0, 0, 3, 5, 9, 6)
	require.InDelta(t, (1+4+0+1+16+0)/6.0, read(t, ag.MSE(pred, truth).Data())[0], 1e-15)
}

// TestPReLUAtZero has a slope for what is below 0, and for 0 itself, as PyTorch has.
func TestPReLUAtZero(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(engine.FromSlice(b, engine.Float64, []float64{-2, 3, 0, 0, 5, -7}, 3, 2))
	slope := tape.Input(engine.FromSlice(b, engine.Float64, []float64{0.25, 0.5}, 2))
	y := ag.PReLU(x, slope)
	require.Equal(t, []float64{-0.5, 3, 0, 0, 5, -3.5}, read(t, y.Data()))
	tape.Backward(ag.Sum(y))
	require.Equal(t, []float64{0.25, 1, 0.25, 0.5, 1, 0.5}, read(t, x.Grad()))
	require.Equal(t, []float64{-2, -7}, read(t, slope.Grad()))
}
