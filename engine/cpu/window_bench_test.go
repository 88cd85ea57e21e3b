package cpu

import (
	"fmt"
	"testing"

	"mien/engine"
)

// BenchmarkAdapter times, on all threads, what a temporal adapter adds to a block of ViT-B on a clip of 16 frames of 14×14 tokens, beside
// the attention of that block: depth-wise convolution of 384 channels, and unfolding and sampling of 240.
func BenchmarkAdapter(b *testing.B) {
	c := New()
	tensor := func(shape ...int) *engine.Tensor {
		x := engine.Zeros(c, engine.Float32, shape...)
		for i := range host[float32](x) {
			host[float32](x)[i] = float32(i%13)/6 - 1
		}
		return x
	}
	run := func(name string, op func()) {
		b.Run("op="+name, func(b *testing.B) {
			for b.Loop() {
				op()
			}
		})
	}
	heads := engine.AttentionArgs{QKV: tensor(16, 197, 3, 12, 64), Out: tensor(16, 197, 12, 64), LSE: tensor(16, 12, 197),
		Batch: 16, Tokens: 197, Heads: 12, HeadDim: 64}
	grads := engine.AttentionGrads{DOut: tensor(16, 197, 12, 64), DQKV: tensor(16, 197, 3, 12, 64)}
	run("attention", func() { c.Attention(heads) })
	run("attention-backward", func() { c.AttentionBackward(heads, grads) })
	x, y, bias := tensor(1, 16, 14, 14, 384), tensor(1, 16, 14, 14, 384), tensor(384)
	narrow, dnarrow := tensor(1, 16, 14, 14, 240), tensor(1, 16, 14, 14, 240)
	for _, w := range []engine.Window{{Kernel: [3]int{3, 1, 1}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 0, 0}},
		{Kernel: [3]int{3, 3, 3}, Stride: [3]int{1, 1, 1}, Pad: [3]int{1, 1, 1}}} {
		kernel := fmt.Sprintf("/kernel=%d%d%d", w.Kernel[0], w.Kernel[1], w.Kernel[2])
		a := engine.DepthwiseArgs{X: x, Y: y, Weight: tensor(w.Taps(), 384), Bias: bias, Window: w}
		for mode, name := range []string{"depthwise", "depthwise-input", "depthwise-weight"} {
			run(name+kernel, func() {
				a.Mode = engine.DepthwiseMode(mode)
				c.Depthwise(a)
			})
		}
		points := 16 * 14 * 14 * w.Taps()
		columns := tensor(16*14*14, w.Taps()*240)
		run("unfold"+kernel, func() { c.Unfold(columns, narrow, w) })
		run("fold"+kernel, func() { c.Fold(dnarrow, columns, w, false) })
		values := columns.View(1, points, 240)
		s := engine.SampleArgs{X: narrow, At: tensor(1, points, 3), Factor: tensor(1, points), Out: values, Window: w}
		for i := range host[float32](s.At) {
			if i%3 > 0 && w.Kernel[1] == 1 {
				host[float32](s.At)[i] = 0
			}
		}
		run("sample"+kernel, func() { c.Sample(s) })
		dat, dfactor := tensor(1, points, 3), tensor(1, points)
		run("sample-input"+kernel, func() { c.SampleBackward(s, engine.SampleGrads{DOut: values, DX: dnarrow}) })
		run("sample-points"+kernel, func() { c.SampleBackward(s, engine.SampleGrads{DOut: values, DAt: dat, DFactor: dfactor}) })
	}
}
