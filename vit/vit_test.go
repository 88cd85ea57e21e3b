package vit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// The table follows the formula: sine in even columns, cosine in odd ones, with one wavelength per pair.
func TestSinusoid(t *testing.T) {
	table := Sinusoid(1001, 6)
	require.Len(t, table, 1001*6)
	for p, want := range map[int][]float64{
		0:    {0, 1, 0, 1, 0, 1},
		3:    {0.1411200080598672, -0.9899924966004454, 0.13879810108005056, 0.990320699135675, 0.006463259070189646, 0.9999791129229608},
		1000: {0.8268795405320025, 0.5623790762907029, 0.650316859586296, -0.7596630714585366, 0.8344632077604132, -0.5510636577512633},
	} {
		require.InDeltaSlice(t, want, table[p*6:(p+1)*6], 1e-7, "position %d", p)
	}
	odd := Sinusoid(4, 3) // the last column has no partner
	require.InDeltaSlice(t, []float64{math.Sin(3), math.Cos(3), math.Sin(3 / math.Pow(10000, 2.0/3))}, odd[9:], 1e-7)
	for i, v := range Sinusoid(40, 7) { // a longer table begins with the same rows
		require.Equal(t, Sinusoid(50, 7)[i], v)
	}
}

// Columns come first, then rows, each as sines and then cosines of growing wavelength, after zeros for the class token.
func TestSinusoidOfGrid(t *testing.T) {
	table := make([]float32, 10*8)
	table[3] = 5 // whatever was there
	SinusoidOfGrid(table, []int{1, 10, 8}, nil)
	sin, cos := math.Sin, math.Cos
	for p, want := range map[int][]float64{
		0: {0, 0, 0, 0, 0, 0, 0, 0}, // the class token
		1: {0, 0, 1, 1, 0, 0, 1, 1},
		6: {sin(2), sin(0.02), cos(2), cos(0.02), sin(1), sin(0.01), cos(1), cos(0.01)}, // column 2, row 1
		8: {sin(1), sin(0.01), cos(1), cos(0.01), sin(2), sin(0.02), cos(2), cos(0.02)}, // column 1, row 2
	} {
		require.InDeltaSlice(t, want, table[p*8:(p+1)*8], 1e-7, "row %d", p)
	}
}

// small has no two equal sizes.
var small = Config{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4, Dim: 12, Depth: 1, Heads: 3, MLPRatio: 2}

func newSmall(b engine.Backend) *Model {
	return New(nn.NewScope(b, engine.Float32, nn.Random{Seed: 1}), small, 7, nn.TruncatedNormal(0.2, 2))
}

// coloured returns two samples of bytes [2, frames, 15, 15, 3] whose values differ from place to place.
func coloured(frames int) []uint8 {
	pixels := make([]uint8, 2*frames*15*15*3)
	for i := range pixels {
		pixels[i] = uint8(i * 31 % 251)
	}
	return pixels
}

// wantPatch is patch n of sample s by the definition: channel, time, row, column. The frame of an image fills its tubelet.
func wantPatch(pixels []uint8, frames, s, n int) (values []float64) {
	for ch := range 3 {
		for dt := range 4 {
			for dy := range 5 {
				for dx := range 5 {
					t, y, x := n/9*4+dt, n/3%3*5+dy, n%3*5+dx
					v := float64(pixels[(((s*frames+min(t, frames-1))*15+y)*15+x)*3+ch]) / 255
					values = append(values, (v-[]float64{0.485, 0.456, 0.406}[ch])/[]float64{0.229, 0.224, 0.225}[ch])
				}
			}
		}
	}
	return values
}

func TestPatchify(t *testing.T) {
	b := cpu.New()
	e := newSmall(b).Encoder
	for frames, tokens := range map[int]int{1: 9, 8: 18} {
		pixels := coloured(frames)
		tape := ag.NewTape(b)
		bytes := e.Patchify(tape.Const(engine.FromSlice(b, engine.Uint8, pixels, 2, frames, 15, 15, 3)), nil)
		require.Equal(t, []int{2, tokens, 300}, bytes.Shape())
		values, err := engine.Read[float64](bytes.Data())
		require.NoError(t, err)
		for i := range 2 * tokens {
			require.InDeltaSlice(t, wantPatch(pixels, frames, i/tokens, i%tokens), values[i*300:(i+1)*300], 1e-6)
		}

		var planar []float32
		for s := range 2 {
			n := len(pixels) / 2
			planar = append(planar, data.View{T: frames, H: 15, W: 15, Bytes: pixels[s*n : (s+1)*n]}.Planar()...)
		}
		floats := tape.Const(engine.FromSlice(b, engine.Float32, planar, 2, 3, frames, 15, 15))
		same, err := engine.Read[float64](e.Patchify(floats, nil).Data())
		require.NoError(t, err)
		require.Equal(t, values, same)

		rows := []int32{int32(tokens), 2, int32(2*tokens - 1)} // numbered across the batch
		some, err := engine.Read[float64](e.Patchify(floats, engine.FromSlice(b, engine.Int32, rows, 3)).Data())
		require.NoError(t, err)
		for i, r := range rows {
			require.Equal(t, values[r*300:(r+1)*300], some[i*300:(i+1)*300])
		}
		tape.Close()
	}
}

// Pixels of another size would get the positions of other patches.
func TestForwardRefusesOtherSizes(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	for op, shape := range map[string][]int{
		"pixels": {2, 8, 10, 10, 3}, "Patchify": {2, 6, 15, 15, 3}, "engine.Range": {2, 12, 15, 15, 3},
	} {
		require.Equal(t, op, shapeError(func() {
			m.Forward(ag.NewTape(b).Const(engine.FromSlice(b, engine.Uint8, make([]uint8, engine.Elements(shape)), shape...)))
		}).Op)
	}
}

// shapeError returns the error that fn panics with.
func shapeError(fn func()) (wrong *engine.ShapeError) {
	defer func() { wrong, _ = recover().(*engine.ShapeError) }()
	fn()
	return nil
}

// A token is the embedded patch plus its position, and an image has the positions of a video's first frames.
func TestTokensHavePositions(t *testing.T) {
	b := cpu.New()
	e := newSmall(b).Encoder
	table := Sinusoid(18, 12)
	for frames, tokens := range map[int]int{1: 9, 8: 18} {
		tape := ag.NewTape(b)
		pixels := tape.Const(engine.FromSlice(b, engine.Uint8, coloured(frames), 2, frames, 15, 15, 3))
		embedded, err := engine.Read[float64](e.Embed.Forward(e.Patchify(pixels, nil)).Data())
		require.NoError(t, err)
		got, err := engine.Read[float64](e.Tokens(pixels).Data())
		require.NoError(t, err)
		for i := range embedded {
			require.InDelta(t, float64(table[i%(tokens*12)]), got[i]-embedded[i], 1e-6)
		}
		tape.Close()
	}
}

// All parameters have the names of the published checkpoints.
func TestNames(t *testing.T) {
	var names []string
	params, err := nn.Outline(100, func(s *nn.Scope) { New(s, small, 7, nn.Zeros) })
	require.NoError(t, err)
	for _, p := range params {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{
		"patch_embed.proj.weight", "patch_embed.proj.bias",
		"blocks.0.norm1.weight", "blocks.0.norm1.bias",
		"blocks.0.attn.qkv.weight", "blocks.0.attn.q_bias", "blocks.0.attn.v_bias", "blocks.0.attn.proj.weight", "blocks.0.attn.proj.bias",
		"blocks.0.norm2.weight", "blocks.0.norm2.bias",
		"blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc1.bias", "blocks.0.mlp.fc2.weight", "blocks.0.mlp.fc2.bias",
		"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias",
	}, names)
	require.Equal(t, []int{12, 3, 4, 5, 5}, params[0].Shape())
	require.Equal(t, 300*12+12+4*12*12+12*2+12+4*12+2*2*12*12+24+12+2*12+7*12+7, nn.Count(params))
}

// Inference packs the weights of linear layers, but neither heads nor norms.
func TestPackedWeights(t *testing.T) {
	params, err := nn.Outline(100, func(s *nn.Scope) { New(s, small, 7, nn.Zeros) })
	require.NoError(t, err)
	for _, p := range params {
		require.Equal(t, len(p.Shape()) > 1 && p.Name != "head.weight", p.Linear, p.Name)
	}
}
