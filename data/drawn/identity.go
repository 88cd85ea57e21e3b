package drawn

import (
	"math"
	"math/rand/v2"
)

// Face is everything about an image that is not expression.
type Face struct {
	Identity
	Conditions
}

// Identity is who is drawn. Lengths are in face units, factors are around 1.
type Identity struct {
	HeadWidth, JawWidth, ChinLength float64 // factors
	EyeDistance                     float64 // half the distance between the eyes' centres
	EyeSize, EyeTilt                float64 // factor; slant of the lids, outer corners up if positive
	BrowHeight, BrowWidth, BrowArch float64 // offset up; thickness factor; arch factor
	NoseLength, NoseWidth           float64 // factors
	MouthWidth, LipFullness         float64 // factors
	RestMouth, RestBrow             float64 // resting slant of the mouth's corners and of the inner brows
	Age                             float64 // 0 to 1, deepens lines
	Sheen                           float64 // strength of the skin's highlight

	Skin, HairColour, BrowColour, Iris, Lips RGB     // a scarf takes the hair's place, and its colour
	Style                                    string  // of the hair: see cuts
	Beard                                    float64 // opacity; 0 is shaven
	Moustache                                bool    // no beard beside it
	Lashes                                   float64 // thickness factor of the upper lid's line
	Glasses                                  bool
	Frame, Clothes                           RGB
	Texture                                  uint64 // seed of hair strands and freckles
	Freckles                                 bool
}

// Conditions are light, pose, framing, background and camera of one frame.
type Conditions struct {
	LightX, LightY    float64 // direction to the light in the image plane, x right, y down; z = 1
	Ambient, Strength float64 // light everywhere, and from the direction
	Warmth            float64 // −1 bluish to 1 yellowish
	Roll, Yaw, Pitch  float64 // radians
	GazeX, GazeY      float64 // −1 to 1
	Scale             float64 // face unit as a share of the shorter side
	X, Y              float64 // shift of the point between the eyes from the centre, as a share of each side
	Near, Far         RGB     // background, bottom and top
	Noise             float64 // standard deviation of the sensor's noise, display values 0 to 1
	NoiseSeed         uint64
}

var (
	skinTones = []RGB{{1.00, 0.86, 0.76}, {0.98, 0.80, 0.67}, {0.93, 0.73, 0.57}, {0.87, 0.66, 0.48},
		{0.76, 0.54, 0.38}, {0.62, 0.42, 0.29}, {0.50, 0.33, 0.23}}
	hairColours = []RGB{{0.10, 0.08, 0.08}, {0.17, 0.11, 0.08}, {0.30, 0.18, 0.11}, {0.45, 0.28, 0.15},
		{0.62, 0.25, 0.12}, {0.80, 0.62, 0.34}, {0.68, 0.66, 0.64}}
	irisColours = []RGB{{0.24, 0.14, 0.08}, {0.33, 0.20, 0.10}, {0.45, 0.33, 0.16}, {0.32, 0.43, 0.28},
		{0.32, 0.48, 0.62}, {0.42, 0.50, 0.55}}
	clothColours = []RGB{{0.20, 0.32, 0.50}, {0.55, 0.22, 0.22}, {0.24, 0.42, 0.34}, {0.85, 0.82, 0.76},
		{0.25, 0.25, 0.29}, {0.80, 0.58, 0.25}, {0.45, 0.33, 0.52}}
	frameColours = []RGB{{0.10, 0.10, 0.11}, {0.35, 0.20, 0.12}, {0.55, 0.50, 0.42}}
	backgrounds  = []RGB{{0.80, 0.86, 0.90}, {0.90, 0.85, 0.78}, {0.62, 0.70, 0.66}, {0.44, 0.52, 0.62},
		{0.78, 0.72, 0.80}, {0.35, 0.36, 0.40}, {0.86, 0.78, 0.72}, {0.55, 0.62, 0.50}}
)

// NewFace draws a person and the conditions under which they are seen.
func NewFace(rng *rand.Rand) Face {
	return Face{newIdentity(rng), newConditions(rng)}
}

func newIdentity(rng *rand.Rand) Identity {
	d := Identity{
		HeadWidth: 1 + normal(rng, 0.03), JawWidth: 1 + normal(rng, 0.06), ChinLength: 1 + normal(rng, 0.03),
		EyeDistance: 0.33 + normal(rng, 0.012), EyeSize: 1 + normal(rng, 0.08), EyeTilt: 0.01 + normal(rng, 0.015),
		BrowHeight: normal(rng, 0.015), BrowWidth: 1 + normal(rng, 0.18), BrowArch: 1 + normal(rng, 0.3),
		NoseLength: 1 + normal(rng, 0.06), NoseWidth: 1 + normal(rng, 0.1),
		MouthWidth: 1 + normal(rng, 0.06), LipFullness: 1 + normal(rng, 0.18),
		RestMouth: normal(rng, 0.010), RestBrow: normal(rng, 0.008),
		Age: rng.Float64() * rng.Float64(), Sheen: uniform(rng, 0.04, 0.14),
		Lashes: 1, Texture: rng.Uint64(),
	}
	tone := uniform(rng, 0, float64(len(skinTones)-1))
	d.Skin = skinTones[int(tone)].mix(skinTones[int(tone)+1], tone-math.Floor(tone))
	// Dark skin has dark hair and eyes, age turns hair grey.
	colours, eyes := len(hairColours)-1, len(irisColours)
	if tone > 2.5 {
		colours, eyes = 3, 3
	}
	d.HairColour = hairColours[rng.IntN(colours)].times(uniform(rng, 0.9, 1.1))
	if d.Age > 0.5 {
		d.HairColour = d.HairColour.mix(hairColours[len(hairColours)-1], 0.75)
	}
	d.BrowColour = d.HairColour.mix(RGB{0.16, 0.10, 0.08}, 0.55)
	d.Iris = irisColours[rng.IntN(eyes)]
	d.Freckles = tone < 1.5 && rng.Float64() < 0.25
	d.Clothes = pick(rng, clothColours)
	d.Frame = pick(rng, frameColours)
	d.Glasses = rng.Float64() < 0.15
	d.dress(rng)
	return d
}

// dress chooses hair, beard and lips. Two broad looks keep combinations natural.
func (d *Identity) dress(rng *rand.Rand) {
	natural := d.Skin.times(0.86).mix(RGB{0.72, 0.30, 0.28}, 0.42)
	if rng.Float64() < 0.5 {
		d.Style = pick(rng, []string{"long", "long", "bob", "bun", "curly", "parted", "scarf"})
		if d.Style == "scarf" {
			d.HairColour = d.Clothes
		}
		d.Lashes = uniform(rng, 1.2, 1.7)
		d.BrowWidth *= 0.8
		d.JawWidth *= 0.96
		d.LipFullness *= 1.12
		d.Lips = natural.mix(RGB{0.72, 0.18, 0.22}, uniform(rng, 0, 0.6))
		return
	}
	d.Style = pick(rng, []string{"short", "short", "parted", "parted", "curly", "bald"})
	d.BrowWidth *= 1.1
	d.JawWidth *= 1.04
	d.Lips = natural
	switch r := rng.Float64(); {
	case r < 0.30:
		d.Beard = pick(rng, []float64{0.25, 0.4, 0.85})
	case r < 0.38:
		d.Beard, d.Moustache = 0.85, true
	}
}

func newConditions(rng *rand.Rand) Conditions {
	c := Conditions{
		LightX: uniform(rng, -0.9, 0.9), LightY: uniform(rng, -0.9, -0.1),
		Ambient: uniform(rng, 0.42, 0.6), Warmth: normal(rng, 0.4),
		Roll: normal(rng, 0.035), Yaw: normal(rng, 0.08), Pitch: normal(rng, 0.04),
		GazeX: normal(rng, 0.3), GazeY: normal(rng, 0.15),
		// As the aligned faces of real sets are cut: eyes at a third of the height, the chin just inside.
		Scale: 0.64 + normal(rng, 0.03), X: normal(rng, 0.012), Y: -0.18 + normal(rng, 0.015),
		Noise: uniform(rng, 0.004, 0.022), NoiseSeed: rng.Uint64(),
	}
	c.Strength = uniform(rng, 0.98, 1.12) - c.Ambient
	c.Near = pick(rng, backgrounds)
	c.Far = c.Near.mix(pick(rng, backgrounds), 0.5).times(uniform(rng, 0.75, 1.05))
	return c
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }
