package main

import (
	"fmt"
	"io"

	"mien/data"
	"mien/infer"
	"mien/run"
)

// What a finished model is measured on, and the samples of it that could not be read: for eval and report.

// measuredOn opens and checks the lists, or draws faces, and says so unless the command is quiet.
func measuredOn(out *console, m *infer.Model, lists data.Lists, drawn, quiet bool) (sets data.Sets, sources []run.Source, err error) {
	if drawn {
		sets, err = run.DrawnTest(m.Description)
	} else {
		sets, err = data.OpenLists(lists)
	}
	if err != nil {
		return sets, nil, err
	}
	check := listCheck{stderr: out.stderr}
	if quiet {
		check.stderr = io.Discard
	}
	defer check.finish()
	note := func(text string) { out.note(quiet, text) }
	noteCrops(note, m.Recipe, rootsOf(lists)...)
	if sets, err = run.TestSets(out.ctx, m, sets, note, check.Checked); err != nil {
		return sets, nil, err
	}
	sources = run.SourcesOf("evaluation", sets)
	if !quiet {
		printSources(out, sources)
	}
	return sets, sources, nil
}

// leftOut names the samples that were skipped in an evaluation, and returns the error of a command that did without them, if there are any.
func leftOut(out *console, skips *data.Skips, r *infer.Report) error {
	if len(skips.Samples) == 0 {
		return nil
	}
	for _, s := range skips.Samples {
		fmt.Fprintf(out.stderr, "mien: skipped %s\n", s.Error)
	}
	bad := &badInputs{}
	for _, s := range r.Scores() {
		bad.bad, bad.all = bad.bad+s.Skipped, bad.all+s.Skipped+s.N
	}
	return bad
}
