// Package annotated has the corners of the eyes in the portraits of the Face Research Lab London Set, which are not part of this repository:
// see README.md. The network of face/eyes learned from those of the sitters for training, and tests measure it on the others. The binary does
// not contain this package.
package annotated

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math/cmplx"
	"strings"
)

// Eyes are those of a face in a picture.
type Eyes struct {
	Picture string // its file in the folder of the set
	// Corners of the lids from left to right, in pixels from the upper left corner of the picture: outer and inner one of the left eye, inner and
	// outer one of the right eye. They are the means of all passes.
	Corners [4]complex128
}

// Middles are those of both eyes, halfway between their corners.
func (e Eyes) Middles() (left, right complex128) {
	return (e.Corners[0] + e.Corners[1]) / 2, (e.Corners[2] + e.Corners[3]) / 2
}

// Apart returns the distance between the eyes.
func (e Eyes) Apart() float64 {
	left, right := e.Middles()
	return cmplx.Abs(right - left)
}

// Sitter is the file name of the pictures of a person.
func (e Eyes) Sitter() string { return e.Picture[strings.LastIndex(e.Picture, "/")+1:] }

//go:embed eyes.csv
var file string

// passes is how many times each eye was annotated.
const passes = 4

// Portraits returns the eyes of all portraits.
func Portraits() ([]Eyes, error) {
	each, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("eyes.csv: %w", err)
	}
	all := make([]Eyes, len(each)/passes)
	for i := range all {
		all[i].Picture = each[i*passes].Picture
		for _, e := range each[i*passes : (i+1)*passes] {
			for k, z := range e.Corners {
				all[i].Corners[k] += z / passes
			}
		}
	}
	return all, nil
}

// parse reads the eyes of each pass, those of a picture one after the other.
func parse(text string) (each []Eyes, err error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	for i, row := range rows[1:] {
		e := Eyes{Picture: row[0]}
		if row[1] != fmt.Sprint(i%passes+1) || i%passes > 0 && each[i-1].Picture != e.Picture {
			return nil, fmt.Errorf("line %d: not pass %d of its picture", i+2, i%passes+1)
		}
		for k := range e.Corners {
			var x, y float64
			if _, err := fmt.Sscan(row[2+2*k]+" "+row[3+2*k], &x, &y); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+2, err)
			}
			e.Corners[k] = complex(x, y)
		}
		each = append(each, e)
	}
	return each, nil
}
