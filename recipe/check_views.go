package recipe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mien/data"
	"mien/data/augment"
)

// checkViews returns an error unless the steps of each modality have their settings, no others are given, and the steps lead from
// what is decoded to a view of the model's size.
func (r Recipe) checkViews() error {
	for _, m := range []data.Modality{data.Image, data.Video} {
		v, name, size := r.Views.Of(m), "views."+string(m), r.Model.ImageSize
		least := data.ByModality(m, 0, 1) // a video of any size may not fit into memory
		if err := cmp.Or(Within(name+".decode", v.Decode, least, maxSide), v.checkSteps(name, size), v.checkSettings(name)); err != nil {
			return err
		}
		if err := v.checkFrames(name, size); err != nil {
			return err
		}
	}
	return nil
}

// checkSteps compares the steps with the settings that are given.
func (v ViewSettings) checkSteps(name string, size int) error {
	all := v.settings(size)
	for i, step := range v.Steps {
		known := slices.IndexFunc(all, func(s setting) bool { return s.name == step })
		switch {
		case known < 0:
			var names []string
			for _, s := range all {
				names = append(names, s.name)
			}
			return fmt.Errorf("%s.steps has %.60q: choose of %s", name, step, strings.Join(names, ", "))
		case slices.Contains(v.Steps[:i], step):
			return fmt.Errorf("%s.steps has %s twice", name, step)
		case all[known].step == nil:
			return fmt.Errorf("%s.steps has %s, which has no settings: add %s.%s", name, step, name, step)
		}
	}
	for _, s := range all {
		if s.step != nil && s.name != "crop" && !slices.Contains(v.Steps, s.name) {
			return fmt.Errorf("%s.%s has no effect: add %s to %s.steps, or leave it out", name, s.name, s.name, name)
		}
	}
	return nil
}

// checkSettings checks the numbers of each step by themselves. A step that never does anything is refused: it need not be listed.
func (v ViewSettings) checkSettings(name string) error {
	var err error
	if f := v.Flip; f != nil {
		err = likely(name+".flip", float64(*f))
	}
	if b := v.Box; b != nil {
		name := name + ".box."
		err = cmp.Or(err, Within(name+"top", b.Top, 0, maxSide), Within(name+"left", b.Left, 0, maxSide),
			Within(name+"height", b.Height, 1, maxSide), Within(name+"width", b.Width, 1, maxSide))
	}
	if s := v.Resize; s != nil {
		err = cmp.Or(err, Within(name+".resize.size", s.Size, 1, maxSide), oneOf(name+".resize.interpolation", s.Interpolation, interpolations...))
	}
	if c := v.ResizedCrop; c != nil {
		name := name + ".resized_crop."
		err = cmp.Or(err, checkRange(name+"area", c.Area, 0.01, 1), checkRange(name+"ratio", c.Ratio, 0.01, 100),
			oneOf(name+"interpolation", c.Interpolation, interpolations...))
	}
	if a := v.RandAugment; a != nil {
		err = cmp.Or(err, checkRandAugment(name+".rand_augment.", *a))
	}
	if j := v.Jitter; j != nil {
		name := name + ".jitter."
		err = cmp.Or(err, Within(name+"brightness", j.Brightness, 0, 0.99), Within(name+"contrast", j.Contrast, 0, 0.99),
			Within(name+"saturation", j.Saturation, 0, 0.99))
		if *j == (augment.Jitter{}) {
			err = cmp.Or(err, fmt.Errorf("%sbrightness, contrast and saturation are all 0: leave jitter out", name))
		}
	}
	if e := v.Erase; e != nil {
		name := name + ".erase."
		err = cmp.Or(err, likely(name+"probability", e.Probability), checkRange(name+"area", e.Area, 0.0001, 1),
			checkRange(name+"ratio", e.Ratio, 0.01, 100), oneOf(name+"fill", e.Fill, augment.Zero, augment.Noise))
	}
	return err
}

func checkRandAugment(name string, a augment.RandAugment) error {
	err := cmp.Or(Within(name+"operations", a.Operations, 1, 100), likely(name+"probability", a.Probability),
		Within(name+"magnitude", a.Magnitude, 0, 10), Within(name+"deviation", a.Deviation, 0, 10))
	if len(a.Interpolations) == 0 {
		err = cmp.Or(err, fmt.Errorf("%sinterpolations is empty: choose bilinear, bicubic or both", name))
	}
	for _, how := range a.Interpolations {
		err = cmp.Or(err, oneOf(name+"interpolations", how, augment.Bilinear, augment.Bicubic))
	}
	return err
}

var interpolations = []augment.Interpolation{augment.Bilinear, augment.Bicubic, augment.TensorBilinear, augment.TensorBicubic}

// frames are what a step works on, as far as it is known beforehand.
type frames struct {
	h, w   int    // 0 is any size; of any shape where exact is false, h and w are least sizes
	exact  bool   // h and w
	floats string // the step that made floats of bytes
}

// checkFrames follows the frames through all steps.
func (v ViewSettings) checkFrames(name string, size int) error {
	f := frames{h: v.Decode, w: v.Decode, exact: v.Decode > 0}
	for _, step := range v.Steps {
		if err := v.follow(&f, step, size); err != nil {
			return fmt.Errorf("%s.steps: %w", name, err)
		}
	}
	if f.exact && f.h == size && f.w == size {
		return nil
	}
	what := "of any size"
	if f.exact {
		what = fmt.Sprintf("of %d×%d pixels", f.w, f.h)
	}
	return fmt.Errorf("%s.steps: views are %s, and model.image_size is %d: add crop or resized_crop", name, what, size)
}

// follow changes f as a step does, or says why the step is impossible.
func (v ViewSettings) follow(f *frames, step string, size int) error {
	how := augment.Bilinear
	switch step {
	case "box":
		if b := *v.Box; b.Left+b.Width > f.w || b.Top+b.Height > f.h {
			return fmt.Errorf("box reaches to row %d and column %d of frames of %s", b.Top+b.Height, b.Left+b.Width, f.size())
		}
		f.h, f.w, f.exact = v.Box.Height, v.Box.Width, true
	case "crop":
		if min(f.h, f.w) < size {
			return fmt.Errorf("crop takes %d×%d pixels of frames of %s", size, size, f.size())
		}
		f.h, f.w, f.exact = size, size, true
	case "resize":
		d := v.Resize.Draw(1, max(f.h, 1), max(f.w, 1), nil).(augment.Resized)
		how, f.h, f.w = v.Resize.Interpolation, d.H, d.W
	case "resized_crop":
		how, f.h, f.w, f.exact = v.ResizedCrop.Interpolation, size, size, true
	}
	makes := step == "jitter" || step == "erase" && v.Erase.Fill == augment.Noise || strings.HasPrefix(string(how), "tensor")
	needs := step == "rand_augment" || (step == "resize" || step == "resized_crop") && !makes
	switch {
	case needs && f.floats != "":
		return fmt.Errorf("%s works on bytes: put it before %s, which makes floats", step, f.floats)
	case makes:
		f.floats = cmp.Or(f.floats, step)
	}
	return nil
}

func (f frames) size() string {
	if f.h == 0 {
		return "unknown size: set decode"
	}
	return fmt.Sprintf("%d×%d", f.w, f.h)
}

// likely accepts probabilities that are not 0.
func likely(name string, p float64) error {
	return check(p > 0 && p <= 1, name, p, "be more than 0 and at most 1; without the step, it never happens")
}

func checkRange(name string, r augment.Range, lo, hi float64) error {
	return check(r[0] >= lo && r[0] <= r[1] && r[1] <= hi, name, r, fmt.Sprintf("be two numbers from %v to %v, the smaller one first", lo, hi))
}

func oneOf[S ~string](name string, v S, of ...S) error {
	var names []string
	for _, s := range of {
		names = append(names, string(s))
	}
	return check(slices.Contains(of, v), name, fmt.Sprintf("%.60q", v), "be one of "+strings.Join(names, ", "))
}
