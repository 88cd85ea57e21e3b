package mobilefacenet

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
)

// drawnPixels are bytes [batch, frames, side, side, 3].
func drawnPixels(b engine.Backend, seed uint64, batch, frames, side int) *engine.Tensor {
	rng, values := rand.New(rand.NewPCG(seed, 0)), make([]uint8, batch*frames*side*side*3)
	for i := range values {
		values[i] = uint8(rng.Uint32())
	}
	return engine.FromSlice(b, engine.Uint8, values, batch, frames, side, side, 3)
}

// learned makes a learner whose batch norms have seen some batches, and none of whose parameters is what it began as. It returns its file.
func learned(t *testing.T, b engine.Backend, width, from, side int) (*Learner, file) {
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 3})
	l, own := NewLearner(scope, width, from, side), file{}
	rng := rand.New(rand.NewPCG(5, 0))
	for _, p := range scope.Params() {
		if len(p.Shape()) == 1 && p.NeedsGrad() {
			values, err := engine.Read[float32](p.Data())
			require.NoError(t, err)
			for i := range values {
				values[i] += rng.Float32()/2 - 0.25
			}
			engine.Write(p.Data(), values)
		}
	}
	for seed := range uint64(3) {
		tape := ag.NewTape(b)
		l.Train(tape.Const(drawnPixels(b, seed, 3, 2, from)))
		l.Update()
		tape.Close()
	}
	for _, p := range scope.Params() {
		values, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		own[p.Name] = tensor{p.Shape(), values}
	}
	return l, own
}

// The frozen network in the file of a learner finds what the learner finds by running statistics: batch norms that are folded are those that
// are layers.
func TestFoldedIsEvaluated(t *testing.T) {
	const width, from, side = 3, 40, 48
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		l, own := learned(t, b, width, from, side)
		require.Equal(t, width, WidthOf(own))
		source, done, err := Source(own)
		require.NoError(t, err)
		scope := nn.NewScope(b, engine.Float32, source)
		images, net := NewFrames(scope, from, side), New(scope, width, side)
		require.NoError(t, scope.Err())
		require.NoError(t, done(), "every tensor is used")
		require.Less(t, len(scope.Params()), len(own))
		for _, p := range scope.Params() {
			require.False(t, p.NeedsGrad(), p.Name)
		}
		tape := ag.NewTape(b)
		defer tape.Close()
		pixels := tape.Const(drawnPixels(b, 9, 2, 3, from))
		features := net.Features(images.Forward(pixels))
		require.Equal(t, []int{6, 6, 6, 6}, features.Shape())
		requireClose(t, l.net.features(l.images.Forward(pixels), inference), features)
		points := net.Landmarks(features)
		require.Equal(t, []int{6, Points, 2}, points.Shape())
		requireClose(t, l.Landmarks(pixels), points)
	})
}

// requireClose requires two values to agree to 10⁻⁵ of the largest, and not to be nothing.
func requireClose(t *testing.T, want, got *ag.Value) {
	t.Helper()
	a, err := engine.Read[float64](want.Data())
	require.NoError(t, err)
	b, err := engine.Read[float64](got.Data())
	require.NoError(t, err)
	largest := max(slices.Max(a), -slices.Min(a))
	require.Greater(t, largest, 0.1)
	require.InDeltaSlice(t, a, b, 1e-5*largest)
}

// In training a batch is normalised by itself, and elsewhere what is found in a frame depends on nothing else. Statistics move by a tenth.
func TestStatistics(t *testing.T) {
	b := cpu.New()
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 3})
	l := NewLearner(scope, 2, 32, 16)
	tape := ag.NewTape(b)
	defer tape.Close()
	two := drawnPixels(b, 1, 2, 1, 32)
	one := tape.Const(two.Range(1, 2))
	values := func(v *ag.Value) []float32 {
		values, err := engine.Read[float32](v.Data())
		require.NoError(t, err)
		return values
	}
	alone, first := values(l.Landmarks(one)), values(l.norms[0].Mean)
	require.Equal(t, []float32{0, 0}, first)
	require.NotEqual(t, values(l.Train(one)), values(l.Train(tape.Const(two.Retain())))[2*Points:])
	require.Equal(t, alone, values(l.Landmarks(tape.Const(two.Retain())))[2*Points:])
	require.Equal(t, first, values(l.norms[0].Mean), "nothing moves before the step is done")
	l.Update()
	convolved := values(ag.MeanAxis(ag.Reshape(l.net.stem[0].Forward(ag.Reshape(l.images.Forward(tape.Const(two.Retain())), 2, 1, 16, 16, 3)), 2*8*8, 2), 0))
	for i, mean := range values(l.norms[0].Mean) {
		require.InDelta(t, 0.1*convolved[i], mean, 1e-6)
	}
	require.Len(t, l.norms, 2+3*(1+4+1+6+1+2)+2)
	for _, n := range l.norms {
		require.NotEqual(t, make([]float32, n.Mean.Dim(0)), values(n.Mean))
	}
}

// Gradients of the whole network are those of differences, along a random direction in all parameters. Slopes of 1 take the kinks out of PReLU.
func TestGradients(t *testing.T) {
	const step = 1e-6
	b := cpu.New()
	scope := nn.NewScope(b, engine.Float64, nn.Random{Seed: 8})
	l := NewLearner(scope, 1, 24, 16)
	rng := rand.New(rand.NewPCG(6, 0))
	params, directions := []nn.Param{}, [][]float64{}
	for _, p := range scope.Params() {
		if strings.HasSuffix(p.Name, ".slope") {
			engine.Write(p.Data(), slices.Repeat([]float64{1}, p.Data().Len()))
		} else if p.NeedsGrad() {
			direction := make([]float64, p.Data().Len())
			for i := range direction {
				direction[i] = rng.NormFloat64()
			}
			params, directions = append(params, p), append(directions, direction)
		}
	}
	pixels := make([]float64, 3*3*2*24*24)
	for i := range pixels {
		pixels[i] = rng.Float64()
	}
	loss := func(then func(tape *ag.Tape, loss *ag.Value)) float64 {
		tape := ag.NewTape(b)
		defer tape.Close()
		far := tape.Const(engine.Filled(b, engine.Float64, -100, 6, Points, 2)) // where the loss has no kink
		y := Loss(l.Train(tape.Const(engine.FromSlice(b, engine.Float64, pixels, 3, 3, 2, 24, 24))), far)
		then(tape, y)
		values, err := engine.Read[float64](y.Data())
		require.NoError(t, err)
		return values[0]
	}
	want := 0.0
	loss(func(tape *ag.Tape, y *ag.Value) { tape.Backward(y) })
	for i, p := range params {
		grad, err := engine.Read[float64](p.Grad())
		require.NoError(t, err, p.Name)
		for k, g := range grad {
			want += g * directions[i][k]
		}
	}
	moved := func(by float64) float64 {
		for i, p := range params {
			values, err := engine.Read[float64](p.Data())
			require.NoError(t, err)
			for k := range values {
				values[k] += by * directions[i][k]
			}
			engine.Write(p.Data(), values)
		}
		return loss(func(*ag.Tape, *ag.Value) {})
	}
	ahead := moved(step)
	behind := moved(-2 * step)
	require.Greater(t, math.Abs(want), 0.5)
	require.InEpsilon(t, want, (ahead-behind)/(2*step), 1e-5)
}

// The loss is the mean distance in percent, of which each coordinate's gradient has the sign.
func TestLoss(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	points := tape.Input(engine.FromSlice(b, engine.Float32, []float32{0.5, 0.25, 0.75, 1}, 1, 2, 2))
	y := Loss(points, tape.Const(engine.FromSlice(b, engine.Float32, []float32{0.25, 0.375, 0.75, 0.5}, 1, 2, 2)))
	tape.Backward(y)
	loss, err := engine.Read[float32](y.Data())
	require.NoError(t, err)
	require.InDelta(t, 100*(0.25+0.125+0+0.5)/4, loss[0], 1e-5)
	grad, err := engine.Read[float32](points.Grad())
	require.NoError(t, err)
	require.Equal(t, []float32{25, -25, 0, 25}, grad)
}

// A part of a batch norm that is missing, or of another size, is named.
func TestDamagedNorms(t *testing.T) {
	for want, change := range map[string]func(f file){
		`weights lack "conv_34.conv.bn.running_var" [8]`:                              func(f file) { delete(f, "conv_34.conv.bn.running_var") },
		`weights hold "conv2_dw.bn.bias" as [5], the model needs [2]`:                 func(f file) { f["conv2_dw.bn.bias"] = tensor{[]int{5}, nil} },
		`weights hold "conv_5.model.1.conv_dw.bn.more", which MobileFaceNet does not`: func(f file) { f["conv_5.model.1.conv_dw.bn.more"] = tensor{} },
	} {
		_, own := learned(t, cpu.New(), 2, 16, 16)
		change(own)
		source, done, err := Source(own)
		require.NoError(t, err)
		scope := nn.NewScope(cpu.New(), engine.Float32, source)
		New(scope, 2, 16)
		if err = scope.Err(); err == nil {
			err = done()
		}
		require.ErrorContains(t, err, want)
	}
}

// Multiply-adds of the whole network, of the published size and of an image whose last grid is odd.
func TestMACs(t *testing.T) {
	for _, c := range []struct{ width, side, grid int }{{Width, Side, 7}, {2, 40, 3}} {
		var n *Net
		_, err := nn.Outline(1<<10, func(s *nn.Scope) { n = New(s, c.width, c.side) })
		require.NoError(t, err)
		w, before, after := c.width, c.side*c.side/64, c.grid*c.grid
		want := before*2*w*8*w + after*(9*8*w+8*w*2*w) + 2*after*(2*w*4*w+9*4*w+4*w*2*w) + after*2*w*8*w + after*8*w + 8*w*136
		require.Equal(t, n.Trunk.MACs(c.side)+want, n.MACs())
	}
}
