package main

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Samples are counted by class, also of a class that the list does not name, or that it names and does not show.
func TestCount(t *testing.T) {
	d := &data.Dataset{Modality: data.Video, Classes: []string{"a", "b", "c"}}
	for _, label := range []int{4, 1, 4, 0, 1, 4} {
		d.Items = append(d.Items, data.Item{List: "l.csv", Label: label})
	}
	require.Equal(t, checkedSet{List: "l.csv", Modality: data.Video, Samples: 6, Labels: []string{"a", "b", "c"}, Counts: []int{1, 2, 0, 0, 3}}, count(d))
}

// The published numbers stand beside those of the one list that they are for, and lend it their names of classes.
func TestCompareWithPublished(t *testing.T) {
	p, ok := data.Published("dfew-fd1-train")
	require.True(t, ok)
	require.Equal(t, data.Video, p.Modality)
	sets := []checkedSet{{List: "same", Modality: data.Image}, {List: "same", Modality: data.Video}, {List: "val", Modality: data.Video}}
	c := dataCheckCmd{Set: "dfew-fd1-train", dataFlags: dataFlags{StaticList: "same", DynamicList: "same"}}
	require.NoError(t, c.compare(sets))
	published := &publishedSet{"dfew-fd1-train", p.Samples, p.Counts}
	require.Equal(t, []checkedSet{{List: "same", Modality: data.Image}, {List: "same", Modality: data.Video, Labels: p.Classes, Published: published},
		{List: "val", Modality: data.Video}}, sets)
	sets[1].Labels, sets[1].Published = []string{"own"}, nil
	require.NoError(t, c.compare(sets))
	require.Equal(t, []string{"own"}, sets[1].Labels)
	require.NoError(t, (&dataCheckCmd{}).compare(nil))
}

// Classes without a name, or without a published number, have a number and a dash.
func TestCountsAsTable(t *testing.T) {
	var b bytes.Buffer
	printCounts(&console{stdout: &checked{Writer: &b}}, []checkedSet{
		{List: "x\x1b.csv", Samples: 6, Labels: []string{"a", "b"}, Counts: []int{1, 2, 3}, Published: &publishedSet{"all-of-it", 9, []int{4, 5}}},
		{List: "y.csv", Samples: 2, Counts: []int{0, 2}},
	})
	require.Equal(t, `x\x1b.csv
class  samples  all-of-it
a            1          4
b            2          5
2            3          -
all          6          9

y.csv
class  samples
0            0
1            2
all          2

`, b.String())
}

// Of each kind of finding ten are printed, and then how many there are more.
func TestManyFindings(t *testing.T) {
	kinds := []string{data.Missing, data.Unreadable, data.Short, data.Duplicate}
	for _, c := range []struct {
		counts [4]int // of each kind
		more   string
	}{
		{[4]int{12, 14, 13, 11}, "missing: 2 more; --json names all\nunreadable: 4 more; --json names all\n" +
			"short: 3 more; --json names all\nduplicate: 1 more; --json names all\n"},
		{[4]int{10, 0, 9, 10}, ""},
	} {
		var r dataCheck
		want := ""
		for i := range slices.Max(c.counts[:]) { // the kinds take turns
			for k, kind := range kinds {
				if i >= c.counts[k] {
					continue
				}
				f := data.Finding{Kind: kind, Detail: fmt.Sprint(kind[:1], i)}
				r.Findings = append(r.Findings, f)
				if i < 10 {
					want += kind + ": " + f.Text() + "\n"
				}
			}
		}
		var b bytes.Buffer
		require.NoError(t, (&console{stdout: &checked{Writer: &b}}).findings(false, r))
		require.Equal(t, want+c.more, b.String())
	}
}

// A check fails by what it found, or by any number that is not the published one.
func TestVerdict(t *testing.T) {
	verdict := func(findings, samples int, counts ...int) error {
		s := checkedSet{List: "l.csv", Samples: samples, Counts: counts, Published: &publishedSet{"all-of-it", 7, []int{3, 4}}}
		return (&dataCheckCmd{}).verdict(dataCheck{Sets: []checkedSet{{List: "other", Samples: 1}, s}, Findings: make([]data.Finding, findings)}, 20)
	}
	require.NoError(t, verdict(0, 7, 3, 4))
	require.NoError(t, verdict(0, 7, 3, 4, 0))
	require.Equal(t, &badInputs{2, 20}, verdict(2, 7, 3, 4))
	for _, err := range []error{verdict(0, 8, 3, 4), verdict(2, 7, 3, 3), verdict(0, 7, 4, 4), verdict(0, 7, 3)} {
		require.EqualError(t, err, "l.csv does not have the numbers of all-of-it")
	}
}
