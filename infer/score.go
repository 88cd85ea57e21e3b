package infer

import (
	"math"

	"mien/data"
)

// The result of an evaluation on one set, computed from its answers.

// Score is the result on one set. All figures but counts and the loss are in percent.
type Score struct {
	UAR        float64   `json:"uar"`
	WAR        float64   `json:"war"`
	N          int       `json:"n"`
	Skipped    int       `json:"skipped"`     // unreadable samples that are not among them
	MacroF1    float64   `json:"macro_f1"`    // mean over the classes
	WeightedF1 float64   `json:"weighted_f1"` // mean over the samples
	Labels     []string  `json:"labels"`      // names of the classes, in the order of the confusion matrix
	Classes    []Class   `json:"classes"`     // in the same order
	Confusion  Confusion `json:"confusion"`

	Loss        float64     `json:"loss"` // mean of −log p of the true class
	Calibration Calibration `json:"calibration"`
	Bootstrap   *Bootstrap  `json:"bootstrap,omitempty"`          // where it is asked for
	Agreement   *Agreement  `json:"agreement_with_f32,omitempty"` // set if the model has a Reference

	Head    data.Modality `json:"head,omitempty"` // that answered, where one was chosen for all samples
	Answers []Answer      `json:"-"`
}

// Class is the result of one class.
type Class struct {
	N         int     `json:"n"`         // samples of the class
	Predicted int     `json:"predicted"` // samples that were taken for it
	Recall    float64 `json:"recall"`    // 0 without samples
	Precision float64 `json:"precision"` // 0 where none was taken for it
	F1        float64 `json:"f1"`
}

// NewScore computes the score of answers about samples of the named classes. Answers of several models, as of the folds of a
// cross-validation, are pooled by giving them all.
func NewScore(labels []string, answers []Answer) *Score {
	c := NewConfusion(len(labels))
	for _, a := range answers {
		c.Add(a.Truth, a.Class)
	}
	s := &Score{UAR: c.UAR(), WAR: c.WAR(), Loss: meanLoss(answers), N: c.N(), MacroF1: c.MacroF1(), WeightedF1: c.WeightedF1(), Labels: labels,
		Confusion: c, Calibration: NewCalibration(answers), Answers: answers}
	for i := range labels {
		recall, _ := c.Recall(i)
		precision, _ := c.Precision(i)
		s.Classes = append(s.Classes, Class{c.Count(i), c.Predicted(i), recall, precision, c.F1(i)})
	}
	return s
}

// leastNormal is the least number above 0 with all its digits: of smaller ones, math.Log is not the same on all processors.
const leastNormal = 0x1p-1022

// meanLoss is the mean of −log p of the true class, with p as mixed over the views of a sample. A p of 0 counts as leastNormal.
func meanLoss(answers []Answer) float64 {
	sum := 0.0
	for _, a := range answers {
		sum -= math.Log(max(a.Probabilities[a.Truth], leastNormal))
	}
	return sum / float64(max(len(answers), 1))
}

// NamedScore is a score with the name of its set.
type NamedScore struct {
	Name     string
	Modality data.Modality
	*Score
}
