package autograd_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// roundedBlock is a transformer block of ops, with the dtypes of its activations.
type roundedBlock struct {
	heads                int
	gamma, beta          *ag.Value
	qkv, proj, fc1, fc2  *ag.Value
	bias                 *ag.Value // of fc1
	norm, mixed, hidden  engine.DType
	afterHalf, afterFull engine.DType
}

func newRoundedBlock(b engine.Backend, dim, heads int) *roundedBlock {
	weight := func(out, in int) *ag.Value { return ag.Weight(fill(b, engine.Float32, out, in)) }
	param := func(n int) *ag.Value { return ag.Param(fill(b, engine.Float32, n)) }
	return &roundedBlock{heads: heads, gamma: param(dim), beta: param(dim), qkv: weight(3*dim, dim), proj: weight(dim, dim),
		fc1: weight(4*dim, dim), fc2: weight(dim, 4*dim), bias: param(4 * dim)}
}

func (r *roundedBlock) params() []*ag.Value {
	return []*ag.Value{r.gamma, r.beta, r.qkv, r.proj, r.fc1, r.fc2, r.bias}
}

func (r *roundedBlock) forward(x *ag.Value) *ag.Value {
	u := ag.LayerNormRounded(x, r.gamma, r.beta, 1e-6)
	o := ag.Attention(ag.Linear(u, r.qkv, nil), r.heads)
	half := ag.LinearAdd(o, r.proj, nil, x)
	h := ag.LinearGELU(ag.Rounded(ag.LayerNorm(half, r.gamma, r.beta, 1e-6)), r.fc1, r.bias)
	full := ag.LinearAdd(h, r.fc2, nil, half)
	r.norm, r.mixed, r.hidden = u.Data().DType(), o.Data().DType(), h.Data().DType()
	r.afterHalf, r.afterFull = half.Data().DType(), full.Data().DType()
	return full
}

// TestRoundedActivations follows the dtypes through a block: those of the backend between norms and sums, float32 elsewhere and in
// gradients of parameters.
func TestRoundedActivations(t *testing.T) {
	b := cpu.New()
	for _, p := range []engine.Precision{engine.Full, engine.BF16} {
		r, narrow := newRoundedBlock(b, 12, 2), b.Activations(p)
		tape := ag.NewTape(b)
		tape.Precision = p
		x := tape.Input(fill(b, engine.Float32, 2, 5, 12))
		tape.Backward(ag.Mean(r.forward(x)))
		require.Equal(t, []engine.DType{narrow, narrow, narrow}, []engine.DType{r.norm, r.mixed, r.hidden}, p)
		require.Equal(t, []engine.DType{engine.Float32, engine.Float32}, []engine.DType{r.afterHalf, r.afterFull}, p)
		for i, w := range append(r.params(), x) {
			require.Equal(t, engine.Float32, w.Grad().DType(), "gradient %d", i)
		}
		tape.Close()
	}
}

// TestRoundedHasTheBits of any number of threads, recomputed or not, in a block large enough to be divided.
func TestRoundedHasTheBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want [][]float64
	for _, threads := range []int{1, 2, 3} {
		for _, recompute := range []bool{false, true} {
			runtime.GOMAXPROCS(threads)
			b := cpu.New()
			r, tape := newRoundedBlock(b, 64, 4), ag.NewTape(b)
			tape.Precision, tape.Recompute = engine.BF16, recompute
			x := tape.Input(fill(b, engine.Float32, 3, 267, 64))
			y := tape.Layer(values{x}, func(in values) values { return values{r.forward(in[0])} })[0]
			tape.Backward(ag.Mean(ag.Mul(y, y)))
			got := [][]float64{read(t, y.Data()), read(t, x.Grad())}
			for _, w := range r.params() {
				got = append(got, read(t, w.Grad()))
			}
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, fmt.Sprintf("%d threads, recompute %v", threads, recompute))
			tape.Close()
		}
	}
}

// TestRoundedKeepsLess compares what a recorded block keeps: the difference is half the bytes of what is narrow, of which a token has 3
// widths for attention's operands, one for its result and four before GELU.
func TestRoundedKeepsLess(t *testing.T) {
	const batch, tokens, dim = 4, 256, 64
	if cpu.New().Activations(engine.BF16) != engine.BFloat16 {
		t.Skip("activations are float32 here")
	}
	kept := map[engine.Precision]int{}
	for _, p := range []engine.Precision{engine.Full, engine.BF16} {
		b := cpu.New() // of its own: what a pass drops is freed in the middle of the next
		r, tape := newRoundedBlock(b, dim, 4), ag.NewTape(b)
		tape.Precision = p
		x := tape.Input(fill(b, engine.Float32, batch, tokens, dim))
		before := b.Stats().LiveBytes
		tape.Layer(values{x}, func(in values) values { return values{r.forward(in[0])} })
		kept[p] = b.Stats().LiveBytes - before
		runtime.KeepAlive([]any{r, x})
		tape.Close()
	}
	require.Equal(t, batch*tokens*8*dim*2, kept[engine.Full]-kept[engine.BF16])
}
