package data

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
)

// Lists divided into folds for a cross-validation, as lists of the same form.

// Fold is one part of the samples of lists: the list of its own samples, to test on, and the list of all others, to train on. Texts
// are by modality; one without a list has none.
type Fold struct{ Train, Test map[Modality][]byte }

// SplitLists deals the samples of lists into folds of about equal size. Samples of one group are in one fold, so that no model is
// tested on, say, a person whom it has learned from. A group is what the expression finds in the paths, its first parenthesis if it
// has one; images and videos share them. Without an expression each path is a group, and folds have about the same share of each
// class. The seed decides how.
func SplitLists(l Lists, folds int, group *regexp.Regexp, seed uint64) ([]Fold, error) {
	sets, err := OpenLists(l)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(sets, group)
	if err != nil {
		return nil, err
	}
	if len(groups) < folds {
		return nil, fmt.Errorf("%d folds, but the samples are of %d groups: choose fewer folds, or another --group", folds, len(groups))
	}
	home := deal(groups, folds, seed)
	parts := make([]Fold, folds)
	for i := range parts {
		parts[i] = Fold{Train: map[Modality][]byte{}, Test: map[Modality][]byte{}}
	}
	for _, d := range sets.All() {
		head, rows, err := d.rows()
		if err != nil {
			return nil, err
		}
		for i := range parts {
			train, test := slices.Clone(head), slices.Clone(head)
			for j, row := range rows {
				if home[member{d.Modality, j}] == i {
					test = append(test, row...)
				} else {
					train = append(train, row...)
				}
			}
			if len(test) == len(head) || len(train) == len(head) {
				return nil, fmt.Errorf("fold %d of %d has no %ss or all of them: choose fewer folds, or another --group", i+1, folds, d.Modality)
			}
			parts[i].Train[d.Modality], parts[i].Test[d.Modality] = train, test
		}
	}
	return parts, nil
}

// member is a sample of sets.
type member struct {
	modality Modality
	index    int // among the items
}

// sameGroup is the members of a group.
type sameGroup struct {
	members []member
	label   int // of the first
}

// groupsOf returns the groups of the samples, in the order in which they are met.
func groupsOf(s Sets, group *regexp.Regexp) (all []*sameGroup, err error) {
	byKey := map[string]*sameGroup{}
	for _, d := range s.All() {
		for i, item := range d.Items {
			key := string(d.Modality) + " " + item.Name
			if group != nil {
				found := group.FindStringSubmatch(item.Name)
				if found == nil {
					return nil, fmt.Errorf("%s: --group %s finds nothing in this path", item.Place(), group)
				}
				key = found[min(1, len(found)-1)]
			}
			g := byKey[key]
			if g == nil {
				g = &sameGroup{label: item.Label}
				byKey[key] = g
				all = append(all, g)
			}
			g.members = append(g.members, member{d.Modality, i})
		}
	}
	return all, nil
}

// deal returns the fold of each sample: groups go, large ones first and those of one class after another, to the fold that has the
// fewest samples.
func deal(groups []*sameGroup, folds int, seed uint64) map[member]int {
	Stream(seed, "folds").Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	slices.SortStableFunc(groups, func(a, b *sameGroup) int {
		return cmp.Or(len(b.members)-len(a.members), cmp.Compare(a.members[0].modality, b.members[0].modality), a.label-b.label)
	})
	home, sizes := map[member]int{}, make([]int, folds)
	for _, g := range groups {
		fold := slices.Index(sizes, slices.Min(sizes))
		sizes[fold] += len(g.members)
		for _, m := range g.members {
			home[m] = fold
		}
	}
	return home
}

// rows returns the text of the list that d was read from: what stands before the first sample, and the lines of each sample, with
// the comments that follow it.
func (d *Dataset) rows() (head []byte, rows [][]byte, err error) {
	text, err := fromFile(d.Items[0].List, "a list", func(f *os.File) ([]byte, error) { return listText(f) })
	if err != nil {
		return nil, nil, err
	}
	lines := bytes.SplitAfter(append(text, '\n'), []byte("\n")) // a blank line more is skipped by readers
	for i, item := range d.Items {
		end := len(lines)
		if i+1 < len(d.Items) {
			end = d.Items[i+1].Line - 1
		}
		rows = append(rows, bytes.Join(lines[item.Line-1:end], nil))
	}
	return bytes.Join(lines[:d.Items[0].Line-1], nil), rows, nil
}
