package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// bf16 rounds to the nearest bfloat16, ties to even: eight significant bits, or multiples of 2⁻¹³³ below 2⁻¹²⁶.
func bf16(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	_, exp := math.Frexp(v) // |v| = f·2^exp with ½ ≤ f < 1
	quantum := math.Ldexp(1, max(exp-8, -133))
	v = math.RoundToEven(v/quantum) * quantum
	if math.Abs(v) >= 0x1p128 {
		return math.Inf(int(math.Copysign(1, v)))
	}
	return v
}

func rounded(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = bf16(v)
	}
	return out
}

// testCast covers ties, both ends of the range, subnormal numbers, infinities and NaN, and all patterns of random bits.
func testCast(s *suite) {
	x := []float32{0, 1, -1, 1 + 0x1p-8, 1 + 0x3p-8, -1 - 0x1p-8, 1 + 0x1.0002p-8, 1 + 0x0.fffep-8, 1.9999999, 255.5, 0.1,
		float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32,
		0x1.fep127, 0x1.fefffep127, 0x1.ffp127, 0x1p-126, 0x1p-127, 0x1p-133, 0x1p-134, 0x1.8p-133, 0x1.8p-134, 0x1p-149, -0x1.4p-130}
	for len(x) < large {
		x = append(x, math.Float32frombits(s.rng.Uint32()))
	}
	for _, n := range []int{0, 1, 28, large} {
		want := make([]float32, n)
		for i := range want {
			want[i] = float32(bf16(float64(x[i])))
		}
		wide := s.keep(engine.FromSlice(s.b, engine.Float32, x[:n], n))
		narrow := s.keep(engine.FromSlice(s.b, engine.BFloat16, make([]float32, n), n))
		s.b.Cast(narrow, wide)
		s.checkBits(narrow, want, x)
		written := s.keep(engine.FromSlice(s.b, engine.BFloat16, x[:n], n))
		s.checkBits(written, want, x)
		back := s.blank(n)
		s.b.Cast(back, narrow)
		s.checkBits(back, want, x)
	}
}

// checkBits compares numbers with their signs, also that of zero; NaN of any kind is NaN.
func (s *suite) checkBits(t *engine.Tensor, want, from []float32) {
	s.Helper()
	got, err := engine.Read[float32](t)
	require.NoError(s.T, err)
	require.Len(s.T, got, len(want))
	for i, v := range got {
		if math.Float32bits(v) != math.Float32bits(want[i]) && !(v != v && want[i] != want[i]) {
			s.Fatalf("%v as %v is %v, want %v", from[i], t, v, want[i])
		}
	}
}
