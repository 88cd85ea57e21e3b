package cpu_test

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// TestSteadyLoopAllocatesFromThePool runs a step of many kernels again and again. After the first step, tensors
// and the kernels' working memory come from memory that waited, and Go's heap serves only small things.
func TestSteadyLoopAllocatesFromThePool(t *testing.T) {
	cpu := cpu.New()
	step := newSteadyStep(cpu)
	step()
	before, heap := cpu.Stats(), allocated()
	const rounds = 20
	for range rounds {
		step()
		require.Equal(t, before, cpu.Stats())
	}
	if raceDetector() {
		return // what goroutines and closures take then grows
	}
	perRound := (allocated() - heap) / rounds
	require.Less(t, perRound, uint64(before.PeakBytes/10), "bytes from Go's heap in one step")
}

// raceDetector tells whether the test was built with -race.
func raceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// newSteadyStep returns one pass through a small transformer block: attention, layer norm, a routed linear layer, a
// loss and the optimizer. It frees all that it makes.
func newSteadyStep(cpu *cpu.Backend) func() {
	const batch, tokens, heads, d, width, experts = 4, 65, 4, 16, 64, 3
	const rows = batch * tokens
	param := func(shape ...int) *engine.Tensor { return engine.Zeros(cpu, engine.Float32, shape...) }
	proj, gamma, beta, x := param(3*width, width), param(width), param(width), param(rows, width)
	grad, m, v := param(3*width, width), param(3*width, width), param(3*width, width)
	dgamma, dbeta, steps := param(width), param(width), engine.Zeros(cpu, engine.Int32, 1)
	expertW := []*engine.Tensor{param(width, width), param(width, width), param(width, width)}
	expertB := []*engine.Tensor{param(width), param(width), param(width)}

	return func() {
		made := []*engine.Tensor{}
		make := func(dtype engine.DType, shape ...int) *engine.Tensor {
			made = append(made, engine.New(cpu, dtype, shape...))
			return made[len(made)-1]
		}
		float := func(shape ...int) *engine.Tensor { return make(engine.Float32, shape...) }
		index := func(shape ...int) *engine.Tensor { return make(engine.Int32, shape...) }

		normed, mean, rstd := float(rows, width), float(rows), float(rows)
		cpu.LayerNorm(normed, mean, rstd, x, gamma, beta, 1e-6)
		qkv := float(rows, 3*width)
		cpu.Gemm(engine.GemmArgs{C: qkv, A: normed, B: proj, M: rows, N: 3 * width, K: width, TransB: true,
			LDA: width, LDB: width, LDC: 3 * width, Batch: 1})
		attention := engine.AttentionArgs{QKV: qkv, Out: float(rows, width), LSE: float(batch, heads, tokens),
			Batch: batch, Tokens: tokens, Heads: heads, HeadDim: d}
		cpu.Attention(attention)

		logits, choice := float(rows, experts), index(rows, 1)
		cpu.Fill(logits, 0)
		cpu.Softmax(logits, logits)
		cpu.TopK(choice, logits)
		route := engine.RouteArgs{Choice: choice, Slot: index(rows), Place: index(rows, 1), Token: index(rows, 1),
			Chosen: index(rows * experts), Offsets: index(experts + 1), Keep: float(rows), K: 1, Experts: experts}
		cpu.Route(route)
		gathered, out := float(rows, width), float(rows, width)
		cpu.Gather(gathered, normed, route.Token, false)
		cpu.GroupedGemm(engine.GroupedArgs{Mode: engine.GroupedForward, X: gathered, Y: out, W: expertW, B: expertB,
			Offsets: route.Offsets})
		cpu.Unary(engine.GELU, out, out)
		cpu.Gather(normed, out, route.Place, true)

		loss, dloss, dout := float(), float(), float(rows, width)
		cpu.MSE(loss, normed, x)
		cpu.Fill(dloss, 1)
		cpu.MSEBackward(dout, normed, x, dloss)
		dqkv := float(rows, 3*width)
		cpu.AttentionBackward(attention, engine.AttentionGrads{DOut: dout, DQKV: dqkv})
		cpu.Gemm(engine.GemmArgs{C: grad, A: dqkv, B: normed, M: 3 * width, N: width, K: rows, TransA: true,
			LDA: 3 * width, LDB: width, LDC: width, Batch: 1})
		cpu.LayerNormBackward(float(rows, width), dgamma, dbeta, x, gamma, dout, mean, rstd, false)

		figures := float(engine.FigureCount)
		cpu.StepFigures(engine.FiguresArgs{Figures: figures, Loss: loss, Grads: []*engine.Tensor{grad}, MaxNorm: 1})
		cpu.AdamW(engine.AdamWArgs{Params: []*engine.Tensor{proj}, Grads: []*engine.Tensor{grad}, M: []*engine.Tensor{m},
			V: []*engine.Tensor{v}, LR: []float64{1e-3}, Decay: []float64{0}, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8,
			Steps: steps, Index: []int{0}, Figures: figures})
		for _, t := range made {
			t.Free()
		}
	}
}
