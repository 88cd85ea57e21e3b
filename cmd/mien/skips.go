package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"mien/data"
	"mien/report"
)

// Lists with unreadable samples: how many are allowed, how far their check has come, and which were left out.

type skipFlags struct {
	SkipBad uint `help:"Go on without up to N samples of the lists that cannot be read, and name them." placeholder:"N"`
}

func (f skipFlags) limit() int { return int(min(f.SkipBad, math.MaxInt32)) }

// skipped names samples that a run went on without.
func skipped(bad []data.Skipped) string {
	const most = 5
	var names []string
	for _, s := range bad[:min(len(bad), most)] {
		names = append(names, s.Path)
	}
	text := fmt.Sprintf("%d unreadable samples were skipped: %s", len(bad), strings.Join(names, ", "))
	if more := len(bad) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// listCheck shows how far the check of lists has come, if it takes longer than two seconds.
type listCheck struct {
	stderr io.Writer
	began  time.Time
	bar    *report.Progress // nil before two seconds
}

// Checked hears of each sample that is checked.
func (c *listCheck) Checked(done, total int) {
	if done == 1 {
		c.began = time.Now()
	}
	if c.bar == nil && time.Since(c.began) > 2*time.Second {
		c.bar = report.NewProgress(c.stderr, total, "checking lists")
		c.bar.Add(done - 1)
	}
	if c.bar != nil {
		c.bar.Add(1)
	}
	if done == total {
		c.finish()
	}
}

func (c *listCheck) finish() {
	c.bar.Finish()
	c.bar = nil
}

// badInputs is the error of a command that was carried out without some of its inputs.
type badInputs struct{ bad int }

func (e *badInputs) Error() string { return fmt.Sprintf("%d unreadable samples were left out", e.bad) }
