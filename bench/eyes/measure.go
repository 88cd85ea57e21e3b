package main

import (
	"fmt"
	"math/cmplx"
	"slices"

	"mien/data"
	"mien/face/eyes"
)

// tries is the number of places from which the eyes of a portrait are looked for.
const tries = 4

// measure returns how far the middles of eyes are found from where they are, in percent of the distance between the eyes: of a portrait that of
// the worse eye. They are looked for from places that are off by as much as those of a detector are.
func (l *learner) measure(held []*eye) (errs []float64, err error) {
	f := eyes.Of(l.net, l.backend)
	for i := 0; i < len(held); i += 2 {
		left, right := held[i], held[i+1]
		rng := data.Stream(0, "tries", i)
		near := func(e *eye) complex128 {
			return e.middle() + e.along*complex(normal(rng, 0.025, 3), normal(rng, 0.025, 3))
		}
		for range tries {
			found, err := f.Find(left.picture, near(left), near(right))
			if err != nil {
				return nil, err
			}
			off := func(k int, e *eye) float64 { return 100 * cmplx.Abs((found[k].Middle-e.middle())/e.along) }
			errs = append(errs, max(off(0, left), off(1, right)))
		}
	}
	return errs, nil
}

func say(what string, errs []float64) {
	slices.Sort(errs)
	at := func(share float64) float64 { return errs[int(share*float64(len(errs)-1)+0.5)] }
	within := 0
	for within < len(errs) && errs[within] <= 3 {
		within++
	}
	fmt.Printf("%s: median %.2f %%, 95 of 100 within %.2f %%, 99 within %.2f %%, all within %.2f %%; %d of %d within 3 %%\n",
		what, at(0.5), at(0.95), at(0.99), at(1), within, len(errs))
}
