package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"mien/report"
	"mien/run"
)

// mien doctor: what this machine has for mien, and whether mien computes rightly on it.

type doctorCmd struct {
	JSON bool `help:"Print JSON."`
}

const doctorFormat = "mien-doctor-1"

// diagnosis is what doctor prints.
type diagnosis struct {
	Format  string    `json:"format"`
	Version string    `json:"version"`
	Failed  int       `json:"failed"` // checks
	Checks  []finding `json:"checks"`
}

// finding is what a check found.
type finding struct {
	Check        string  `json:"check"`
	State        state   `json:"state"`
	Milliseconds float64 `json:"ms"`
	Detail       string  `json:"detail"`
	Advice       string  `json:"advice"` // "" where all is well
}

// state is how well it is.
type state string

const (
	well   state = "ok"
	noted  state = "note" // something is missing, and mien works without it
	faulty state = "failed"
)

// found is a finding without a fault.
func found(format string, args ...any) finding {
	return finding{State: well, Detail: fmt.Sprintf(format, args...)}
}

// lacking is one of something that mien works without.
func lacking(advice, format string, args ...any) finding {
	return finding{State: noted, Detail: fmt.Sprintf(format, args...), Advice: advice}
}

// fault is one of something that mien can't work with.
func fault(advice string, err error) finding {
	return finding{State: faulty, Detail: err.Error(), Advice: advice}
}

// examination is a check by its name.
type examination struct {
	name string
	run  func(out *console) finding
}

// examine runs the check, which fails where it panics.
func (e examination) examine(out *console) (f finding) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			f = fault("this is a mistake in mien: please report it with this output", fmt.Errorf("%v", p))
		}
		f.Check, f.Milliseconds = e.name, float64(time.Since(start).Microseconds())/1e3
	}()
	return e.run(out)
}

// examinations are all checks: of the machine, then of what mien computes on it.
func examinations() []examination { return append(ofMachine(), ofComputing()...) }

func (c *doctorCmd) Run(out *console) error {
	d := diagnosis{Format: doctorFormat, Version: run.Version()}
	checks := examinations()
	progress := io.Discard // lines are progress enough
	if c.JSON {
		progress = out.stderr
	}
	bar := report.NewProgress(progress, len(checks), "checking")
	for _, check := range checks {
		if err := out.ctx.Err(); err != nil {
			return err
		}
		f := check.examine(out)
		if d.Checks = append(d.Checks, f); f.State == faulty {
			d.Failed++
		}
		bar.Add(1)
		if !c.JSON {
			f.print(out)
		}
	}
	bar.Finish()
	if c.JSON {
		if err := json.NewEncoder(out.stdout).Encode(d); err != nil {
			return err
		}
	}
	if d.Failed > 0 {
		return fmt.Errorf("%d of %d checks failed", d.Failed, len(checks))
	}
	return nil
}

// print prints a line, and below it what to do.
func (f finding) print(out *console) {
	fmt.Fprintf(out.stdout, "%-6s  %-11s %8.1f ms  %s\n", f.State, f.Check, f.Milliseconds, report.Printable(f.Detail))
	if f.Advice != "" {
		fmt.Fprintf(out.stdout, "%32s%s\n", "", report.Printable(f.Advice))
	}
}
