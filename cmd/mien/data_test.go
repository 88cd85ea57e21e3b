package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
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

// The published numbers stand beside those of the lists that they are for, the test list's beside the list for validation, and lend
// them their names of classes.
func TestCompareWithPublished(t *testing.T) {
	published := func(name string) (*publishedSet, []string) {
		p, ok := data.Published(name)
		require.True(t, ok)
		return &publishedSet{name, p.Samples, p.Counts}, p.Classes
	}
	train, dfew := published("dfew-fd1-train")
	test, _ := published("dfew-fd1-test")
	ferv, orders := published("ferv39k-train")
	images, affectnet := published("affectnet7-test")
	sets := func() []checkedSet {
		return []checkedSet{{List: "same", Modality: data.Image}, {List: "same", Modality: data.Video}, {List: "val", Modality: data.Image},
			{List: "val", Modality: data.Video, Labels: []string{"own"}, Counts: []int{5}}}
	}
	compared := func(val string, names ...string) []checkedSet {
		s := sets()
		c := dataCheckCmd{Set: names, dataFlags: dataFlags{StaticList: "same", DynamicList: "same"}, Val: valFlags{DynamicList: val}}
		require.NoError(t, c.compare(s))
		return s
	}
	want := sets()
	require.Equal(t, want, compared("val"))
	want[1].Labels, want[1].Published = dfew, train
	require.Equal(t, want, compared("", "dfew-fd1-train"))
	want[3].Labels, want[3].Counts = append(want[3].Labels, dfew...), []int{5, 0, 0, 0, 0, 0, 0, 0}
	want[3].Published = &publishedSet{test.Name, test.Samples, append([]int{0}, test.Counts...)}
	require.Equal(t, want, compared("val", "dfew-fd1-train"))
	want[0].Labels, want[0].Published = affectnet, images
	require.Equal(t, want, compared("val", "dfew-fd1-train", "affectnet7-test"))
	want = sets()
	want[1].Labels, want[1].Published = orders, ferv
	require.Equal(t, want, compared("", "ferv39k-train"))
}

// A list that names its classes is compared by name, whatever their order; what it lacks follows, and what is only its own is not published.
func TestCompareByName(t *testing.T) {
	p, ok := data.Published("affectnet7-test")
	require.True(t, ok)
	require.Equal(t, []string{"neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"}, p.Classes)
	named := []string{"anger", "bored", "happiness", "neutral", "sadness", "surprise"}
	sets := []checkedSet{{List: "l", Modality: data.Image, Labels: named, Counts: []int{470, 3, 457, 471, 473, 458}}}
	beside(sets, "l", p)
	s := sets[0]
	require.Equal(t, append(named, "fear", "disgust"), s.Labels)
	require.Equal(t, []int{470, 3, 457, 471, 473, 458, 0, 0}, s.Counts)
	require.Equal(t, []int{470, 0, 457, 471, 473, 458, 469, 469}, s.Published.Counts)
	require.True(t, differs(s, s.Published))

	sets[0] = checkedSet{List: "l", Modality: data.Image, Samples: p.Samples, Labels: slices.Clone(p.Classes), Counts: slices.Clone(p.Counts)}
	slices.Reverse(sets[0].Labels)
	slices.Reverse(sets[0].Counts)
	beside(sets, "l", p)
	require.False(t, differs(sets[0], sets[0].Published))
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
				f := data.Finding{Kind: kind, Detail: fmt.Sprint(kind[:1], "\x1b", i)}
				r.Findings = append(r.Findings, f)
				if i < 10 {
					want += kind + ": " + strings.ReplaceAll(f.Text(), "\x1b", `\x1b`) + "\n"
				}
			}
		}
		var b bytes.Buffer
		require.NoError(t, (&console{stdout: &checked{Writer: &b}}).findings(false, r))
		require.Equal(t, want+c.more, b.String())
	}
}

// A check fails by the samples of which it found something, or by any number that is not the published one.
func TestVerdict(t *testing.T) {
	found := func(n int) (all []data.Finding) {
		for line := range n {
			f := data.Finding{List: "l.csv", Line: line + 5}
			all = append(all, f, f)
		}
		return all
	}
	verdict := func(findings, samples int, counts ...int) error {
		s := checkedSet{List: "l.csv", Samples: samples, Counts: counts, Published: &publishedSet{"all-of-it", 7, []int{3, 4}}}
		return (&dataCheckCmd{}).verdict(dataCheck{Sets: []checkedSet{{List: "other", Samples: 1}, s}, Findings: found(findings)}, 20)
	}
	require.NoError(t, verdict(0, 7, 3, 4))
	require.NoError(t, verdict(0, 7, 3, 4, 0))
	require.Equal(t, &badInputs{bad: 2, all: 20}, verdict(2, 7, 3, 4))
	apart := append(found(3), data.Finding{List: "other", Line: 6}, data.Finding{List: "other", Line: 9})
	require.Equal(t, &badInputs{bad: 5, all: 20}, (&dataCheckCmd{}).verdict(dataCheck{Findings: apart}, 20), "lines of two lists")
	for _, err := range []error{verdict(0, 8, 3, 4), verdict(2, 7, 3, 3), verdict(0, 7, 4, 4), verdict(0, 7, 3)} {
		require.EqualError(t, err, "l.csv does not have the numbers of all-of-it")
	}
}
