package augment

import "testing"

// Views as published, of a video of 16 frames and of an image: what must be made while a step computes.
func BenchmarkViews(b *testing.B) {
	area := Range{0.08, 1}
	ratio := Range{0.75, 1.3333}
	for name, steps := range map[string]Steps{
		"finetune": {
			RandAugment{4, 0.5, 7, 0.5, true, []Interpolation{Bicubic}},
			ResizedCrop{160, area, ratio, TensorBilinear}, Flip(0.5), Erase{0.25, Range{0.02, 1.0 / 3}, Range{0.3, 1 / 0.3}, Noise},
		},
		"pretrain": {Box{0, 32, 160, 160}, Resize{192, TensorBilinear}, ResizedCrop{160, area, ratio, TensorBilinear}},
	} {
		b.Run(name, func(b *testing.B) {
			size := map[string]int{"finetune": 160, "pretrain": 224}[name]
			f, rng := noise(16, size, size), newRand(1)
			for b.Loop() {
				steps.View(f.Clone(), rng)
			}
		})
	}
}

func BenchmarkOperations(b *testing.B) {
	f := noise(16, 160, 160)
	for _, o := range operations {
		b.Run(o.name, func(b *testing.B) {
			change := Operations{{o.name, argument(o.name, 0.7, 1, true), Bicubic}}
			for b.Loop() {
				change.Apply(f.View())
			}
		})
	}
}
