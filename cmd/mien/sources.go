package main

import (
	"fmt"
	"strings"

	"mien/data"
	"mien/modelfile"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// What a model learns from, has learned from and is measured on, in the words of all commands.

// printSources prints, before any work, where the samples of a command come from.
func printSources(out *console, sources []run.Source) {
	var rows [][]string
	for _, s := range sources {
		rows = append(rows, cells("%s %s\t%s\t%d\t%d", data.ByModality(s.Modality, "static", "dynamic"), s.Set, s.Origin, s.Samples, s.Classes))
	}
	report.Table(out.stderr, []string{"set", "origin", "samples", "classes"}, rows)
}

// checkRoots returns an error for a folder of samples without the list that names them. The prefix is that of the flags.
func checkRoots(l data.Lists, prefix string) error {
	for _, f := range [][3]string{{prefix + "static", l.StaticList, l.StaticRoot}, {prefix + "dynamic", l.DynamicList, l.DynamicRoot}} {
		if f[1] == "" && f[2] != "" {
			return usagef("--%s-root %s is given without --%s-list: a list names the samples in that folder, with their labels",
				f[0], f[2], f[0])
		}
	}
	return nil
}

// learnedFrom says in words what a model has learned from, in the modalities that it is for, and in another that it began with.
func learnedFrom(d modelfile.Description) string {
	if d.Trained == nil {
		return "not recorded"
	}
	var parts []string
	for _, m := range []data.Modality{data.Image, data.Video} {
		o, amounts := d.Trained[m], []string(nil)
		if d.System.Kind == recipe.Finetune && d.Recipe.Classes(m) == 0 && o == (modelfile.Origins{}) {
			continue // no head
		}
		if o.Unknown {
			amounts = append(amounts, "unrecorded")
		}
		if o.Listed > 0 {
			amounts = append(amounts, fmt.Sprintf("%d listed", o.Listed))
		}
		if o.Drawn > 0 {
			amounts = append(amounts, fmt.Sprintf("%d drawn", o.Drawn))
		}
		if len(amounts) == 0 {
			amounts = []string{"no"}
		}
		parts = append(parts, strings.Join(amounts, " and ")+" "+string(m)+"s")
	}
	return strings.Join(parts, "; ")
}
