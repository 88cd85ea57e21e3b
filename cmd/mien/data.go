package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mien/data"
	"mien/report"
)

// mien data check: whether lists and the files that they name are what a run needs.

type dataCmd struct {
	Check dataCheckCmd `cmd:"" help:"Count the classes of lists, and find missing, unreadable, short and duplicate files."`
	Draw  dataDrawCmd  `cmd:"" help:"Draw faces into files with lists, to try commands on."`
}

type dataCheckCmd struct {
	dataFlags
	Val    valFlags `embed:"" prefix:"val-" set:"val_images=Images of a second list, such as that of a test, to check with the first: the same picture in both is a finding." set:"val_videos=Videos likewise."`
	Set    []string `help:"Published list to compare the numbers of --static-list or --dynamic-list with, such as dfew-fd1-train, and those of the --val list with its test list; a wrong name lists all." placeholder:"NAME"`
	Frames uint     `help:"Frames that a model sees of a video: fewer are reported." default:"16"`
	JSON   bool     `help:"Print JSON, with all findings."`
	Quiet  bool     `help:"Show no progress, only the result."`
}

const dataCheckFormat = "mien-data-check-1"

// dataCheck is what data check prints.
type dataCheck struct {
	Format   string         `json:"format"`
	Sets     []checkedSet   `json:"sets"`
	Findings []data.Finding `json:"findings"`
}

type checkedSet struct {
	List      string        `json:"list"`
	Modality  data.Modality `json:"modality"`
	Samples   int           `json:"samples"`
	Labels    []string      `json:"labels,omitempty"` // names of the classes
	Counts    []int         `json:"counts"`           // samples of each class
	Published *publishedSet `json:"published,omitempty"`
}

type publishedSet struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
	Counts  []int  `json:"counts,omitempty"`
}

func (c *dataCheckCmd) Run(out *console) error {
	sets, err := c.open()
	if err != nil {
		return err
	}
	result, total := dataCheck{Format: dataCheckFormat, Findings: []data.Finding{}}, 0
	for _, d := range sets {
		result.Sets, total = append(result.Sets, count(d)), total+len(d.Items)
	}
	if err := c.compare(result.Sets); err != nil {
		return err
	}
	if !c.JSON {
		printCounts(out, result.Sets)
	}
	meter := newMeter(out, total, "checking files", c.Quiet)
	inspector := data.Inspector{Frames: int(c.Frames)}
	for _, d := range sets {
		found, err := inspector.Inspect(out.ctx, d, meter.Add)
		if err != nil {
			meter.Finish()
			return err
		}
		result.Findings = append(result.Findings, found...)
	}
	meter.Finish()
	if err := out.findings(c.JSON, result); err != nil {
		return err
	}
	return c.verdict(result, total)
}

// open opens the lists, those for training first.
func (c *dataCheckCmd) open() (all []*data.Dataset, err error) {
	if all, err = openUnlabelled(data.Lists(c.dataFlags), ""); err != nil {
		return nil, err
	}
	val, err := openUnlabelled(data.Lists(c.Val), "val-")
	if err != nil {
		return nil, err
	}
	all = append(all, val...)
	if len(all) == 0 {
		return nil, usagef("nothing to check: give --static-list or --dynamic-list")
	}
	return all, nil
}

// openUnlabelled opens lists, whose samples need no labels.
func openUnlabelled(lists data.Lists, prefix string) ([]*data.Dataset, error) {
	if err := checkRoots(lists, prefix); err != nil {
		return nil, err
	}
	sets, err := data.OpenUnlabelled(lists)
	return sets.All(), err
}

// count counts the samples of each class.
func count(d *data.Dataset) checkedSet {
	s := checkedSet{List: d.Items[0].List, Modality: d.Modality, Samples: len(d.Items), Labels: d.Classes, Counts: make([]int, len(d.Classes))}
	for _, item := range d.Items {
		for item.Label >= len(s.Counts) {
			s.Counts = append(s.Counts, 0)
		}
		if item.Label != data.Unlabelled {
			s.Counts[item.Label]++
		}
	}
	return s
}

// compare sets the published numbers beside those of the lists that --set is for. After dfew-fd1-train, the list for validation is
// dfew-fd1-test.
func (c *dataCheckCmd) compare(sets []checkedSet) error {
	for _, name := range c.Set {
		p, ok := data.Published(name)
		if !ok {
			return usagef("--set %q: choose one of %s", name, strings.Join(data.PublishedNames(), ", "))
		}
		list := data.ByModality(p.Modality, c.StaticList, c.DynamicList)
		if list == "" {
			return usagef("--set %s is a list of %ss: give it as --%s-list", name, p.Modality, data.ByModality(p.Modality, "static", "dynamic"))
		}
		beside(sets, list, p)
		if stem, train := strings.CutSuffix(name, "-train"); train {
			if p, ok := data.Published(stem + "-test"); ok {
				beside(sets, data.ByModality(p.Modality, c.Val.StaticList, c.Val.DynamicList), p)
			}
		}
	}
	return nil
}

// beside sets published numbers beside those of a list, which may lack names of classes, or have them in another order.
func beside(sets []checkedSet, list string, p data.PublishedSet) {
	for i := range sets {
		if s := &sets[i]; s.List == list && s.Modality == p.Modality {
			if s.Labels == nil {
				s.Labels = p.Classes
			}
			s.Published = &publishedSet{p.Name, p.Samples, s.inOrder(p)}
		}
	}
}

// inOrder returns the published counts in the order of the list's classes, which those that it lacks then follow.
func (s *checkedSet) inOrder(p data.PublishedSet) []int {
	if p.Counts == nil || slices.Equal(s.Labels, p.Classes) {
		return p.Counts
	}
	own := len(s.Labels)
	s.Labels = data.JoinClasses(s.Labels, p.Classes)
	s.Counts = append(s.Counts, make([]int, len(s.Labels)-own)...)
	counts := make([]int, len(s.Labels))
	for known, name := range p.Classes {
		counts[slices.Index(s.Labels, name)] = p.Counts[known]
	}
	return counts
}

// printCounts prints the classes of each set, beside what is published.
func printCounts(out *console, sets []checkedSet) {
	for _, s := range sets {
		header, rows := []string{"class", "samples"}, [][]string(nil)
		for label, n := range s.Counts {
			name := strconv.Itoa(label)
			if label < len(s.Labels) {
				name = s.Labels[label]
			}
			rows = append(rows, cells("%s\t%d", name, n))
		}
		rows = append(rows, cells("all\t%d", s.Samples))
		if p := s.Published; p != nil {
			header = append(header, p.Name)
			for label := range rows {
				known := "-"
				if label < len(p.Counts) {
					known = strconv.Itoa(p.Counts[label])
				}
				rows[label] = append(rows[label], known)
			}
			rows[len(rows)-1][2] = strconv.Itoa(p.Samples)
		}
		fmt.Fprintf(out.stdout, "%s\n", report.Printable(s.List))
		report.Table(out.stdout, header, rows)
		fmt.Fprintln(out.stdout)
	}
}

// findings prints what is wrong, of each kind the first ones.
func (out *console) findings(asJSON bool, result dataCheck) error {
	if asJSON {
		return out.print(true, result, nil)
	}
	const most = 10
	kinds := map[string]int{}
	for _, f := range result.Findings {
		if kinds[f.Kind]++; kinds[f.Kind] <= most {
			fmt.Fprintf(out.stdout, "%s: %s\n", f.Kind, report.Printable(f.Text()))
		}
	}
	for _, kind := range []string{data.Missing, data.Unreadable, data.Short, data.Duplicate} {
		if more := kinds[kind] - most; more > 0 {
			fmt.Fprintf(out.stdout, "%s: %d more; --json names all\n", kind, more)
		}
	}
	return nil
}

// verdict is the error of the command: exit status 3 if some samples are bad, 1 if all are or numbers differ from the published ones.
func (c *dataCheckCmd) verdict(result dataCheck, total int) error {
	for _, s := range result.Sets {
		if p := s.Published; p != nil && differs(s, p) {
			return fmt.Errorf("%s does not have the numbers of %s", s.List, p.Name)
		}
	}
	type place struct {
		list string
		line int
	}
	bad := map[place]bool{} // a sample may have several findings
	for _, f := range result.Findings {
		bad[place{f.List, f.Line}] = true
	}
	if len(bad) > 0 {
		return &badInputs{bad: len(bad), all: total}
	}
	return nil
}

func differs(s checkedSet, p *publishedSet) bool {
	for label, n := range p.Counts {
		if label >= len(s.Counts) || s.Counts[label] != n {
			return true
		}
	}
	return s.Samples != p.Samples
}

// sampleError is that of a sample that cannot be used; the others can.
type sampleError struct{ error }

func (e *sampleError) Unwrap() error { return e.error }

// save writes what is made of each frame of a sample: of an image to path, of a video into a folder of that name.
func save(out *console, sample data.Sample, path string, m data.Modality, of func(*data.Frames) *data.Frames) error {
	if err := os.MkdirAll(data.ByModality(m, filepath.Dir(path), path), 0o777); err != nil {
		return err
	}
	for t := range sample.Len() {
		frame, err := sample.Read(out.ctx, []int{t})
		if err != nil {
			return &sampleError{err}
		}
		file := path
		if m == data.Video {
			file = filepath.Join(path, fmt.Sprintf("%05d.png", t))
		}
		if err := report.SavePNG(file, report.Picture(of(frame), 0)); err != nil {
			return err
		}
	}
	return out.ctx.Err()
}

// checkEmpty returns an error for a folder that holds something already.
func checkEmpty(flag, folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s %s: %w", flag, folder, err)
	case len(entries) > 0:
		return fmt.Errorf("%s %s: the folder is not empty: give another", flag, folder)
	}
	return nil
}
