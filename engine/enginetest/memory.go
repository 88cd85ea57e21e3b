package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

func testName(s *suite) {
	require.NotEmpty(s.T, s.b.Name())
	require.Equal(s.T, s.b.Name(), s.b.Name())
}

func testSupports(s *suite) {
	require.NoError(s.T, s.b.Supports(engine.Full, false))
	require.NoError(s.T, s.b.Supports(engine.Full, true))
	require.Error(s.T, s.b.Supports(engine.Int8, true), "int8 has no gradients")
	require.Error(s.T, s.b.Supports(engine.Int8+1, false), "nobody knows this precision")
	if s.b.Supports(engine.BF16, true) == nil {
		require.NoError(s.T, s.b.Supports(engine.BF16, false), "what can be trained can be used")
	}
}

func testActivations(s *suite) {
	require.Equal(s.T, engine.Float32, s.b.Activations(engine.Full))
	require.Equal(s.T, engine.Float32, s.b.Activations(engine.Int8))
	require.Contains(s.T, []engine.DType{engine.Float32, engine.BFloat16}, s.b.Activations(engine.BF16))
}

// pattern is n bytes that are unique to a buffer and a position.
func pattern(id, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(id*131 + i*7 + i>>8)
	}
	return p
}

// testAlloc fills many buffers of changing sizes while others are freed. If two of them shared memory, the pattern of
// one would be lost.
func testAlloc(s *suite) {
	type entry struct {
		buffer engine.Buffer
		bytes  []byte
	}
	live := []entry{}
	drop := func(i int) {
		got := make([]byte, len(live[i].bytes))
		require.NoError(s.T, s.b.Download(got, live[i].buffer, 0))
		require.Equal(s.T, live[i].bytes, got, "a buffer lost its contents while it was live")
		s.b.Free(live[i].buffer)
		live[i] = live[len(live)-1]
		live = live[:len(live)-1]
	}
	for id := range 500 {
		n := s.rng.IntN(5000) >> s.rng.IntN(12)
		e := entry{s.alloc(n), pattern(id, n)}
		s.b.Upload(e.buffer, 0, e.bytes)
		live = append(live, e)
		if len(live) > 40 || s.rng.IntN(3) == 0 {
			drop(s.rng.IntN(len(live)))
		}
	}
	for len(live) > 0 {
		drop(0)
	}
	s.allocFails()
}

// allocFails requests more memory than any machine has. The backend must still work afterwards.
func (s *suite) allocFails() {
	before := s.b.Stats()
	for _, n := range []int{-1, math.MinInt, 1 << 62, math.MaxInt} {
		_, err := s.b.Alloc(n)
		require.Error(s.T, err, "%d bytes", n)
	}
	for _, shape := range [][]int{{1 << 60}, {1 << 62}, {1 << 40, 1 << 40}} { // 2⁶⁴ and 2⁸² bytes wrap around to 0
		var err error
		func() {
			defer engine.Catch(&err)
			engine.New(s.b, engine.Float32, shape...)
		}()
		var refused *engine.AllocError
		require.ErrorAs(s.T, err, &refused, "%v", shape)
		require.Equal(s.T, s.b.Name(), refused.Backend)
	}
	require.Equal(s.T, before.LiveBytes, s.b.Stats().LiveBytes)
	require.Equal(s.T, before.PeakBytes, s.b.Stats().PeakBytes)
	s.check(s.tensor([]float64{1, 2}, 2), exactly([]float64{1, 2}), "after refusals")
}

// testFree frees an operand straight after the kernel that reads it: Free is a point in stream order, and the
// memory may only then serve another tensor.
func testFree(s *suite) {
	x, xv := s.values(large), repeat(5.0, large)
	sum := s.blank(large)
	a, b := engine.FromSlice(s.b, s.dtype, x, large), engine.FromSlice(s.b, s.dtype, xv, large)
	s.b.Binary(engine.Add, sum, a, b)
	a.Free()
	b.Free()
	s.blank(large)
	s.blank(large)
	want := sums(large)
	for i := range x {
		want.add(i, x[i])
		want.add(i, 5)
	}
	s.check(sum, want, "x + 5 with operands freed")
}

func testUpload(s *suite) {
	for _, n := range []int{1, 3, 17, 1000, large} {
		values := repeat(float32(1), n)
		t := s.keep(engine.New(s.b, engine.Float32, n))
		engine.Write(t, values)
		for i := range values {
			values[i] = 2
		}
		s.check(t, exactly(repeat(1.0, n)), "Write copies its argument before it returns")
		engine.Write(t, values)
		s.check(t, exactly(repeat(2.0, n)), "a second Write replaces the first")
	}
	b := s.alloc(64)
	defer s.b.Free(b)
	whole := pattern(1, 64)
	s.b.Upload(b, 0, whole)
	copy(whole[16:], pattern(2, 20))
	s.b.Upload(b, 16, pattern(2, 20))
	s.b.Upload(b, 64, nil)
	got := make([]byte, 64)
	require.NoError(s.T, s.b.Download(got, b, 0))
	require.Equal(s.T, whole, got, "an upload at an offset leaves the rest alone")
}

func testDownload(s *suite) {
	b := s.alloc(100)
	defer s.b.Free(b)
	s.b.Upload(b, 0, pattern(3, 100))
	for _, offset := range []int{0, 4, 32, 96} {
		got := make([]byte, 4)
		require.NoError(s.T, s.b.Download(got, b, offset))
		require.Equal(s.T, pattern(3, 100)[offset:offset+4], got)
	}
	require.NoError(s.T, s.b.Download(nil, b, 0))

	t, x := s.blank(large), s.tensor(repeat(1.0, large), large)
	for range 5 {
		s.b.Axpy(t, 1, x)
		engine.Write(t, repeat(float32(1), large))
		s.b.Scale(t, t, 3)
	}
	s.check(t, exactly(repeat(3.0, large)), "reads, writes and kernels keep their order")
}

// testFlush starts work again and again while more of it is enqueued.
func testFlush(s *suite) {
	s.b.Flush()
	x, v := s.random(33)
	for range 5 {
		s.b.Scale(x, x, 2)
		s.b.Flush()
		s.b.Flush()
	}
	for i := range v {
		v[i] *= 32
	}
	s.check(x, exactly(v), "five doublings")
}

// testClose closes a backend that has live and freed buffers, and goes on with another.
func testClose(s *suite) {
	other := s.newBackend()
	engine.Zeros(other, engine.Float32, 1000)
	freed := engine.Zeros(other, engine.Float32, 500)
	freed.Free()
	require.NoError(s.T, other.Close())
	require.Zero(s.T, other.Stats().PoolBytes)
	x, v := s.random(1000)
	s.check(x, exactly(v), "a tensor of another backend")
}

func testSync(s *suite) {
	require.NoError(s.T, s.b.Sync(), "before any work")
	x, v := s.random(33)
	for range 3 {
		s.b.Scale(x, x, 2)
	}
	require.NoError(s.T, s.b.Sync())
	for i := range v {
		v[i] *= 8
	}
	s.check(x, exactly(v), "three doublings")
}

func testStats(s *suite) {
	start := s.b.Stats()
	a, b := s.alloc(1000), s.alloc(5000)
	two := s.b.Stats()
	require.GreaterOrEqual(s.T, two.LiveBytes-start.LiveBytes, 6000)
	require.GreaterOrEqual(s.T, two.PeakBytes, two.LiveBytes)
	s.b.Free(b)
	one := s.b.Stats()
	require.Less(s.T, one.LiveBytes, two.LiveBytes)
	require.GreaterOrEqual(s.T, one.LiveBytes-start.LiveBytes, 1000)
	require.Equal(s.T, two.PeakBytes, one.PeakBytes, "the peak stays")
	for range 10 {
		s.b.Free(s.alloc(5000))
	}
	s.b.Free(a)
	end := s.b.Stats()
	require.Equal(s.T, start.LiveBytes, end.LiveBytes)
	require.Equal(s.T, two.PeakBytes, end.PeakBytes, "a freed buffer serves the next of its size")
	require.GreaterOrEqual(s.T, end.PoolBytes, 0)
}
