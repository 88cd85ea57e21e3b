package vit_test

import (
	"context"
	"fmt"
	"iter"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/train"
	"mien/vit"
)

// A small vision transformer learns to distinguish images that are bright at the top from images that are bright at the bottom.
func Example() {
	b := cpu.New()
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 1})
	c := vit.Config{ImageSize: 16, Frames: 2, PatchSize: 8, Tubelet: 2, Dim: 32, Depth: 2, Heads: 2, MLPRatio: 4}
	model := vit.New(scope, c, 2, nn.TruncatedNormal(nn.InitStd(c.Dim), 2))

	pixels := make([]uint8, 2*16*16*3) // [2, 1, 16, 16, 3]: two images of one frame
	for i := range len(pixels) / 4 {
		pixels[i], pixels[len(pixels)-1-i] = 255, 255
	}
	var losses []float64
	loop := train.Loop[string]{
		Backend: b, Epochs: 1, Steps: 40, Clip: 1, Schedule: func(int) float64 { return 1e-3 },
		Optimizer: train.NewAdamW(b, scope.Params(), 0.95, func(string, []int) (lrScale, decay float64) { return 1, 0 }),
		Batches: func(context.Context, int) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for step := 0; step < 40 && yield("both images", nil); step++ {
				}
			}
		},
		Loss: func(t *ag.Tape, _ string) *ag.Value {
			x := t.Const(engine.FromSlice(b, engine.Uint8, pixels, 2, 1, 16, 16, 3))
			want := t.Const(engine.FromSlice(b, engine.Float32, []float32{1, 0, 0, 1}, 2, 2))
			return ag.CrossEntropy(model.Forward(x), want)
		},
		OnStep:  func(s train.Step, _ string) error { losses = append(losses, s.Loss); return nil },
		OnEpoch: func(context.Context, int) error { return nil },
	}
	err := loop.Run(context.Background(), 0)
	fmt.Println(err, len(losses), losses[0] > 0.5, losses[39] < 0.1)
	// Output: <nil> 40 true true
}
