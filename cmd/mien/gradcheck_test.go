package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	ag "mien/autograd"
	"mien/engine"
	"mien/gradcheck"
)

// A case that cannot be checked, or fails, has its error in the row.
func TestGradientThatFails(t *testing.T) {
	calls := 0
	k := gradcheck.Case{Name: "unsteady", Inputs: []gradcheck.Input{{Name: "x", Shape: []int{2, 3}}},
		New: gradcheck.Stateless(gradcheck.Unary(func(x *ag.Value) *ag.Value {
			calls++
			return ag.Scale(x, float64(calls))
		}))}
	var stdout bytes.Buffer
	out := &console{ctx: t.Context(), backend: newCPU(), stdout: &checked{Writer: &stdout}, stderr: io.Discard}
	steady := k
	steady.Name, steady.New = "steady", gradcheck.Stateless(gradcheck.Unary(func(x *ag.Value) *ag.Value { return ag.Scale(x, 3) }))
	require.EqualError(t, (&gradcheckCmd{JSON: true}).check(out, []gradcheck.Case{k, steady}), "1 of 2 gradient cases fail")
	var got gradReport
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &got))
	require.Len(t, got.Cases, 2)
	require.NotEmpty(t, got.Cases[0].Error)
	require.Empty(t, got.Cases[0].Float32, "the kernels are not tried")
	require.Empty(t, got.Cases[1].Error)
	require.Len(t, got.Cases[1].Float32, len(asm.Implementations()))
}

// Every case that differs from finite differences counts, is not hidden by kernels that agree with each other, and its row has all that was
// compared so far.
func TestWrongGradients(t *testing.T) {
	named := func(name string, f func(x *ag.Value) *ag.Value) gradcheck.Case {
		return gradcheck.Case{Name: name, Inputs: []gradcheck.Input{{Name: "x", Shape: []int{2, 3}}}, New: gradcheck.Stateless(gradcheck.Unary(f))}
	}
	wrong := func(x *ag.Value) *ag.Value { return ag.Add(ag.Scale(x, 3), ag.Constant(x.Data())) } // whose gradient is 4
	right := func(x *ag.Value) *ag.Value { return ag.Scale(x, 3) }
	var stdout bytes.Buffer
	out := &console{ctx: t.Context(), backend: newCPU(), stdout: &checked{Writer: &stdout}, stderr: io.Discard}
	err := (&gradcheckCmd{JSON: true}).check(out, []gradcheck.Case{named("a", wrong), named("b", right), named("c", wrong)})
	require.EqualError(t, err, "2 of 3 gradient cases fail")
	var got gradReport
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &got))
	for i, row := range got.Cases {
		require.Equal(t, string("abc"[i]), row.Name)
		require.Positive(t, row.Checked)
		require.NotEmpty(t, row.Worst)
		if i == 1 {
			require.Empty(t, row.Error)
			require.Less(t, row.Float64, 1e-9)
			require.Len(t, row.Float32, len(asm.Implementations()))
			continue
		}
		require.NotEmpty(t, row.Error)
		require.Greater(t, row.Float64, 0.1)
		require.Empty(t, row.Float32)
	}
}

// A case fails that is wrong on one set of kernels alone, or at bf16 alone, and its row says where.
func TestGradientThatFailsInOnePlace(t *testing.T) {
	places, best := []string{"nowhere", "bf16"}, asm.F32().Name
	for _, set := range asm.Implementations() {
		places = append(places, set.Name)
	}
	for _, wrong := range places {
		k := gradcheck.Case{Name: "wrong on " + wrong, Inputs: []gradcheck.Input{{Name: "x", Shape: []int{2, 3}}},
			New: gradcheck.Stateless(gradcheck.Unary(func(x *ag.Value) *ag.Value {
				here := asm.F32().Name
				if x.Tape().Precision == engine.BF16 {
					require.Equal(t, best, here, "bf16 is tried on the kernels in use")
					here = "bf16"
				}
				if here == wrong && x.Data().DType() == engine.Float32 {
					return ag.Scale(x, 4)
				}
				return ag.Scale(x, 3)
			}))}
		row := gradRow{Float32: map[string]float64{}}
		err := row.check(k, gradTargets(newCPU()))
		require.Equal(t, best, asm.F32().Name, "what was in use is in use again")
		errors := map[string]float64{"bf16": row.BF16}
		for name, e := range row.Float32 {
			errors[name] = e
		}
		require.Len(t, errors, len(places)-1)
		for place, e := range errors {
			if place == wrong {
				require.InDelta(t, 1.0/3, e, 1e-6, place)
			} else {
				require.Less(t, e, 1e-6, "%s, where %s is wrong", place, wrong)
			}
		}
		if wrong == "nowhere" {
			require.NoError(t, err)
			continue
		}
		inexact := new(gradcheck.Inexact)
		require.ErrorAs(t, err, &inexact, wrong)
		require.Equal(t, wrong == "bf16", inexact.Precision == engine.BF16)
		require.InDelta(t, 1.0/3, inexact.RelError, 1e-6)
		var stdout bytes.Buffer
		out := &console{ctx: t.Context(), backend: newCPU(), stdout: &checked{Writer: &stdout}, stderr: io.Discard}
		require.EqualError(t, (&gradcheckCmd{JSON: true}).check(out, []gradcheck.Case{k}), "1 of 1 gradient cases fail")
		var got gradReport
		require.NoError(t, json.Unmarshal(stdout.Bytes(), &got))
		require.Equal(t, err.Error(), got.Cases[0].Error)
	}
}

// A table has a column for every set of kernels, in their order, and JSON has the rows as they are.
func TestGradRows(t *testing.T) {
	rows := []gradRow{{Name: "a", Checked: 12, Float64: 1e-9, Float32: map[string]float64{}, BF16: 2e-3, Worst: "x[1]"},
		{Name: "bb", Checked: 3, Float64: 2e-4, Float32: map[string]float64{}, BF16: 4e-2, Error: "too far"}}
	header, cells := "case  compared  float64", [2]string{"a           12  1.0e-09", "bb           3  2.0e-04"}
	for i, set := range asm.Implementations() {
		header += "  float32 " + set.Name
		for r, factor := range []float64{1, 3} {
			rows[r].Float32[set.Name] = factor * float64(i+1) * 1e-7
			cells[r] += fmt.Sprintf("  %*s", len("float32 "+set.Name), fmt.Sprintf("%.1e", rows[r].Float32[set.Name]))
		}
	}
	var b bytes.Buffer
	out := &console{backend: newCPU(), stdout: &checked{Writer: &b}}
	require.NoError(t, printGradRows(out, false, rows))
	lines := strings.Split(b.String(), "\n")
	require.Equal(t, []string{header + "     bf16", cells[0] + "  2.0e-03  ok", cells[1] + "  4.0e-02  too far",
		"2 cases; tolerances 1e-06 in float64, 2e-03 in float32, 5e-02 at bf16", ""}, trimmed(lines))
	b.Reset()
	require.NoError(t, printGradRows(out, true, rows))
	var got gradReport
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	require.Equal(t, gradReport{gradFormat, rows}, got)
}

// trimmed returns lines without the spaces at their ends.
func trimmed(lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, strings.TrimRight(line, " "))
	}
	return all
}
