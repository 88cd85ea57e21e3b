package infer

import "math"

// How far a model's confidence can be taken at its word.

// Bins is the number of bins of a calibration, of equal width from 0 to 1.
const Bins = 15

// Calibration compares the probability of each answer with how often such answers are right. All but counts is in percent.
type Calibration struct {
	ECE  float64 `json:"ece"`  // expected calibration error
	Bins []Bin   `json:"bins"` // by confidence, from 0 on: 15 of equal width
}

// Bin is the answers whose confidence lies in one interval, its upper end included.
type Bin struct {
	N          int     `json:"n"`
	Confidence float64 `json:"confidence"` // mean probability of the likeliest class, 0 without answers
	Accuracy   float64 `json:"accuracy"`   // share of right answers, likewise
}

// NewCalibration sorts answers into bins by their confidence.
func NewCalibration(answers []Answer) Calibration {
	c := Calibration{Bins: make([]Bin, Bins)}
	for _, a := range answers {
		confidence := a.Probabilities[a.Class]
		if math.IsNaN(confidence) { // of a model whose numbers overflow: it knows nothing
			confidence = 0
		}
		b := &c.Bins[min(max(int(math.Ceil(confidence*Bins))-1, 0), Bins-1)]
		b.N++
		b.Confidence += 100 * confidence // a sum until all are counted
		if a.Class == a.Truth {
			b.Accuracy += 100
		}
	}
	for i := range c.Bins {
		b := &c.Bins[i]
		b.Confidence /= float64(max(b.N, 1))
		b.Accuracy /= float64(max(b.N, 1))
	}
	c.ECE = expectedCalibrationError(c.Bins, len(answers))
	return c
}

// expectedCalibrationError is equation 3 of Guo et al., "On Calibration of Modern Neural Networks" (2017):
// Σ_m |B_m|/n · |acc(B_m) − conf(B_m)|.
func expectedCalibrationError(bins []Bin, n int) (ece float64) {
	for _, b := range bins {
		ece += float64(b.N) / float64(max(n, 1)) * math.Abs(b.Accuracy-b.Confidence)
	}
	return ece
}
