package cases_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
	"mien/gradcheck/cases"
)

func newCPU() engine.Backend { return cpu.New() }

func TestLayers(t *testing.T) {
	for _, c := range cases.Layers() {
		t.Run(c.Name, func(t *testing.T) {
			result, err := gradcheck.Check(c, gradcheck.Options{Backend: newCPU})
			require.NoError(t, err)
			require.Positive(t, result.Checked)
		})
	}
}

// TestLayersFloat32 compares float32 with float64 on every set of kernels, in training at full precision, where these small models are
// far better than they must be, and at bf16.
func TestLayersFloat32(t *testing.T) {
	for _, c := range cases.Layers() {
		want, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
		require.NoError(t, err)
		for _, kernels := range asm.Implementations() {
			restore, err := asm.Use(kernels.Name)
			require.NoError(t, err)
			_, err = gradcheck.Compare(c, want, gradcheck.Target{Backend: newCPU, Tol: 2e-5})
			require.NoError(t, err)
			low, err := gradcheck.Compare(c, want, gradcheck.Target{Backend: newCPU, Precision: engine.BF16})
			require.NoError(t, err)
			restore()
			withoutWeights := c.Name == "nn.Linear/plain" || c.Name == "nn.LayerNorm" || strings.HasPrefix(c.Name, "nn.BatchNorm")
			require.Equal(t, withoutWeights, low.RelError < 1e-4, "%s: %g at bf16", c.Name, low.RelError)
		}
	}
}

// TestFrozen compares the gradients of the other parameters and inputs alone.
func TestFrozen(t *testing.T) {
	found := 0
	for _, c := range cases.Layers() {
		grads, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU})
		require.NoError(t, err)
		compared := map[string]bool{}
		for _, g := range grads {
			compared[g.Name] = true
		}
		frozen, trained := 0, 0
		for _, p := range c.New(cpu.New(), engine.Float32).Params {
			require.Equal(t, p.NeedsGrad(), compared[p.Name], "%s: %s", c.Name, p.Name)
			if p.NeedsGrad() {
				trained++
			} else {
				frozen++
			}
		}
		require.Positive(t, trained)
		if strings.Contains(c.Name, "/frozen") {
			require.Positive(t, frozen, c.Name)
			found++
		}
	}
	require.Equal(t, 10, found)
}

// TestRecomputeSameBits computes all layers of a case again, and requires the bits of those that were kept.
func TestRecomputeSameBits(t *testing.T) {
	for _, c := range cases.Layers() {
		kept, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU})
		require.NoError(t, err)
		build := c.New
		c.New = func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			m := build(b, dtype)
			forward := m.Forward
			m.Forward = func(t *ag.Tape, in []*ag.Value) []*ag.Value {
				t.Recompute = true
				return forward(t, in)
			}
			return m
		}
		again, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU})
		require.NoError(t, err)
		require.Equal(t, kept, again, c.Name)
	}
}

// TestMemoryComesBack takes steps of every case and counts what is live after each, also after a forward pass alone.
func TestMemoryComesBack(t *testing.T) {
	for _, c := range append(gradcheck.Ops(), cases.Layers()...) {
		b := cpu.New()
		m := c.New(b, engine.Float32)
		before := b.Stats().LiveBytes
		for step := range 4 {
			tape := ag.NewTape(b)
			var in []*ag.Value
			for _, input := range c.Inputs {
				x := engine.New(b, engine.Float32, input.Shape...)
				if input.Values == nil {
					b.RandomNormal(x, engine.Key{Seed: 1})
				} else {
					engine.Write(x, input.Values)
				}
				if input.NoGrad {
					in = append(in, tape.Const(x))
				} else {
					in = append(in, tape.Input(x))
				}
			}
			loss := tape.Const(engine.Zeros(b, engine.Float32))
			for _, out := range m.Forward(tape, in) {
				loss = ag.Add(loss, ag.Sum(out))
			}
			if step%2 == 0 {
				tape.Backward(loss)
			}
			for _, v := range in {
				v.ZeroGrad()
			}
			for _, p := range m.Params {
				p.ZeroGrad()
			}
			require.Equal(t, strings.Contains(c.Name, "/recompute"), tape.Recompute, c.Name)
			tape.Close()
			require.Equal(t, before, b.Stats().LiveBytes, "%s, step %d", c.Name, step)
		}
	}
}

// TestLayersAreNotTrivial requires each gradient that is compared to be nonzero.
func TestLayersAreNotTrivial(t *testing.T) {
	for _, c := range cases.Layers() {
		grads, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
		require.NoError(t, err)
		for _, g := range grads {
			largest := 0.0
			for _, v := range g.Values {
				largest = max(largest, v, -v)
			}
			require.Equal(t, vanishes(c.Name, g.Name), largest < 1e-6, "%s: gradient of %s is %g", c.Name, g.Name, largest)
		}
	}
}

// vanishes lists what has no influence: an unused result, the other modality's head, the scale of noise when none is drawn,
// an expert without tokens, and an adapter behind the last attention.
func vanishes(name, tensor string) bool {
	quiet := !strings.Contains(name, "noise") && !strings.Contains(name, "balance") && !strings.HasPrefix(name, "s4d.Model")
	return strings.HasPrefix(name, "Tape.Layer/some results") && strings.HasPrefix(tensor, "2.") ||
		strings.HasPrefix(name, "s4d.Model/image") && strings.HasPrefix(tensor, "head.video") ||
		strings.HasPrefix(name, "s4d.Model/video") && strings.HasPrefix(tensor, "head.image") ||
		quiet && strings.Contains(tensor, "noise_linear") ||
		strings.HasPrefix(name, "feadapter.Model/after") && strings.HasPrefix(tensor, "blocks.1.adapter.") || // class tokens pass by
		strings.HasPrefix(name, "s2d.Model") && strings.HasPrefix(tensor, "prompt_norms.1.") || // never used, as released
		name == "moae.Layer/one expert a token" && strings.HasPrefix(tensor, "experts.1.")
}

// TestCasesOfEveryPackage has cases of all packages of layers and models, and each name once.
func TestCasesOfEveryPackage(t *testing.T) {
	packages, names := map[string]bool{}, map[string]bool{}
	for _, c := range cases.Layers() {
		require.False(t, names[c.Name], c.Name)
		names[c.Name] = true
		pkg, _, _ := strings.Cut(c.Name, ".")
		packages[pkg] = true
	}
	require.Equal(t, map[string]bool{"Tape": true, "nn": true, "vit": true, "moae": true, "mae": true, "s4d": true, "feadapter": true, "s2d": true}, packages)
}
