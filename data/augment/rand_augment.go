package augment

import (
	"math"
	"math/rand/v2"

	"mien/data"
)

// RandAugment changes bytes by a few of fifteen operations, drawn with replacement (Cubuk et al. 2020), as timm does: each is
// left out with probability 1 − Probability, and has a magnitude of its own around Magnitude, of at most 10.
type RandAugment struct {
	Operations     int             `toml:"operations" comment:"drawn for each sample"`
	Probability    float64         `toml:"probability" comment:"that one of them is carried out"`
	Magnitude      float64         `toml:"magnitude" comment:"0 to 10"`
	Deviation      float64         `toml:"deviation" comment:"standard deviation of the magnitude"`
	Increasing     bool            `toml:"increasing" comment:"posterize, solarize and the enhancements do more at a higher magnitude"`
	Interpolations []Interpolation `toml:"interpolations" comment:"of rotation, shear and translation: bilinear, bicubic or either"`
}

// Operations are the drawn operations of RandAugment, carried out in order.
type Operations []Operation

// Operation is one of the fifteen, with its choices made.
type Operation struct {
	Name          string
	Argument      float64       // degrees, bits, threshold, factor or share of the width or height
	Interpolation Interpolation // of rotation, shear and translation: Bilinear or Bicubic
}

// operations are the fifteen, in timm's order, and what they do to the h×w pixels of a frame: they write to pix, or else all of spare,
// and return which.
var operations = []struct {
	name  string
	apply func(pix, spare []uint8, h, w int, o Operation) []uint8
}{
	{"AutoContrast", autoContrast}, {"Equalize", equalize}, {"Invert", invert}, {"Rotate", rotate}, {"Posterize", posterize},
	{"Solarize", solarize}, {"SolarizeAdd", solarizeAdd}, {"Color", color}, {"Contrast", contrast}, {"Brightness", brightness},
	{"Sharpness", sharpness}, {"ShearX", shearX}, {"ShearY", shearY}, {"TranslateX", translateX}, {"TranslateY", translateY},
}

// Draw implements Step.
func (r RandAugment) Draw(_, _, _ int, rng *rand.Rand) Change {
	var all Operations
	for range r.Operations {
		name := operations[rng.IntN(len(operations))].name
		leave := rng.Float64() >= r.Probability
		magnitude := min(max(r.Magnitude+float64(r.Deviation*rng.NormFloat64()), 0), 10)
		sign := float64(2*rng.IntN(2) - 1)
		how := r.Interpolations[rng.IntN(len(r.Interpolations))]
		if !leave {
			all = append(all, Operation{name, argument(name, magnitude/10, sign, r.Increasing), how})
		}
	}
	return all
}

// argument turns a level in [0, 1] into the argument of an operation.
func argument(name string, level, sign float64, increasing bool) float64 {
	switch name {
	case "Rotate": // degrees
		return sign * 30 * level
	case "Posterize": // bits that are kept
		if increasing {
			return 4 - math.Trunc(4*level)
		}
		return math.Trunc(4 * level)
	case "Solarize": // least value that is inverted
		if increasing {
			return 256 - math.Trunc(256*level)
		}
		return math.Trunc(256 * level)
	case "SolarizeAdd": // added to values below 128
		return math.Trunc(110 * level)
	case "Color", "Contrast", "Brightness", "Sharpness": // 1 changes nothing
		if increasing {
			return 1 + float64(sign*0.9*level)
		}
		return float64(1.8*level) + 0.1
	case "ShearX", "ShearY": // of one side, over the other
		return sign * 0.3 * level
	case "TranslateX", "TranslateY": // share of the side
		return sign * 0.45 * level
	}
	return 0
}

// Apply implements Change. It panics if the pixels are floats.
func (all Operations) Apply(v data.View) data.View {
	n := v.H * v.W * 3
	spare := make([]uint8, n)
	for t := range v.T {
		frame := v.Bytes[t*n : (t+1)*n]
		pix, other := frame, spare
		for _, o := range all {
			if result := o.apply(pix, other, v.H, v.W); &result[0] != &pix[0] {
				pix, other = other, pix
			}
		}
		if &pix[0] != &frame[0] {
			copy(frame, pix)
		}
	}
	return v
}

// apply panics if there is no operation of that name.
func (o Operation) apply(pix, spare []uint8, h, w int) []uint8 {
	for _, known := range operations {
		if known.name == o.Name {
			return known.apply(pix, spare, h, w, o)
		}
	}
	panic("augment: no operation " + o.Name)
}
