package infer

// Confusion counts predictions: row is the true class, column the predicted one.
type Confusion [][]int

// NewConfusion returns an empty matrix.
func NewConfusion(classes int) Confusion {
	c := make(Confusion, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	return c
}

// Add counts one prediction.
func (c Confusion) Add(truth, predicted int) { c[truth][predicted]++ }

// N is the number of predictions.
func (c Confusion) N() int {
	n := 0
	for class := range c {
		n += c.Count(class)
	}
	return n
}

// Count is the number of samples of a true class.
func (c Confusion) Count(class int) int {
	n := 0
	for _, v := range c[class] {
		n += v
	}
	return n
}

// Recall returns the percentage of a class that was classified correctly; ok is false for a class without samples.
func (c Confusion) Recall(class int) (percent float64, ok bool) {
	n := c.Count(class)
	if n == 0 {
		return 0, false
	}
	return 100 * float64(c[class][class]) / float64(n), true
}

// UAR is the unweighted average recall in percent: the mean recall of the classes present.
func (c Confusion) UAR() float64 {
	sum, classes := 0.0, 0
	for i := range c {
		if r, ok := c.Recall(i); ok {
			sum += r
			classes++
		}
	}
	return sum / float64(max(classes, 1))
}

// WAR is the weighted average recall in percent: plain accuracy.
func (c Confusion) WAR() float64 {
	right := 0
	for i := range c {
		right += c[i][i]
	}
	return 100 * float64(right) / float64(max(c.N(), 1))
}

// Predicted is the number of samples that were taken for a class.
func (c Confusion) Predicted(class int) int {
	n := 0
	for i := range c {
		n += c[i][class]
	}
	return n
}

// Precision returns the percentage of what was taken for a class that is of it; ok is false where nothing was.
func (c Confusion) Precision(class int) (percent float64, ok bool) {
	n := c.Predicted(class)
	if n == 0 {
		return 0, false
	}
	return 100 * float64(c[class][class]) / float64(n), true
}

// F1 is the harmonic mean of precision and recall in percent; 0 if neither says anything, as of a class that never occurs.
func (c Confusion) F1(class int) float64 {
	return 200 * float64(c[class][class]) / float64(max(c.Count(class)+c.Predicted(class), 1))
}

// MacroF1 is the mean F1 in percent of the classes that occur, as truth or as answer: what scikit-learn, with which the released
// code measures, calls macro.
func (c Confusion) MacroF1() float64 {
	sum, classes := 0.0, 0
	for i := range c {
		if c.Count(i)+c.Predicted(i) > 0 {
			sum += c.F1(i)
			classes++
		}
	}
	return sum / float64(max(classes, 1))
}

// WeightedF1 is the mean in percent over samples of the F1 of their class.
func (c Confusion) WeightedF1() float64 {
	sum := 0.0
	for i := range c {
		sum += float64(c.Count(i)) * c.F1(i)
	}
	return sum / float64(max(c.N(), 1))
}
