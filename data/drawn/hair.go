package drawn

import (
	"math"
	"math/rand/v2"
)

// Hair lies in front of the ellipsoid's rim: it is projected at this depth.
const hairDepth = 0.12

// cuts are the outlines of the hair styles, right halves from the middle outwards: what falls behind head and neck,
// the outline around the skull, and where the forehead begins.
var cuts = map[string]struct{ back, outer, hairline []point }{
	"short":  {nil, shortOuter, lowHairline},
	"parted": {nil, shortOuter, highHairline},
	"long":   {longBack, longOuter, longHairline},
	"bob":    {bobBack, longOuter, longHairline},
	"bun":    {bunBack, shortOuter, highHairline},
	"curly":  {nil, shortOuter, highHairline},
	"scarf":  {scarfBack, scarfBack, scarfHem},
	"bald":   {},
}

var (
	longBack  = []point{-1.12i, 0.55 - 1.02i, 0.86 - 0.55i, 0.92 + 0.1i, 0.95 + 0.8i, 0.98 + 1.5i, 1.6i}
	bobBack   = []point{-1.12i, 0.55 - 1.02i, 0.88 - 0.5i, 0.95 + 0.1i, 0.97 + 0.6i, 0.80 + 0.86i, 0.5 + 0.8i, 0.7i}
	bunBack   = []point{-1.4i, 0.3 - 1.2i, 0.5 - 0.99i, 0.78 - 0.6i, 0.80 - 0.1i, 0.74 + 0.25i, 0.3i}
	scarfBack = []point{-1.14i, 0.55 - 1.03i, 0.87 - 0.55i, 0.92 + 0.1i, 0.86 + 0.7i, 0.95 + 1.3i, 1.15 + 1.9i, 2.2i}

	shortOuter = []point{-1.14i, 0.43 - 1.06i, 0.74 - 0.74i, 0.83 - 0.3i, 0.80}
	longOuter  = []point{-1.13i, 0.42 - 1.05i, 0.72 - 0.74i, 0.82 - 0.3i, 0.88 + 0.2i, 0.90 + 0.60i, 0.84 + 0.84i}

	lowHairline  = []point{-0.70i, 0.30 - 0.69i, 0.52 - 0.60i, 0.63 - 0.42i, 0.70 - 0.15i}
	highHairline = []point{-0.72i, 0.32 - 0.67i, 0.54 - 0.53i, 0.66 - 0.32i, 0.72 - 0.08i}
	longHairline = []point{-0.82i, 0.26 - 0.70i, 0.50 - 0.48i, 0.63 - 0.2i, 0.685 + 0.15i, 0.70 + 0.5i, 0.76 + 0.80i}
	scarfHem     = []point{-0.74i, 0.36 - 0.68i, 0.58 - 0.46i, 0.68 - 0.1i, 0.68 + 0.3i, 0.58 + 0.62i, 0.38 + 0.87i, 0.16 + 0.97i, 0.985i}
)

// hair paints what frames the forehead.
func (p *painter) hair() {
	cut := cuts[p.Style]
	if cut.outer == nil {
		return
	}
	p.soft(p.at(-0.62i, hairDepth), 0.75, 0.20, on(p.shade, 0.35, p.head))
	p.area(p.part, loop(p.outline(hairDepth, cut.outer...), p.outline(hairDepth, cut.hairline...)), on(p.HairColour, 1, nil))
	rng := rand.New(rand.NewPCG(p.Texture, 3))
	if p.Style == "curly" {
		for range 40 { // curls of nearly equal tone around the skull
			r := uniform(rng, 0.95, 1.08)
			sin, cos := math.Sincos(math.Pi * uniform(rng, -1.1, 0.1))
			k := on(p.HairColour.times(uniform(rng, 0.86, 1.2)), 0.9, nil)
			p.oval(p.flat(hairDepth, complex(0.86*r*cos, r*sin-0.12))[0], 0.16, 0.16, 0, k)
		}
		return
	}
	start := uniform(rng, -0.25, 0.25)
	tones := []RGB{p.HairColour.times(1.35).mix(RGB{1, 0.95, 0.85}, 0.06), p.HairColour.times(0.55)}
	for range 14 { // streaks from the parting outwards, those beside the face
		u := pick(rng, []float64{-1, 1}) * uniform(rng, 0.6, 1)
		drop := 0.1 * math.Abs(u)
		streak := []point{complex(start+0.1*u, -1.10), complex(start*0.5+0.55*u, drop-0.92), complex(0.80*u, drop-0.55),
			complex(0.88*u, -0.1), complex(0.90*u, 0.5), complex(0.70*u, 1.2)}
		k := on(pick(rng, tones), uniform(rng, 0.15, 0.4), p.part)
		p.curve(p.flat(hairDepth, streak...), uniform(rng, 0.02, 0.05), even, k)
	}
}
