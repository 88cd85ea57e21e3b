package run

import "mien/data"

// Unreadable samples that a run goes on without: each has a line of the log.

// recall takes over the samples that the log already names, from the run that is continued, and logs those that the check of the
// lists has found since.
func (r *run) recall() error {
	found := r.skips.Samples
	r.skips.Samples = nil
	entries, err := readLog(r.folder.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Skipped != nil {
			r.skips.Samples = append(r.skips.Samples, *e.Skipped)
		}
	}
	r.logged = len(r.skips.Samples)
	return r.skip(0, 0, found)
}

// skip adds and logs unreadable samples.
func (r *run) skip(epoch, step int, bad []data.Skipped) error {
	for _, s := range bad {
		if err := r.skips.Add(s); err != nil {
			return err
		}
	}
	return r.logSkips(epoch, step)
}

// logSkips logs the samples that were added since it was last called.
func (r *run) logSkips(epoch, step int) error {
	for ; r.logged < len(r.skips.Samples); r.logged++ {
		s := r.skips.Samples[r.logged]
		r.Watch.Print("skipped " + s.Error)
		if err := r.folder.logLine(skippedLine{place{skippedFormat, epoch, step}, s}); err != nil {
			return err
		}
	}
	return nil
}
