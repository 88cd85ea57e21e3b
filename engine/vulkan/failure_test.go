//go:build vulkan

package vulkan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/vulkan/vk"
)

// TestLostDevice loses the device at a call that could notice, sooner or later. Reading then fails with one line, and so does all that follows, at once;
// Close releases what there was.
func TestLostDevice(t *testing.T) {
	for _, open := range []func(Config) (*Backend, error){New, NewReversed} {
		for at := 0; ; at += 1 + at/4 {
			calls := 0
			b, err := open(Config{Lose: func() bool { calls++; return calls > at }})
			require.NoError(t, err)
			want := b.Name() + ": the device was lost: its driver stopped, or something ran too long for its watchdog"
			x := engine.Filled(b, engine.Float32, 1, 1000)
			for range 2 * depth * longest {
				b.Axpy(x, 0.5, x)
			}
			_, err = engine.Read[float32](x)
			if calls <= at {
				require.NoError(t, err)
				require.NoError(t, b.Close())
				require.Greater(t, at, 2*depth, "calls that could notice")
				break
			}
			require.EqualError(t, err, want)
			require.ErrorIs(t, err, vk.Lost)
			refused := engine.AllocError{}
			require.EqualError(t, recovered(func() { engine.New(b, engine.Float32, 3) }, &refused), want, "which is no lack of room")
			kernels := b.Counts().Kernels
			b.Axpy(x, 1, x)
			engine.Write(x, make([]float32, 1000))
			b.Flush()
			require.Equal(t, kernels, b.Counts().Kernels, "nothing is recorded any more")
			require.EqualError(t, b.Sync(), want)
			require.EqualError(t, b.StartProfile(), want)
			require.EqualError(t, b.Close(), want)
			require.Zero(t, b.Stats().PoolBytes)
		}
	}
}

// recovered returns the *engine.AllocError with which a function panics.
func recovered(do func(), e *engine.AllocError) (err error) {
	defer func() {
		if err != nil {
			*e = *err.(*engine.AllocError)
		}
	}()
	defer engine.Catch(&err)
	do()
	return nil
}

// TestNoWorkingMemory calls each method that needs some where there is none, and where there is for some of it.
func TestNoWorkingMemory(t *testing.T) {
	b := open(t, Config{Slab: granule})
	f := func(shape ...int) *engine.Tensor { return engine.Filled(b, engine.Float32, 1, shape...) }
	i := func(shape ...int) *engine.Tensor { return engine.Zeros(b, engine.Int32, shape...) }
	long, wide, row := f(2, 300, 4, 300), f(400, 70), f(70)
	scalar, figures, quad, steps := f(), f(engine.FigureCount), f(1, 1, 4, 1), i(1)
	qkv, out, lse := f(1, 8, 3, 1, 4), f(1, 8, 1, 4), f(1, 1, 8)
	thin, flat, dot := f(4, 20_000), f(20_000, 4), f(4, 4)
	route := engine.RouteArgs{Choice: i(2), Slot: i(2), Place: i(2), Token: i(2), Chosen: i(4), Offsets: i(3), Keep: f(2), K: 1, Experts: 2}
	grouped := engine.GroupedArgs{X: f(2, 4), Y: f(2, 3), W: []*engine.Tensor{f(3, 4), f(3, 4)}, Offsets: i(3)}
	window := engine.Window{Kernel: [3]int{1, 1, 1}, Stride: [3]int{1, 1, 1}}
	volume, kernel := f(1, 1, 8, 8, 4), f(1, 4)
	attention := engine.AttentionArgs{QKV: qkv, Out: out, LSE: lse, Batch: 1, Tokens: 8, Heads: 1, HeadDim: 4}
	methods := map[string]func(){
		"SumTo":             func() { b.SumTo(quad, long, false) },
		"LayerNormBackward": func() { b.LayerNormBackward(wide, row, row, wide, row, wide, lse, lse, false) },
		"MSE":               func() { b.MSE(scalar, long, long) },
		"AttentionBackward": func() { b.AttentionBackward(attention, engine.AttentionGrads{DOut: out, DQKV: qkv}) },
		"Gemm": func() {
			b.Gemm(engine.GemmArgs{C: dot, A: thin, B: flat, M: 4, N: 4, K: 20_000, LDA: 20_000, LDB: 4, LDC: 4, Batch: 1})
		},
		"GroupedGemm": func() { b.GroupedGemm(grouped) },
		"Depthwise": func() {
			b.Depthwise(engine.DepthwiseArgs{Mode: engine.DepthwiseWeightGrad, X: volume, Y: volume, Weight: kernel, Window: window})
		},
		"Route": func() { b.Route(route) },
		"StepFigures": func() {
			b.StepFigures(engine.FiguresArgs{Figures: figures, Loss: scalar, Grads: []*engine.Tensor{wide}})
		},
		"AdamW": func() {
			one, zero := []*engine.Tensor{wide}, []float64{0}
			b.AdamW(engine.AdamWArgs{Params: one, Grads: one, M: one, V: one, LR: zero, Decay: zero, Steps: steps, Index: []int{0}, Figures: figures})
		},
		"RandomNormal": func() { b.RandomNormal(row, engine.Key{}) },
	}
	b.memory.refuse = func(int) bool { return true }
	for name, method := range methods {
		for _, room := range []int{0, 1, 2, 5, 10, 30} {
			held := hoard(b)
			for _, one := range held[:room] {
				b.memory.free(one)
			}
			live := b.Stats().LiveBytes
			var refused engine.AllocError
			err := recovered(method, &refused)
			require.Equal(t, live, b.Stats().LiveBytes, name)
			if room == 0 {
				require.Error(t, err, name)
				require.Equal(t, b.Name(), refused.Backend)
				require.ErrorIs(t, err, vk.OutOfMemory, name)
			}
			for _, one := range held[room:] {
				b.memory.free(one)
			}
			require.NoError(t, b.Sync(), "%s is no end of the device", name)
		}
	}
	b.memory.refuse = nil
	for name, method := range methods {
		require.NotPanics(t, method, name)
	}
	require.NoError(t, b.Sync())
}

// hoard takes all memory that there is, a granule at a time.
func hoard(b *Backend) (held []*block) {
	for {
		one, err := b.memory.alloc(1)
		if err != nil {
			return held
		}
		held = append(held, one)
	}
}
