package main

import (
	"errors"

	"mien/engine"
	"mien/report"
)

// Where the time of a step goes, as the device tells it: a GPU by kernels, the CPU by methods of its backend.

// profileRow is what a profile says about one kernel.
type profileRow struct {
	Name         string  `json:"kernel"`
	Calls        int     `json:"calls"`
	Milliseconds float64 `json:"ms"`
	Share        float64 `json:"share"`  // of the time of all kernels
	GFLOPS       float64 `json:"gflops"` // of products, 0 of others
	GBytes       float64 `json:"gbytes"` // a second, read and written
}

// profiled takes one more step and returns the times of its kernels.
func profiled(b engine.Backend, step func() error) ([]profileRow, error) {
	p, ok := b.(engine.Profiler)
	if !ok {
		return nil, errors.New("--profile: this device does not note times by kernel")
	}
	if err := p.StartProfile(); err != nil {
		return nil, err
	}
	if err := step(); err != nil {
		return nil, err
	}
	times, err := p.Profile()
	total := 0.0
	for _, k := range times {
		total += k.Time.Seconds()
	}
	var rows []profileRow
	for _, k := range times {
		s := k.Time.Seconds()
		rows = append(rows, profileRow{k.Name, k.Calls, 1e3 * s, per(s, total), per(k.FLOPs, s) / 1e9, per(k.Bytes, s) / 1e9})
	}
	return rows, err
}

// per is a rate, 0 where the clock of the device was too coarse to tell.
func per(x, seconds float64) float64 {
	if seconds == 0 {
		return 0
	}
	return x / seconds
}

// printProfile prints a table.
func printProfile(out *console, rows []profileRow) {
	var table [][]string
	for _, r := range rows {
		table = append(table, cells("%s\t%d\t%.3f\t%.1f %%\t%.1f\t%.1f", r.Name, r.Calls, r.Milliseconds, 100*r.Share, r.GFLOPS, r.GBytes))
	}
	report.Table(out.stdout, cells("kernel\tcalls\tms\tshare\tGFLOP/s\tGB/s"), table)
}
