package modelfile

import (
	"slices"
	"strings"

	"mien/data"
)

// What a model has learned from, as its file records it.

// Trained is the record of a model by modality: what each head has learned from or, of a pre-trained model, its encoder. It is nil
// for a file without a record, such as a published checkpoint, whose heads are taken as trained.
type Trained map[data.Modality]Origins

// Origins counts the different samples that a model has learned from, by where they come from. Those of several runs are added up.
type Origins struct {
	Listed  int  `json:"listed"`
	Drawn   int  `json:"drawn"`             // faces
	Unknown bool `json:"unknown,omitempty"` // others before: the first run began with a file without a record
}

// Has reports whether the model has learned from a modality.
func (t Trained) Has(m data.Modality) bool { return t == nil || t[m] != Origins{} }

// Plus returns the record of a model that has learned as t says, and then as more says.
func (t Trained) Plus(more Trained) Trained {
	sum := Trained{}
	for _, record := range []Trained{t, more} {
		for m, o := range record {
			s := sum[m]
			sum[m] = Origins{s.Listed + o.Listed, s.Drawn + o.Drawn, s.Unknown || o.Unknown}
		}
	}
	return sum
}

// Caveat warns of a model that has learned from drawn faces only, in any modality; "" if there is none.
func (t Trained) Caveat() string {
	var drawn []string
	for m, o := range t {
		if o.Drawn > 0 && o.Listed == 0 && !o.Unknown {
			drawn = append(drawn, string(m)+"s")
		}
	}
	if len(drawn) == 0 {
		return ""
	}
	slices.Sort(drawn)
	return "this model has learned from " + strings.Join(drawn, " and ") + " of drawn faces only: it cannot judge real faces"
}
