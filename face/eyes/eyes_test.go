package eyes

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/weights"
)

func finder(t testing.TB) *Finder {
	f, err := New(cpu.New())
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

// face draws one of the faces that the network has not learned from, and says where the corners of its eyes are, from left to right.
func face(t testing.TB, i int) (f *data.Frames, corners [4]complex128) {
	const side = 160
	sample, err := drawn.Images(1000, i+1, side).Items[i].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	f, err = sample.Read(t.Context(), []int{0})
	require.NoError(t, err)
	l, err := sample.(*drawn.Sample).Landmarks([]int{0})
	require.NoError(t, err)
	for k, mark := range [4]int{36, 39, 42, 45} {
		corners[k] = complex(l[0][mark].X*side, l[0][mark].Y*side)
	}
	return f, corners
}

func middles(c [4]complex128) (left, right complex128) { return (c[0] + c[1]) / 2, (c[2] + c[3]) / 2 }

// The middles of the eyes of drawn faces are found from places that are off by up to 8 % of their distance, and wherever that is, they are the
// same.
func TestFind(t *testing.T) {
	eyes, sum, n := finder(t), 0., 0.
	for i := range 14 {
		f, corners := face(t, i)
		left, right := middles(corners)
		along := right - left
		straight, err := eyes.Find(f, left, right)
		require.NoError(t, err)
		for _, off := range []complex128{0, 0.08, -0.08i, 0.05 - 0.05i} {
			found, err := eyes.Find(f, left+off*along, right+off*along)
			require.NoError(t, err)
			for k, want := range []complex128{left, right} {
				require.Less(t, cmplx.Abs((found[k].Middle-want)/along), 0.08, "face %d, eye %d, from %v", i, k, off)
				require.Less(t, cmplx.Abs((found[k].Middle-straight[k].Middle)/along), 0.04, "face %d, eye %d, from %v", i, k, off)
				sum, n = sum+cmplx.Abs((found[k].Middle-want)/along), n+1
			}
		}
	}
	t.Logf("off by %.2f %% in the mean", 100*sum/n)
	require.Less(t, sum/n, 0.02)
}

// Of a mirror image the mirror images of the same middles are found: both eyes are seen alike.
func TestMirror(t *testing.T) {
	eyes := finder(t)
	f, corners := face(t, 3)
	left, right := middles(corners)
	left += 2 - 1i
	mirror := f.Clone()
	data.Mirror(mirror)
	across := func(z complex128) complex128 { return complex(float64(f.W)-real(z), imag(z)) }
	found, err := eyes.Find(f, left, right)
	require.NoError(t, err)
	other, err := eyes.Find(mirror, across(right), across(left))
	require.NoError(t, err)
	for k := range found {
		require.InDelta(t, 0, cmplx.Abs(across(found[k].Middle)-other[1-k].Middle), 0.05)
		require.InDelta(t, found[k].Spread, other[1-k].Spread, 0.002)
	}
}

// Each eye is told of the features of the other one of its face, and of no other face's.
func TestOthers(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x := tape.Const(engine.FromSlice(b, engine.Float32, []float32{1, 2, 3, 4, 5, 6, 7, 8}, 4, 1, 1, 1, 2))
	got := others(x)
	require.Equal(t, x.Shape(), got.Shape())
	values, err := engine.Read[float32](got.Data())
	require.NoError(t, err)
	require.Equal(t, []float32{3, 4, 1, 2, 7, 8, 5, 6}, values)
}

// A turned and enlarged face has its eyes at the turned places.
func TestTurned(t *testing.T) {
	eyes := finder(t)
	f, corners := face(t, 5)
	left, right := middles(corners)
	found, err := eyes.Find(f, left, right)
	require.NoError(t, err)
	turn := cmplx.Rect(0.6, 0.5) // of the picture's places, from those of the turned one
	p := data.Placement{Middle: (left + right) / 2, Right: 80 * turn, Down: 80i * turn}
	turned := p.Frames(f, 200)
	to := func(z complex128) complex128 { return (z-p.Middle)/turn*100/80 + 100 + 100i }
	again, err := eyes.Find(turned, to(left), to(right))
	require.NoError(t, err)
	for k := range found {
		require.Less(t, cmplx.Abs(again[k].Middle-to(found[k].Middle))/cmplx.Abs(to(right)-to(left)), 0.02)
	}
}

// Where there is no eye, corners are spread more widely than in any of the drawn faces.
func TestSpread(t *testing.T) {
	eyes, widest := finder(t), 0.
	for i := range 14 {
		f, corners := face(t, i)
		left, right := middles(corners)
		found, err := eyes.Find(f, left, right)
		require.NoError(t, err)
		widest = max(widest, found[0].Spread, found[1].Spread)
	}
	empty := data.NewFrames(1, 160, 160)
	found, err := eyes.Find(empty, 50+50i, 110+50i)
	require.NoError(t, err)
	require.Greater(t, min(found[0].Spread, found[1].Spread), widest)
}

// A map's mean is where its mass is, in shares of a side, and its deviation how far that is spread.
func TestMean(t *testing.T) {
	m := make([]float32, Grid*Grid)
	m[2*Grid+5] = 1
	at, deviation := mean(m)
	require.InDelta(t, 0, cmplx.Abs(at-complex(5.5/Grid, 2.5/Grid)), 1e-9)
	require.InDelta(t, 0, deviation, 1e-6)
	m[2*Grid+5], m[4*Grid+5] = 0.5, 0.5
	at, deviation = mean(m)
	require.InDelta(t, 0, cmplx.Abs(at-complex(5.5/Grid, 3.5/Grid)), 1e-9)
	require.InDelta(t, 1./Grid, deviation, 1e-9)
}

// A view has mean 0 and deviation 1 in each channel, whatever the light; what is flat stays flat.
func TestPixels(t *testing.T) {
	dark, light := make([]uint8, Side*Side*3), make([]uint8, Side*Side*3)
	for i := range dark {
		v := (i / 3 * 7) % 50
		dark[i], light[i] = uint8(20+v), uint8(90+2*v+i%3*20)
	}
	x := Pixels(Pixels(nil, dark), light)
	require.Len(t, x, 2*len(dark))
	sum, squares := [3]float64{}, [3]float64{}
	for i, v := range x[:len(dark)] {
		require.InDelta(t, v, x[len(dark)+i], 1e-5)
		sum[i%3] += float64(v)
		squares[i%3] += float64(v) * float64(v)
	}
	for c := range 3 {
		require.InDelta(t, 0, sum[c]/Side/Side, 1e-5)
		require.InDelta(t, 1, squares[c]/Side/Side, 1e-5)
	}
	for _, v := range Pixels(nil, make([]uint8, Side*Side*3)) {
		require.Zero(t, v)
	}
	for i := range dark {
		dark[i] = uint8(100 + i/3%2)
	}
	for _, v := range Pixels(nil, dark) {
		require.LessOrEqual(t, math.Abs(float64(v)), 0.5)
	}
}

// The embedded weights are all of the network's, and a file without them is refused.
func TestOpen(t *testing.T) {
	b := cpu.New()
	scope := nn.NewScope(b, engine.Float32, nn.Random{})
	NewNet(scope)
	require.Equal(t, 52_130, nn.Count(scope.Params()))
	file, err := weights.OpenBytes("eyes", Embedded())
	require.NoError(t, err)
	require.NoError(t, nn.CheckModel(file, scope.Params()))
	require.Less(t, len(Embedded()), 220_000)
	_, err = Open(blank{}, b)
	require.ErrorContains(t, err, `weights lack "first.weight" [16 1 5 5 3]`)
}

type blank struct{}

func (blank) Names() []string              { return nil }
func (blank) Shape(string) ([]int, bool)   { return nil, false }
func (blank) Read(string, []float32) error { return nil }
func (blank) Metadata() map[string]string  { return nil }

// Finding both eyes takes a millisecond on one core.
func BenchmarkFind(b *testing.B) {
	eyes := finder(b)
	f, corners := face(b, 0)
	left, right := middles(corners)
	for b.Loop() {
		_, err := eyes.Find(f, left, right)
		require.NoError(b, err)
	}
}
