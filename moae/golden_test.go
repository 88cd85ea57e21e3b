package moae_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/moae"
	"mien/nn"
	"mien/vit"
)

// A block with experts gives PyTorch's results on PyTorch's tokens: gates, and the mixture beside the MLP.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		for i := 1; i < 3; i++ {
			s := nn.NewScope(b, engine.Float32, &nn.Load{File: golden.Open(t, "s4d_tiny.safetensors")}).Index("blocks", i)
			block := vit.NewBlock(s, vit.BlockConfig{Dim: 64, Heads: 1, MLPRatio: 4}, nn.Zeros)
			experts := moae.New(s.Sub("moe_layer"), 64, moae.Config{Experts: 4, TopK: 2}, nn.Zeros)
			require.NoError(t, s.Err())
			for _, kind := range []string{"image", "video"} {
				f := golden.Open(t, fmt.Sprintf("s4d_%s.safetensors", kind))
				tape := ag.NewTape(b)
				x := block.Attend(tape.Const(f.Tensor(b, fmt.Sprintf("blocks.%d", i-1))))
				u := block.Norm2.Forward(x)
				out := experts.Forward(u, moae.Pass{Training: true})
				f.CheckGates(fmt.Sprintf("gates.%d", i), out.Choice.Data(), out.Gates.Data())
				f.Check(fmt.Sprintf("blocks.%d", i), ag.Add(block.MLP.AddTo(x, u), out.Mixed).Data(), golden.Activation)
				tape.Close()
			}
		}
	})
}
