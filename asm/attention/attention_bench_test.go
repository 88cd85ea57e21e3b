package attention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// BenchmarkAttention times the heads of one layer on one thread: ViT-B on all tokens of a clip and on those that masking left,
// and a tiny model. ratio is the time over that of the products' flops at the register-only peak, which is measured between the
// rounds: two products forward, five backward (at bf16 it may be as little as a half, as instructions do two products; stored, operands and results
// are bfloat16 in memory). Both figures are medians.
func BenchmarkAttention(b *testing.B) {
	for _, s := range []attentionShape{{1, 800, 12, 64}, {16, 197, 12, 64}, {8, 100, 12, 64}, {196, 16, 8, 24}, {16, 100, 2, 32}, {32, 25, 2, 32}} {
		for _, pass := range []string{"forward", "backward", "forward bf16", "forward int8", "backward bf16", "forward bf16 stored", "backward bf16 stored"} {
			for _, k := range implementations() {
				name := fmt.Sprintf("tokens=%d/batch=%d/heads=%dx%d/pass=%s/impl=%s", s.tokens, s.batch, s.heads, s.dim, pass, k.gemm.Name)
				b.Run(name, func(b *testing.B) { benchmarkAttention(b, k, s, pass) })
			}
		}
	}
}

type attentionShape struct{ batch, tokens, heads, dim int }

// layer lays out random operands as a model does, floats or stored as bfloat16, and returns every head of the batch and its gradients.
func (s attentionShape) layer(stored bool) (heads []Head[float32], grads []Grads[float32]) {
	rng := rand.New(rand.NewPCG(1, 2))
	width := s.heads * s.dim
	fill := func(columns int) []float32 {
		x := make([]float32, s.batch*s.tokens*columns)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	lse := fill(s.heads)
	rows := func(columns int) Elements[float32] {
		if stored {
			return Elements[float32]{BF16: narrowed(fill(columns))}
		}
		return Elements[float32]{Float: fill(columns)}
	}
	qkv, dqkv, out, dout := rows(3*width), rows(3*width), rows(width), rows(width)
	for i := range s.batch * s.heads {
		row, column := i/s.heads*s.tokens, i%s.heads*s.dim
		q, dq, o := qkv.From(row*3*width+column), dqkv.From(row*3*width+column), row*width+column
		heads = append(heads, Head[float32]{Tokens: s.tokens, Dim: s.dim, Q: q, K: q.From(width), V: q.From(2 * width), Stride: 3 * width,
			Out: out.From(o), OutStride: width, LSE: lse[i*s.tokens:][:s.tokens]})
		grads = append(grads, Grads[float32]{DOut: dout.From(o), DQ: dq, DK: dq.From(width), DV: dq.From(2 * width)})
	}
	return heads, grads
}

func benchmarkAttention(b *testing.B, k *Kernels[float32], s attentionShape, pass string) {
	stored := strings.HasSuffix(pass, "stored")
	if stored && k.bf16 == nil {
		b.Skip("no instructions for bfloat16")
	}
	heads, grads := s.layer(stored)
	for i := range heads {
		heads[i].BF16, heads[i].Int8 = strings.Contains(pass, "bf16"), strings.Contains(pass, "int8")
	}
	scratch := make([]float32, max(k.AttentionScratch(s.tokens, s.dim), k.AttentionGradScratch(s.tokens, s.dim)))
	run := func(i int) {
		k.PackAttention(&heads[i], scratch)
		heads[i].Ahead = k.AheadOf(&heads[(i+1)%len(heads)])
		k.Attention(&heads[i], scratch, 0, s.tokens)
	}
	products := 2.0
	if strings.HasPrefix(pass, "backward") {
		for i := range heads {
			run(i)
		}
		products = 5
		run = func(i int) {
			k.PackAttentionGrad(&heads[i], &grads[i], scratch)
			next := (i + 1) % len(heads)
			heads[i].Ahead = k.AheadOfGrad(&heads[next], &grads[next])
			k.AttentionGrad(&heads[i], &grads[i], scratch)
		}
	}
	// A round is about a millisecond, which is mostly over before another process gets the core.
	perHead := products * 2 * float64(s.tokens*s.tokens*s.dim)
	round := min(len(heads), 1+int(1e8/perHead))
	flops := perHead * float64(round)
	var times, ratios []float64
	for next := 0; b.Loop(); next += round {
		start := b.Elapsed()
		perSecond := k.gemm.FMALoop(100_000) / (b.Elapsed() - start).Seconds()
		start = b.Elapsed()
		for i := range round {
			run((next + i) % len(heads))
		}
		times = append(times, (b.Elapsed() - start).Seconds())
		ratios = append(ratios, times[len(times)-1]*perSecond/flops)
	}
	slices.Sort(times)
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(flops/times[len(times)/2]/1e9, "GFLOP/s")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
}
