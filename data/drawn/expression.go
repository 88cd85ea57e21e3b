// Package drawn draws faces: seven expressions built from the action units of the Facial Action Coding System,
// on people who differ in shape, skin, hair, light, pose and background. It is the data every command of mien
// can fall back on, needs no file and no licence, and is reproducible: sample i of a set depends on the set's
// seed and on i, nothing else.
//
// From the top: Images and Videos (dataset.go) are the sets. A sample is a Face (identity.go) performing AUs
// (this file), for videos along the curves of motion.go. render (draw.go) paints it in layers: background, body,
// head, nose, eyes, brows, mouth, hair. shape.go and canvas.go turn curves into anti-aliased coverage, light.go
// shades them as a relief under a directional light.
package drawn

import "math/rand/v2"

// Unit is an action unit: one muscle group of the face. The constants carry the numbers of the Facial Action
// Coding System (Ekman and Friesen 1978; Ekman, Friesen and Hager 2002) in their names.
type Unit int

const (
	AU1      Unit = iota // inner brow raiser
	AU2                  // outer brow raiser
	AU4                  // brow lowerer: down and together
	AU5                  // upper lid raiser
	AU6                  // cheek raiser: lower lid pushed up, crow's feet
	AU7                  // lid tightener
	AU9                  // nose wrinkler
	AU10                 // upper lip raiser
	AU12                 // lip corner puller
	AU15                 // lip corner depressor
	AU16                 // lower lip depressor
	AU17                 // chin raiser
	AU20                 // lip stretcher
	AU23                 // lip tightener
	AU24                 // lip pressor
	AU25                 // lips part
	AU26                 // jaw drop
	AU43                 // eyes closed; drooping lids at a low level, a blink when brief (AU45)
	NumUnits = int(AU43) + 1
)

// Levels holds an intensity in [0, 1] for each action unit; 1 is the strongest that is drawn.
type Levels [NumUnits]float64

// AUs is what a face does, for its two halves: the left of the image, then the right.
type AUs [2]Levels

// both returns the mean of the two halves.
func (a *AUs) both(u Unit) float64 { return (a[0][u] + a[1][u]) / 2 }

// part is one action unit of an expression. A core unit is always there; the others come and go with the person.
type part struct {
	unit  Unit
	level float64
	core  bool
}

// prototypes lists the action units of each class of expression after Ekman and Friesen's table of prototypes:
// happiness 6+12, sadness 1+4+15, surprise 1+2+5+26, fear 1+2+4+5+20+25, disgust 9+15+16, anger 4+5+7+23.
var prototypes = map[string][]part{
	"neutral":   {},
	"happiness": {{AU12, 1, true}, {AU6, 0.85, true}, {AU25, 0.9, false}, {AU26, 0.3, false}, {AU10, 0.2, false}},
	"sadness":   {{AU1, 1, true}, {AU4, 0.7, true}, {AU15, 1, true}, {AU17, 0.6, false}, {AU43, 0.45, false}},
	"surprise":  {{AU1, 1, true}, {AU2, 1, true}, {AU5, 0.8, true}, {AU26, 1, true}, {AU25, 0.6, true}},
	"fear": {{AU1, 1, true}, {AU4, 0.75, true}, {AU5, 1, true}, {AU20, 1, true}, {AU25, 0.8, true},
		{AU2, 0.5, true}, {AU26, 0.35, false}, {AU16, 0.4, false}},
	"disgust": {{AU9, 1, true}, {AU10, 0.75, true}, {AU15, 0.55, true}, {AU16, 0.4, false}, {AU7, 0.5, false},
		{AU4, 0.4, true}, {AU25, 0.4, false}, {AU17, 0.5, false}},
	"anger": {{AU4, 1, true}, {AU7, 0.7, true}, {AU23, 0.9, true}, {AU5, 0.55, true}, {AU24, 0.7, false}, {AU17, 0.4, false}},
}

// perform draws the way one person shows a class at its apex: an overall intensity of 0.6 to 1, each unit stronger or
// weaker than in the prototype, optional units present or not, slightly unequal halves, and faint stray units.
func perform(rng *rand.Rand, class string) AUs {
	var a AUs
	intensity := uniform(rng, 0.6, 1)
	for _, p := range prototypes[class] {
		share := uniform(rng, 0.8, 1.1)
		if !p.core {
			share = max(0, uniform(rng, -0.5, 1))
		}
		a.add(p.unit, p.level*intensity*share, normal(rng, 0.07))
	}
	for u := range NumUnits {
		a.add(Unit(u), max(0, uniform(rng, -0.9, 0.1)), 0)
	}
	return a
}

// add raises unit u by level, skew more on the left and as much less on the right, within [0, 1].
func (a *AUs) add(u Unit, level, skew float64) {
	a[0][u] = clamp(a[0][u]+level*(1+skew), 0, 1)
	a[1][u] = clamp(a[1][u]+level*(1-skew), 0, 1)
}

func clamp(x, lo, hi float64) float64 { return min(max(x, lo), hi) }

func uniform(rng *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }

// normal draws from a normal distribution of the given deviation, cut at two deviations.
func normal(rng *rand.Rand, deviation float64) float64 {
	return deviation * clamp(rng.NormFloat64(), -2, 2)
}
