package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/report"
	"mien/run"
)

// --samples is how many of each set are routed, and of each class averaged: of fourteen drawn faces, two of each.
func TestSamplesOfAReport(t *testing.T) {
	out := &console{ctx: t.Context(), stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(untrained(t, out.backend, "model", 4), out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	sets, err := run.DrawnTest(m.Description)
	require.NoError(t, err)
	sets, _, err = m.Match(sets)
	require.NoError(t, err)
	var all []*report.Page
	for _, n := range []int{1, 2, 14} {
		page := &report.Page{}
		require.NoError(t, (&reportCmd{Drawn: true, Samples: uint(n), Quiet: true}).measure(out, page, m, "", data.Lists{}))
		routing, err := report.RoutingOf(out.ctx, m, sets, n)
		require.NoError(t, err)
		require.Equal(t, routing, page.Routing)
		centres, err := report.CentresOf(out.ctx, m, sets, n)
		require.NoError(t, err)
		require.Equal(t, centres, page.Centres)
		require.Len(t, page.Examples, 2*shownPredictions)
		require.Equal(t, []int{14, 14}, []int{page.Report.Static.N, page.Report.Dynamic.N})
		all = append(all, page)
	}
	require.NotEqual(t, all[0].Routing, all[1].Routing)
	require.NotEqual(t, all[1].Routing, all[2].Routing)
	require.NotEqual(t, all[0].Centres, all[1].Centres)
	require.Equal(t, all[1].Centres, all[2].Centres, "there are no more than two of a class")
}
