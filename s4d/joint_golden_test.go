package s4d

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/data/augment"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/system"
)

// box is a box as PyTorch's draws name it: x, y, width and height.
type box [4]int

func (b box) of() data.Box { return data.Box{X: b[0], Y: b[1], W: b[2], H: b[3]} }

// jointStep is what testdata/golden/joint_training.py drew for a step.
type jointStep struct {
	Modality data.Modality `json:"modality"`
	Mix      []struct {    // of each replica
		Lambda float64 `json:"lambda"`
		Box    box     `json:"box"`
	} `json:"mix"`
	Erase []box `json:"erase"` // of each sample
}

// jointBatch makes the batch of a step with PyTorch's draws.
func jointBatch(t *testing.T, f golden.File, step int, s jointStep, labels []int) *system.Batch {
	b := &system.Batch{Modality: s.Modality, Groups: len(s.Mix), Views: f.ByteViews("input." + string(s.Modality))}
	require.Len(t, s.Erase, len(b.Views))
	for i, v := range b.Views {
		erased := augment.Erased{Box: s.Erase[i].of(), Fill: augment.Zero}
		if s.Modality == data.Video {
			erased.Fill = augment.Noise
			if erased.Box.W > 0 {
				erased.Noise, _ = f.Values(fmt.Sprintf("noise.%d.%d", step, i))
			}
		}
		b.Views[i] = erased.Apply(v)
	}
	classes, n := goldenRecipe.Classes(s.Modality), len(labels)/len(s.Mix)
	b.Soft = data.SmoothTargets(labels, classes, 0.1)
	for i, drawn := range s.Mix {
		mix := data.Mix{Lambda: drawn.Lambda, Box: drawn.Box.of()}
		mix.Views(b.Views[i*n : (i+1)*n])
		mix.Targets(b.Soft[i*n*classes:(i+1)*n*classes], classes)
	}
	data.SameForm(b.Views)
	return b
}

// Ten steps of joint fine-tuning with mixup, cutmix and random erasing in the batches of two GPUs, to which experts have a capacity, with
// PyTorch's draws and either rule for the idle head, have PyTorch's losses and end at its parameters.
func TestJointTraining(t *testing.T) {
	f := golden.Open(t, "joint_draws.safetensors")
	var steps []jointStep
	labels := map[data.Modality][]int{}
	require.NoError(t, json.Unmarshal([]byte(f.Metadata()["steps"]), &steps))
	require.NoError(t, json.Unmarshal([]byte(f.Metadata()["labels"]), &labels))
	golden.EachKernels(t, func(t *testing.T) {
		for name, idle := range map[string]bool{"joint_left.safetensors": false, "joint_idle.safetensors": true} {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "s4d_tiny.safetensors", System, goldenRecipe)
			for _, i := range m.MoAEBlocks {
				m.MoAE[i].Capacity = 0.9
			}
			r := goldenRecipe
			r.Train.LayerDecay, r.Train.IdleSteps = 0.75, idle
			golden.Open(t, name).CheckSteps(b, params, System, r, func(i int, tape *ag.Tape) *ag.Value {
				return m.Loss(tape, jointBatch(t, f, i, steps[i], labels[steps[i].Modality]))
			})
		}
	})
}

// The two rules differ, and the draws have all kinds of mixes and erased boxes.
func TestJointDraws(t *testing.T) {
	left, idle := golden.Open(t, "joint_left.safetensors"), golden.Open(t, "joint_idle.safetensors")
	for name, same := range map[string]bool{"head.image.weight": false, "head.video.weight": false, "blocks.1.moe_layer.router.noise_linear.weight": true} {
		a, _ := left.Values("final." + name)
		b, _ := idle.Values("final." + name)
		require.Equal(t, same, slices.Equal(a, b), name)
	}
	var steps []jointStep
	require.NoError(t, json.Unmarshal([]byte(golden.Open(t, "joint_draws.safetensors").Metadata()["steps"]), &steps))
	count := map[string]int{}
	for _, s := range steps {
		for _, m := range s.Mix {
			count[fmt.Sprint(s.Modality, m.Box != box{})]++
		}
		for _, e := range s.Erase {
			count[fmt.Sprint("erase", s.Modality, e != box{})]++
		}
	}
	require.Len(t, count, 8, "%v", count)
}
