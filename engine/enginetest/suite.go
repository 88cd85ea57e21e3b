package enginetest

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// large is enough elements for a backend to split the work, and not a multiple of any block size.
const large = 120_011

// suite makes tensors on the backend under test, and compares them.
type suite struct {
	*testing.T
	b     engine.Backend
	dtype engine.DType // of floating point tensors
	rng   *rand.Rand
	live  []*engine.Tensor

	newBackend func() engine.Backend
	options    Options
}

func newSuite(t *testing.T, newBackend func() engine.Backend, dtype engine.DType, options Options) *suite {
	s := &suite{T: t, b: newBackend(), dtype: dtype, rng: rand.New(rand.NewPCG(1, 2)), newBackend: newBackend, options: options}
	s.litter()
	return s
}

// litter leaves freed buffers of many sizes full of NaN, to expose a kernel that assumes new working memory to be
// zero.
func (s *suite) litter() {
	buffers := []engine.Buffer{}
	for n := 16; n < 1<<19; n += n / 8 {
		buffer := s.alloc(n)
		s.b.Upload(buffer, 0, bytes.Repeat([]byte{0xff}, n))
		buffers = append(buffers, buffer)
	}
	for _, buffer := range buffers {
		s.b.Free(buffer)
	}
}

// alloc returns a buffer of a size that must be available.
func (s *suite) alloc(n int) engine.Buffer {
	s.Helper()
	buffer, err := s.b.Alloc(n)
	require.NoError(s.T, err)
	return buffer
}

// free frees every tensor that the suite made.
func (s *suite) free() {
	for _, t := range s.live {
		t.Free()
	}
	s.live = nil
}

// keep registers a tensor for free.
func (s *suite) keep(t *engine.Tensor) *engine.Tensor {
	s.live = append(s.live, t)
	return t
}

// round returns v as the dtype under test holds it.
func (s *suite) round(v float64) float64 {
	if s.dtype == engine.Float32 {
		return float64(float32(v))
	}
	return v
}

// normals are shared by all suites, each of which starts at another offset, as drawing them is slow.
var normals = sync.OnceValue(func() []float64 {
	rng, v := rand.New(rand.NewPCG(3, 4)), make([]float64, 1<<19)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
})

// values draws n normal numbers that the dtype under test holds exactly.
func (s *suite) values(n int) []float64 {
	v := make([]float64, n)
	copy(v, normals()[s.rng.IntN(len(normals())-n):])
	for i := range v {
		v[i] = s.round(v[i])
	}
	return v
}

// tensor uploads values, which the dtype under test must hold exactly for a comparison to mean something.
func (s *suite) tensor(values []float64, shape ...int) *engine.Tensor {
	return s.keep(engine.FromSlice(s.b, s.dtype, values, shape...))
}

// random returns a tensor of normal numbers and what is in it.
func (s *suite) random(shape ...int) (*engine.Tensor, []float64) {
	v := s.values(engine.Elements(shape))
	return s.tensor(v, shape...), v
}

// blank returns a tensor full of NaN, to be a destination.
func (s *suite) blank(shape ...int) *engine.Tensor {
	return s.tensor(repeat(math.NaN(), engine.Elements(shape)), shape...)
}

// ints uploads indices.
func (s *suite) ints(values []int32, shape ...int) *engine.Tensor {
	return s.keep(engine.FromSlice(s.b, engine.Int32, values, shape...))
}

// blankInts returns an index tensor, to be a destination, filled with a value that no kernel writes.
func (s *suite) blankInts(shape ...int) *engine.Tensor {
	return s.ints(repeat(int32(-77), engine.Elements(shape)), shape...)
}

func repeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// expected holds the wanted results and, for each, the size of the terms that it was summed from: rounding errors
// grow with the terms, not with their sum.
type expected struct{ value, size []float64 }

// sums returns n empty sums.
func sums(n int) expected { return expected{make([]float64, n), make([]float64, n)} }

// add adds a term to sum i.
func (e expected) add(i int, term float64) { e.addSized(i, term, math.Abs(term)) }

// addSized adds a term that is itself a sum of larger ones.
func (e expected) addSized(i int, term, size float64) {
	e.value[i] += term
	e.size[i] += size
}

// exactly expects values without any error.
func exactly(values []float64) expected { return expected{values, make([]float64, len(values))} }

// nearly expects values to a relative tolerance, or an absolute one below 1.
func nearly(values []float64) expected {
	e := expected{values, make([]float64, len(values))}
	for i, v := range values {
		e.size[i] = max(1, math.Abs(v))
	}
	return e
}

// tolerance is the error allowed for terms of size 1. In float32 it is 168 units of rounding: what sums of a
// thousand terms, or an exponential of a rounded sum, may lose in any order of addition.
func (s *suite) tolerance() float64 {
	if s.dtype == engine.Float32 {
		return 1e-5
	}
	return 1e-12
}

// check compares a tensor with the expected values; NaN equals NaN. What is bfloat16 must be rounded from a number within the bounds.
func (s *suite) check(t *engine.Tensor, want expected, format string, args ...any) {
	s.Helper()
	got, err := engine.Read[float64](t)
	require.NoError(s.T, err)
	require.Len(s.T, got, len(want.value), format, args)
	for i, v := range got {
		w := want.value[i]
		if v == w || math.IsNaN(v) && math.IsNaN(w) {
			continue
		}
		bound := s.tolerance() * want.size[i]
		if t.DType() == engine.BFloat16 && bf16(w-bound) <= v && v <= bf16(w+bound) {
			continue
		}
		if math.IsInf(w, 0) || t.DType() == engine.BFloat16 || !(math.Abs(v-w) <= bound) {
			s.Fatalf("%s: element %d of %v is %v, want %v ± %.2g", fmt.Sprintf(format, args...), i, t, v, w, bound)
		}
	}
}

// checkInts compares an index tensor.
func (s *suite) checkInts(t *engine.Tensor, want []int32, format string, args ...any) {
	s.Helper()
	got, err := engine.Read[int32](t)
	require.NoError(s.T, err)
	require.Equal(s.T, want, got, fmt.Sprintf(format, args...))
}
