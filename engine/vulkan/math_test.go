//go:build vulkan

package vulkan

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// function is one of shaders/math.glsl: in float64, the range of x in which float32 holds its results, and by how many units in the last
// place of the result, or of another scale, the device's may be off.
type function struct {
	name     string
	f        func(x float64) float64
	from, to float64
	units    float64
	scale    func(y float64) float64
	ends     [3]float64 // at −Inf, 0 and Inf
}

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// functions are in the order of shaders/functions.comp.
var functions = []function{
	{"exp", math.Exp, -87, 88.7, 2, math.Abs, [3]float64{0, 1, inf}},
	{"expm1", math.Expm1, -104, 88.7, 3, math.Abs, [3]float64{-1, 0, inf}},
	{"log", math.Log, tiniest, math.MaxFloat32, 2, math.Abs, [3]float64{nan, -inf, inf}},
	{"log1p", math.Log1p, 0, math.MaxFloat32, 3, math.Abs, [3]float64{nan, 0, inf}},
	{"rsqrt", func(x float64) float64 { return 1 / math.Sqrt(x) }, tiniest, math.MaxFloat32, 2, math.Abs, [3]float64{nan, inf, 0}},
	{"logistic", logistic, -87, math.MaxFloat32, 6, math.Abs, [3]float64{0, 0.5, 1}},
	{"logistic_slope", func(x float64) float64 { return logistic(x) * logistic(-x) }, -87, 87, 8, math.Abs, [3]float64{0, 0.25, 0}},
	{"normal_cdf", normalCDF, -13, math.MaxFloat32, 8, math.Abs, [3]float64{0, 0.5, 1}},
	{"normal_density", normalDensity, -13, 13, 4, math.Abs, [3]float64{0, normalDensity(0), 0}},
	{"gelu", func(x float64) float64 { return x * normalCDF(x) }, -12.8, math.MaxFloat32, 8, math.Abs, [3]float64{0, 0, inf}},
	{"gelu_slope", geluSlope, -math.MaxFloat32, math.MaxFloat32, 4, atLeastOne, [3]float64{0, 0.5, 1}},
}

// smallest is the least normal number, tiniest the least of all. Devices may take those below smallest for 0.
const smallest, tiniest = 0x1p-126, 0x1p-149

func logistic(x float64) float64      { return 1 / (1 + math.Exp(-x)) }
func normalCDF(x float64) float64     { return math.Erfc(-x/math.Sqrt2) / 2 }
func normalDensity(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
func geluSlope(x float64) float64     { return normalCDF(x) + x*normalDensity(x) }
func atLeastOne(y float64) float64    { return max(1, math.Abs(y)) }

// TestFunctions compares each function of shaders/math.glsl with float64.
func TestFunctions(t *testing.T) {
	b, err := New(Config{Slab: 8 << 20})
	require.NoError(t, err)
	defer b.Close()
	for i, f := range functions {
		t.Run(f.name, func(t *testing.T) {
			x, worst, at := f.points(), 0.0, float32(0)
			for j, y := range b.function(t, i, x) {
				want := f.f(float64(x[j]))
				if units := math.Abs(float64(y)-want) / lastPlace(f.scale(want)); !(units <= worst) {
					worst, at = units, x[j]
				}
			}
			require.LessOrEqual(t, worst, f.units, "units in the last place at %v", at)
			t.Logf("%.2f units at %v", worst, at)
			f.testEnds(t, b.function(t, i, []float32{float32(-inf), 0, float32(inf), float32(nan)}))
		})
	}
}

// points returns numbers between from and to at equal distances, and such of all magnitudes.
func (f *function) points() (x []float32) {
	const n = 200_000
	for i := range n {
		x = append(x, float32(max(f.from, -128)+(min(f.to, 128)-max(f.from, -128))*float64(i)/n))
	}
	first := smallest
	if f.from == tiniest {
		first = tiniest
	}
	for v := first; v < math.MaxFloat32; v *= 1.0007 {
		for _, signed := range []float64{v, -v} {
			if f.from <= signed && signed <= f.to {
				x = append(x, float32(signed))
			}
		}
	}
	return x
}

func (f *function) testEnds(t *testing.T, got []float32) {
	require.True(t, got[3] != got[3], "of NaN is %v", got[3])
	for i, want := range f.ends {
		if f.from >= 0 && i == 0 {
			continue // not in its domain
		}
		require.InDelta(t, want, float64(got[i]), 1e-7, "at an end")
	}
}

// TestNegativeAndNone has 1/√x keep the sign of 0 and refuse the negative number next to it, and log take both signs of 0.
func TestNegativeAndNone(t *testing.T) {
	b := open(t, Config{Slab: 8 << 20})
	x := []float32{0, float32(math.Copysign(0, -1)), -tiniest, -smallest}
	for name, want := range map[string][2]float64{"log": {-inf, -inf}, "rsqrt": {inf, -inf}} {
		got := b.function(t, slices.IndexFunc(functions, func(f function) bool { return f.name == name }), x)
		require.Equal(t, want, [2]float64{float64(got[0]), float64(got[1])}, name)
		require.True(t, got[2] != got[2] && got[3] != got[3], "%s is %v of negative numbers", name, got[2:])
	}
}

// function computes one of the functions on the device.
func (b *Backend) function(t *testing.T, i int, x []float32) []float32 {
	in, out := engine.FromSlice(b, engine.Float32, x, len(x)), engine.New(b, engine.Float32, len(x))
	defer in.Free()
	defer out.Free()
	b.kernel("functions", i).out(out).in(in).u32(len(x)).each(len(x))
	y, err := engine.Read[float32](out)
	require.NoError(t, err)
	return y
}

// lastPlace returns the value of the last bit of a float32 next to v.
func lastPlace(v float64) float64 {
	_, exponent := math.Frexp(v)
	return math.Ldexp(1, max(exponent, -125)-24)
}
