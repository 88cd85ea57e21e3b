package recipe

import "math"

// Schedule returns the learning rate of a step, counted from 0 over the whole run.
type Schedule func(step int) float64

// WarmupCosine is the schedule of fine-tuning: a linear warm-up from 0 to base, both included, and then half a cosine from base
// towards end.
func WarmupCosine(base, end float64, warmup, total int) Schedule {
	return func(step int) float64 {
		if step < warmup {
			return base * float64(step) / float64(max(warmup-1, 1))
		}
		progress := float64(step-warmup) / float64(max(total-warmup, 1))
		return end + 0.5*(base-end)*(1+math.Cos(math.Pi*progress))
	}
}

// ComposedCosine is the schedule of pre-training: linear from start to base over the first fraction of the run, then the cosine
// of the whole run, which starts a little below base, as in the released code.
func ComposedCosine(start, base, fraction float64, total int) Schedule {
	return func(step int) float64 {
		w := float64(step) / float64(max(total, 1))
		if w < fraction {
			return base*(w/fraction) + start*(1-w/fraction)
		}
		return 0.5 * base * (1 + math.Cos(math.Pi*w))
	}
}

// Then follows first for the given number of steps, and second, counted from 0, from there on.
func Then(first Schedule, steps int, second Schedule) Schedule {
	return func(step int) float64 {
		if step < steps {
			return first(step)
		}
		return second(step - steps)
	}
}

// Schedule returns the learning rates of a run with so many steps an epoch, as published for its kind. A fine-tuning run that
// warms up on drawn faces restarts its schedule with the lists.
func (r Recipe) Schedule(steps int) Schedule {
	t := r.Train
	if r.Kind == Pretrain {
		return ComposedCosine(t.MinLR, t.LR, t.WarmupEpochs/float64(t.Epochs), t.Epochs*steps)
	}
	cosine := func(epochs int) Schedule {
		return WarmupCosine(t.LR, t.MinLR, int(t.WarmupEpochs*float64(steps)), epochs*steps)
	}
	return Then(cosine(t.DrawnEpochs), t.DrawnEpochs*steps, cosine(t.Epochs-t.DrawnEpochs))
}
