package data

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Unreadable samples: found by their headers before work begins or when they are decoded, and left out up to a limit.

// Skipped is an unreadable sample that is left out.
type Skipped struct {
	Modality Modality `json:"modality"`
	Path     string   `json:"path"` // as listed
	Error    string   `json:"error"`
}

// Skips are the unreadable samples of a command, each once, in the order in which they were met.
type Skips struct {
	Limit   int // of samples that may be left out
	Samples []Skipped
}

// Add notes a sample, or returns an error if it is one too many.
func (s *Skips) Add(bad Skipped) error {
	known := func(x Skipped) bool { return x.Modality == bad.Modality && x.Path == bad.Path }
	switch {
	case slices.ContainsFunc(s.Samples, known):
	case len(s.Samples) < s.Limit:
		s.Samples = append(s.Samples, bad)
	case s.Limit == 0:
		return fmt.Errorf("%s; --skip-bad N goes on without up to N such samples", bad.Error)
	default:
		return fmt.Errorf("%s; it is one more than --skip-bad %d allows", bad.Error, s.Limit)
	}
	return nil
}

// Readable returns sets without the samples that were skipped.
func (s *Skips) Readable(sets Sets) Sets {
	readable, _ := sets.Map(func(d *Dataset) (*Dataset, error) {
		return d.with(slices.DeleteFunc(slices.Clone(d.Items), func(item Item) bool {
			return slices.ContainsFunc(s.Samples, func(bad Skipped) bool { return bad.Modality == d.Modality && bad.Path == item.Name })
		})), nil
	})
	return readable
}

// checkers is the number of files that Check reads at a time: it mostly waits for them.
const checkers = 16

// Check returns sets without the samples whose files are missing or have unreadable headers, which it adds to s. It calls done after
// each sample. A sample that a set repeats is checked once.
func (s *Skips) Check(ctx context.Context, sets Sets, done func(n, total int)) (Sets, error) {
	return sets.Map(func(d *Dataset) (*Dataset, error) { return s.check(ctx, d, done) })
}

func (s *Skips) check(ctx context.Context, d *Dataset, done func(n, total int)) (*Dataset, error) {
	files, index := []Item(nil), map[place]int{}
	for _, item := range d.Items {
		if _, known := index[item.place()]; !known && item.Check != nil {
			index[item.place()] = len(files)
			files = append(files, item)
		}
	}
	errs, n, bad := make([]error, len(files)), 0, 0
	for _, err := range Ordered(ctx, len(files), checkers, 4*checkers, func(ctx context.Context, i int) (struct{}, error) {
		return struct{}{}, files[i].Check(ctx)
	}) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errs[n] = err; err != nil {
			bad++
		}
		n++
		done(n, len(files))
	}
	if bad == 0 {
		return d, nil
	}
	if err := s.allow(d.Modality, files, errs, bad); err != nil {
		return nil, err
	}
	readable := d.with(slices.DeleteFunc(slices.Clone(d.Items), func(item Item) bool {
		i, checked := index[item.place()]
		return checked && errs[i] != nil
	}))
	readable.Skipped = bad
	return readable, nil
}

// place identifies a line of a list.
type place struct {
	list string
	line int
}

func (i Item) place() place { return place{i.List, i.Line} }

// allow adds the bad ones of files to s, if there may be so many. Otherwise its error speaks of the first.
func (s *Skips) allow(m Modality, files []Item, errs []error, bad int) error {
	first := errs[slices.IndexFunc(errs, func(err error) bool { return err != nil })]
	switch need := len(s.Samples) + bad; {
	case bad == len(files):
		return fmt.Errorf("none of the %d %ss of the list can be read: %w", bad, m, first)
	case need > s.Limit:
		return fmt.Errorf("%d of the %d %ss of the list cannot be read (--skip-bad %d or more goes on without): %w", bad, len(files), m, need, first)
	}
	for i, err := range errs {
		if err != nil {
			s.Samples = append(s.Samples, Skipped{m, files[i].Name, err.Error()})
		}
	}
	return nil
}

// checkHeaders returns an error unless the files of a sample begin as images or videos do.
func checkHeaders(ctx context.Context, path string, m Modality) error {
	info, err := stat(path)
	if err != nil {
		return err
	}
	switch {
	case slices.Contains(videoExts, lowerExt(path)):
		return nil // only ffmpeg could say
	case !info.IsDir():
		return checkHeader(path)
	}
	folder, err := ReadFolder(path)
	if err != nil {
		return err
	}
	for _, picture := range folder.Pictures {
		if err := cmp.Or(ctx.Err(), checkHeader(picture)); err != nil {
			return err
		}
	}
	return nil
}

func checkHeader(path string) error {
	_, _, err := readHeader(path) // only ffmpeg could say more of its own formats
	return err
}
