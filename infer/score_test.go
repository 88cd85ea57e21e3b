package infer

import (
	"bytes"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// some returns n answers of a truth and a class.
func some(n, truth, class int) []Answer {
	p := []float64{0.05, 0.05, 0.05, 0.05}
	p[class] = 0.85
	answers := make([]Answer, n)
	for i := range answers {
		answers[i] = Answer{Truth: truth, Class: class, Probabilities: p}
	}
	return answers
}

// Precision and F1 computed by hand. The third class never occurs, the fourth only as an answer.
func TestF1(t *testing.T) {
	c := Confusion{{6, 2, 0, 1}, {3, 4, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}
	precision, ok := c.Precision(0)
	require.True(t, ok)
	require.InDelta(t, 100*6/9.0, precision, 1e-12)
	precision, ok = c.Precision(3)
	require.True(t, ok)
	require.Zero(t, precision)
	_, ok = c.Precision(2)
	require.False(t, ok, "nothing was taken for it")
	require.Equal(t, []int{9, 6, 0, 1}, []int{c.Predicted(0), c.Predicted(1), c.Predicted(2), c.Predicted(3)})
	first, second := 100*2*6/(9+9.0), 100*2*4/(7+6.0)
	require.InDeltaSlice(t, []float64{first, second, 0, 0}, []float64{c.F1(0), c.F1(1), c.F1(2), c.F1(3)}, 1e-12)
	require.InDelta(t, (first+second+0)/3, c.MacroF1(), 1e-12, "over the classes that occur as truth or as answer")
	require.InDelta(t, (9*first+7*second)/16, c.WeightedF1(), 1e-12)
	require.Zero(t, NewConfusion(2).MacroF1())
	require.Zero(t, NewConfusion(2).WeightedF1())
}

// A score has the figures of the confusion matrix of its answers.
func TestScoreOfAnswers(t *testing.T) {
	answers := append(append(some(5, 0, 0), some(2, 0, 3)...), some(1, 3, 3)...)
	labels := []string{"a", "b", "c", "d"}
	s := NewScore(labels, answers)
	c := Confusion{{5, 0, 0, 2}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 1}}
	require.Equal(t, c, s.Confusion)
	require.Equal(t, []float64{c.UAR(), c.WAR(), c.MacroF1(), c.WeightedF1()}, []float64{s.UAR, s.WAR, s.MacroF1, s.WeightedF1})
	require.Equal(t, 8, s.N)
	require.Equal(t, labels, s.Labels)
	require.Equal(t, answers, s.Answers)
	recall, precision := 100*5/7.0, 100*1/3.0
	require.Equal(t, []Class{{7, 5, recall, 100, c.F1(0)}, {}, {}, {1, 3, 100, precision, c.F1(3)}}, s.Classes)
	require.InDelta(t, 85-100*6/8.0, s.Calibration.ECE, 1e-9)
}

// The loss is the mean of −log p of the true class, whatever the answer. A p of 0 counts as the least normal number above, and no other of
// those is raised.
func TestLossOfAnswers(t *testing.T) {
	answer := func(truth, class int, p ...float64) Answer {
		return Answer{Truth: truth, Class: class, Probabilities: p}
	}
	for _, c := range []struct {
		answers []Answer
		want    float64
	}{
		{nil, 0},
		{[]Answer{answer(1, 1, 0, 1)}, 0},
		{[]Answer{answer(0, 1, 0.125, 0.875)}, 3 * math.Ln2},
		{[]Answer{answer(0, 0, 0.5, 0.5), answer(1, 0, 0.75, 0.25), answer(0, 1, 0.0625, 0.9375)}, 7 * math.Ln2 / 3},
		{[]Answer{answer(1, 0, 1, 0x1p-1000)}, 1000 * math.Ln2},
		{[]Answer{answer(1, 0, 1, 0x1p-1060)}, 1022 * math.Ln2},
		{[]Answer{answer(1, 0, 1, 0), answer(1, 1, 0, 1)}, 1022 * math.Ln2 / 2},
	} {
		require.InDelta(t, c.want, NewScore([]string{"a", "b"}, c.answers).Loss, 1e-9, "%v", c.answers)
	}
	require.True(t, math.IsNaN(NewScore([]string{"a", "b"}, []Answer{answer(1, 0, math.NaN(), math.NaN())}).Loss), "of a model whose numbers overflow")
}

// Answers are compared with their confidence, bin by bin: 15 of equal width, to which their upper end belongs.
func TestCalibration(t *testing.T) {
	at := func(confidence float64, right bool) Answer {
		a := Answer{Class: 1, Probabilities: []float64{1 - confidence, confidence}}
		if right {
			a.Truth = 1
		}
		return a
	}
	c := NewCalibration([]Answer{at(0.61, true), at(0.65, false), at(0.66, true), at(1, true), at(0.95, false), at(0.2, true), at(0, false)})
	require.Len(t, c.Bins, 15)
	for i, want := range map[int]Bin{0: {1, 0, 0}, 2: {1, 20, 100}, 9: {3, 64, 100 * 2 / 3.0}, 14: {2, 97.5, 50}} {
		require.Equal(t, want.N, c.Bins[i].N, i)
		require.InDelta(t, want.Confidence, c.Bins[i].Confidence, 1e-9, i)
		require.InDelta(t, want.Accuracy, c.Bins[i].Accuracy, 1e-9, i)
	}
	require.InDelta(t, (1*0+1*80+3*(200/3.0-64)+2*47.5)/7, c.ECE, 1e-9)
	require.Zero(t, NewCalibration(nil).ECE)
	require.Equal(t, 1, NewCalibration([]Answer{at(math.NaN(), true)}).Bins[0].N)
}

// The intervals of the bootstrap are those of the distribution that is drawn from: of 400 samples of which a share p is right, p ± 1.96
// standard deviations.
func TestBootstrap(t *testing.T) {
	answers := append(some(300, 1, 1), some(100, 1, 2)...)
	none := NewScore([]string{"a", "b"}, nil)
	none.Resample(9, 7)
	require.Nil(t, none.Bootstrap, "of no answers")
	two := NewScore([]string{"a", "b", "c"}, append(some(1, 1, 1), some(1, 1, 2)...))
	two.Resample(40, 7)
	require.Equal(t, NewBootstrap(3, two.Answers, 40, 7), two.Bootstrap)
	require.Equal(t, Interval{0, 100}, two.Bootstrap.WAR, "some draws have none that is right, and some no other")
	b := NewBootstrap(4, answers, 4000, 7)
	require.Equal(t, 4000, b.Draws)
	half := 196 * math.Sqrt(0.75*0.25/400)
	require.InDelta(t, 75-half, b.WAR.Low, 0.5)
	require.InDelta(t, 75+half, b.WAR.High, 0.5)
	require.Equal(t, b.WAR, b.UAR, "of one class")
	require.Equal(t, NewBootstrap(4, answers, 10, 7), NewBootstrap(4, answers, 10, 7))
	require.NotEqual(t, NewBootstrap(4, answers, 10, 7), NewBootstrap(4, answers, 10, 8))

	common := append(append(some(90, 0, 0), some(10, 1, 1)...), some(20, 1, 2)...)
	b = NewBootstrap(4, common, 2000, 7)
	require.InDelta(t, (100+100/3.0)/2, (b.UAR.Low+b.UAR.High)/2, 2)
	require.InDelta(t, 100*100/120.0, (b.WAR.Low+b.WAR.High)/2, 2, "of a set that is mostly of the class that is always right")

	rare := append(answers, some(2, 0, 0)...)
	b = NewBootstrap(4, rare, 2000, 7)
	require.Less(t, b.UAR.Low, 75.0, "some draws have none of the rare class, and so the recall of the other")
	require.InDelta(t, (100+75+half)/2, b.UAR.High, 1, "in the others it is always right")
	require.Equal(t, Interval{100, 100}, NewBootstrap(4, some(3, 2, 2), 50, 0).UAR)
}

// Percentiles of 0, 10, …, 40 as numpy has them.
func TestPercentile(t *testing.T) {
	values := []float64{0, 10, 20, 30, 40}
	require.InDeltaSlice(t, []float64{0, 1, 20, 39, 40}, []float64{percentile(values, 0), percentile(values, 0.025),
		percentile(values, 0.5), percentile(values, 0.975), percentile(values, 1)}, 1e-12)
	require.Equal(t, Interval{1, 39}, central([]float64{30, 0, 40, 20, 10}))
}

// A file of answers has numbers in full, and each write is of whole lines.
func TestAnswerFile(t *testing.T) {
	var text bytes.Buffer
	f, err := NewAnswerFile(&text, []string{"neutral", "Odd, name"})
	require.NoError(t, err)
	require.NoError(t, f.Write([]Answer{{"a,b.png", 1, 0, []float64{2.0 / 3, 1.0 / 3}}, {"00012", 0, 1, []float64{1e-9, 1}}}))
	require.Equal(t, "id,label,pred,p_neutral,\"p_Odd, name\"\n\"a,b.png\",1,0,0.6666666666666666,0.3333333333333333\n00012,0,1,1e-09,1\n", text.String())

	full, end := io.Pipe() // of a disk, say
	require.NoError(t, full.CloseWithError(errFull))
	_, err = NewAnswerFile(end, []string{"fear"})
	require.ErrorIs(t, err, errFull)
	require.ErrorIs(t, (&AnswerFile{end}).Write(some(1, 0, 0)), errFull)
}

// Answers are read as they were written, of a list of which some samples may have none yet; those of another list are refused.
func TestReadAnswers(t *testing.T) {
	labels := []string{"neutral", "odd, name", "fear"}
	d := &data.Dataset{Items: []data.Item{{Name: "a,b.png", Label: 1}, {Name: "twice", Label: 2}, {Name: "none", Label: 0}, {Name: "twice", Label: 0},
		{Name: "twice", Label: 0}, {Name: "last", Label: 2}}}
	answers := []Answer{{"a,b.png", 1, 2, []float64{0.25, 0.125, 0.625}}, {"twice", 2, 0, []float64{2.0 / 3, 1.0 / 3, 1e-9}},
		{"twice", 0, 1, []float64{0, 1, 0}}, {"twice", 0, 0, []float64{0.5, 0.5, 0}}, {"last", 2, 2, []float64{0.1, 0.2, 0.7}}}
	written := func(answers ...Answer) []byte {
		var text bytes.Buffer
		f, err := NewAnswerFile(&text, labels)
		require.NoError(t, err)
		require.NoError(t, f.Write(answers))
		return text.Bytes()
	}
	for n := range len(answers) + 1 {
		got, err := ReadAnswers(written(answers[:n]...), labels, d)
		require.NoError(t, err)
		require.Equal(t, answers[:n], append([]Answer{}, got...))
	}
	got, err := ReadAnswers(written(answers[4]), labels, d)
	require.NoError(t, err)
	require.Equal(t, answers[4:], got, "though most have none")
	other := answers[4]
	other.Truth = 1
	for want, text := range map[string][]byte{
		"answer 2, about a,b.png, is of another list":         written(answers[1], answers[0]),
		"answer 6, about last, is of another list":            written(append(answers, answers[4])...),
		"answer 5, about last, is of another list":            written(append(slices.Clone(answers[:4]), other)...),
		"answer 1, about new, is of another list":             written(Answer{"new", 1, 0, []float64{1, 0, 0}}),
		"the first line is not id,label,pred,p_neutral,p_odd": bytes.Replace(written(answers...), []byte("p_fear"), []byte("p_anger"), 1),
		"the first line is not id,label,pred":                 nil,
		"answer 2, about twice: strconv.ParseFloat":           bytes.Replace(written(answers...), []byte("1e-09"), []byte("1e-0x"), 1),
		"wrong number of fields":                              written(answers...)[:60],
	} {
		_, err := ReadAnswers(text, labels, d)
		require.ErrorContains(t, err, want)
	}
}
