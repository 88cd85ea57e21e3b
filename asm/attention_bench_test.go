package asm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkAttention times the heads of one layer on one thread: ViT-B on all tokens of a clip and on those that masking left,
// and a tiny model. ratio is the time over that of the products' flops at the register-only peak, which is measured between the
// rounds: two products forward, five backward. Both
// figures are medians.
func BenchmarkAttention(b *testing.B) {
	for _, c := range []struct{ tokens, heads, dim int }{{800, 12, 64}, {100, 96, 64}, {100, 32, 32}, {25, 64, 32}} {
		for _, pass := range []string{"forward", "backward"} {
			for _, k := range Implementations() {
				b.Run(fmt.Sprintf("tokens=%d/heads=%d/dim=%d/pass=%s/impl=%s", c.tokens, c.heads, c.dim, pass, k.Name), func(b *testing.B) {
					benchmarkAttention(b, k, c.tokens, c.heads, c.dim, pass == "backward")
				})
			}
		}
	}
}

func benchmarkAttention(b *testing.B, k *Kernels[float32], tokens, heads, dim int, backward bool) {
	rng := rand.New(rand.NewPCG(1, 2))
	width := heads * dim
	fill := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(rng.NormFloat64())
		}
		return s
	}
	qkv, dqkv, out, dout := fill(tokens*3*width), fill(tokens*3*width), fill(tokens*width), fill(tokens*width)
	lse := make([]float32, tokens)
	scratch := make([]float32, max(k.AttentionScratch(tokens, dim), k.AttentionGradScratch(tokens, dim)))
	products := 2.0
	run := func(head int, backward bool) {
		q := qkv[head*dim:]
		h := AttentionHead[float32]{Tokens: tokens, Dim: dim, Q: q, K: q[width:], V: q[2*width:], Stride: 3 * width,
			Out: out[head*dim:], OutStride: width, LSE: lse}
		if backward {
			dq := dqkv[head*dim:]
			g := AttentionGrads[float32]{DOut: dout[head*dim:], DQ: dq, DK: dq[width:], DV: dq[2*width:]}
			k.PackAttentionGrad(&h, &g, scratch)
			k.AttentionGrad(&h, &g, scratch)
			return
		}
		k.PackAttention(&h, scratch)
		k.Attention(&h, scratch, 0, tokens)
	}
	for head := range heads {
		run(head, false)
	}
	if backward {
		products = 5
	}
	// A round is about a millisecond, which is mostly over before another process gets the core.
	perHead := products * 2 * float64(tokens*tokens*dim)
	round := min(heads, 1+int(1e8/perHead))
	flops := perHead * float64(round)
	var times, ratios []float64
	for next := 0; b.Loop(); next += round {
		start := b.Elapsed()
		perSecond := k.FMALoop(100_000) / (b.Elapsed() - start).Seconds()
		start = b.Elapsed()
		for head := range round {
			run((next+head)%heads, backward)
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
