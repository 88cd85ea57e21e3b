package main

import (
	"fmt"
	"math/cmplx"
	"math/rand/v2"
	"slices"

	"mien/data"
	"mien/face/eyes"
)

// tries is the number of places from which the eyes of a portrait are looked for.
const tries = 4

// measured is what is known of eyes that a network was measured on.
type measured struct {
	worse []float64 // how far the worse eye of a portrait is found from where it is, in percent of the distance between the eyes
	each  []looked
}

// looked is one eye: how widely its corners are spread, and how far it is found from where it is, and was looked for.
type looked struct{ spread, found, from float64 }

// measure looks for the eyes of portraits from places that are off by as much as those of a detector are, and as often with one of them
// covered.
func (l *learner) measure(held []*face) (m measured, err error) {
	finder := eyes.Of(l.net, l.backend)
	for i, f := range held {
		rng := data.Stream(0, "tries", i)
		for try := range tries {
			both, err := lookForBoth(finder, f, f.picture, rng)
			if err != nil {
				return m, err
			}
			m.worse = append(m.worse, max(both[0].found, both[1].found))
			covered, err := lookForBoth(finder, f, f.covered(try%2, rng), rng)
			if err != nil {
				return m, err
			}
			m.each = append(m.each, append(both[:], covered[:]...)...)
		}
	}
	return m, nil
}

// lookForBoth looks for both eyes of a face in a picture of it.
func lookForBoth(finder *eyes.Finder, f *face, picture *data.Frames, rng *rand.Rand) (both [2]looked, err error) {
	from := [2]complex128{f.near(0, rng), f.near(1, rng)}
	found, err := finder.Find(picture, from[0], from[1])
	for i, e := range found {
		both[i] = looked{e.Spread, f.off(i, e.Middle), f.off(i, from[i])}
	}
	return both, err
}

// near draws a place from which an eye is looked for.
func (f *face) near(i int, rng *rand.Rand) complex128 {
	return f.middle(i) + f.along*complex(normal(rng, 0.025, 3), normal(rng, 0.025, 3))
}

// off is how far a place is from the middle of an eye, in percent of the distance between the eyes.
func (f *face) off(i int, at complex128) float64 { return 100 * cmplx.Abs((at-f.middle(i))/f.along) }

// covered returns the picture with a rectangle over an eye: of some size, so that of some eyes a part is seen.
func (f *face) covered(i int, rng *rand.Rand) *data.Frames {
	picture, apart := f.picture.Clone(), cmplx.Abs(f.along)
	at := f.middle(i) + f.along*complex(normal(rng, 0.1, 3), normal(rng, 0.05, 3))
	w, h := apart*(0.1+0.3*rng.Float64()), apart*(0.05+0.25*rng.Float64()) // halves
	colour := [3]uint8{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256))}
	for y := max(0, int(imag(at)-h)); y < min(picture.H, int(imag(at)+h)); y++ {
		for x := max(0, int(real(at)-w)); x < min(picture.W, int(real(at)+w)); x++ {
			copy(picture.Pix[(y*picture.W+x)*3:], colour[:])
		}
	}
	return picture
}

// doubt says how well eyes are found by how widely their corners are spread: by it package face has its limits, from which it believes less.
func doubt(each []looked) {
	const step = 0.01
	fmt.Println("spread  eyes  found, median and 95 of 100  looked for, likewise")
	for from := 0.; from < 0.3; from += step {
		var found, start []float64
		for _, e := range each {
			if e.spread >= from && e.spread < from+step {
				found, start = append(found, e.found), append(start, e.from)
			}
		}
		if len(found) > 0 {
			fmt.Printf("%.2f  %6d  %6.1f %6.1f  %6.1f %6.1f\n", from, len(found), share(found, 0.5), share(found, 0.95), share(start, 0.5), share(start, 0.95))
		}
	}
}

// share returns the value within which a share of all are.
func share(all []float64, of float64) float64 {
	slices.Sort(all)
	return all[int(of*float64(len(all)-1)+0.5)]
}

func say(what string, errs []float64) {
	within := 0
	for _, e := range errs {
		if e <= 3 {
			within++
		}
	}
	fmt.Printf("%s: median %.2f %%, 95 of 100 within %.2f %%, 99 within %.2f %%, all within %.2f %%; %d of %d within 3 %%\n",
		what, share(errs, 0.5), share(errs, 0.95), share(errs, 0.99), share(errs, 1), within, len(errs))
}
