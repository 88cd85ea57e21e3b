package gradcheck_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"

	"mien/asm"
	"mien/engine"
	"mien/gradcheck"
)

func TestOps(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		t.Run(c.Name, func(t *testing.T) {
			result, err := check(c, gradcheck.Options{})
			require.NoError(t, err)
			require.Positive(t, result.Checked)
			projected, err := check(c, gradcheck.Options{Full: -1})
			require.NoError(t, err)
			require.False(t, projected.Full)
		})
	}
}

// TestOpsFloat32 compares float32 with float64 on every set of kernels, in training at full precision and at bf16.
func TestOpsFloat32(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		want := gradients(t, c)
		for _, kernels := range asm.Implementations() {
			r := compareOn(t, kernels.Name, c, want, gradcheck.Target{Tol: 1e-5}) // single ops are far better than whole models must be
			low := compareOn(t, kernels.Name, c, want, gradcheck.Target{Precision: engine.BF16, Tol: 2e-2})
			require.Equal(t, rounds(c.Name, kernels.Name), low.RelError > 10*r.RelError && low.RelError > 1e-5,
				"%s: weights and attention, and nothing else, are multiplied at the precision of the tape", c.Name)
		}
	}
}

// rounds says which ops are computed at bf16 on a tape of that precision: attention, and activations for it and for products, where the CPU
// has instructions for it.
func rounds(op, kernels string) bool {
	narrow := strings.HasPrefix(op, "Attention/") || op == "LayerNormRounded" || op == "Widened"
	return strings.HasSuffix(op, "/weights") || narrow && kernels == "avx512" && cpu.X86.HasAVX512BF16
}

// compareOn compares a case on one set of kernels and requires it to be within tolerance.
func compareOn(t *testing.T, kernels string, c gradcheck.Case, want []gradcheck.Tensor, target gradcheck.Target) gradcheck.Comparison {
	t.Helper()
	restore, err := asm.Use(kernels)
	require.NoError(t, err)
	defer restore()
	target.Backend = newCPU
	r, err := gradcheck.Compare(c, want, target)
	require.NoError(t, err)
	require.Equal(t, "cpu/"+kernels, r.Backend)
	return r
}

// TestOpsAreNotTrivial requires each gradient that the table checks to be nonzero, except behind a factor of 0.
func TestOpsAreNotTrivial(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		if c.Name == "Scale/zero" || c.Name == "Route/one expert a token" {
			continue // one gate is 1 whatever its score
		}
		for _, g := range gradients(t, c)[1:] {
			zero := !slices.ContainsFunc(g.Values, func(v float64) bool { return v > 1e-6 || v < -1e-6 })
			unused := strings.HasPrefix(c.Name, "GroupedLinear") && (g.Name == "scores" || strings.HasSuffix(g.Name, "2"))
			unused = unused || g.Name == "scores" && (c.Name == "Dispatch" || c.Name == "Chosen" || strings.HasPrefix(c.Name, "Combine"))
			require.Equal(t, unused, zero, "%s: gradient of %s", c.Name, g.Name)
		}
	}
}

// TestEveryOpHasARow reads package autograd: its exported functions of values are the ops, in the order of files.
func TestEveryOpHasARow(t *testing.T) {
	var rows []string
	for _, c := range gradcheck.Ops() {
		name, _, _ := strings.Cut(c.Name, "/")
		if len(rows) == 0 || rows[len(rows)-1] != name {
			rows = append(rows, name)
		}
	}
	files, err := filepath.Glob("../autograd/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var ops []string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			ops = append(ops, opsIn(t, file, nil)...)
		}
	}
	for _, name := range ops {
		require.Contains(t, rows, name, "autograd.%s has no row in gradcheck.Ops", name)
	}
	require.Equal(t, ops, rows, "rows of gradcheck.Ops come in the order of autograd's files")
}

// opsIn lists the exported functions of a file that take a *Value, alone, in a slice or as the rest.
func opsIn(t *testing.T, name string, source any) (ops []string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Name.IsExported() && slices.ContainsFunc(f.Type.Params.List, takesValue) {
			ops = append(ops, f.Name.Name)
		}
	}
	return ops
}

func takesValue(field *ast.Field) bool {
	found := false
	ast.Inspect(field.Type, func(n ast.Node) bool {
		star, ok := n.(*ast.StarExpr)
		if ok {
			id, ok := star.X.(*ast.Ident)
			found = found || ok && id.Name == "Value"
		}
		return true
	})
	return found
}

func TestOpsIn(t *testing.T) {
	require.Equal(t, []string{"A", "B", "C"}, opsIn(t, "x.go", `package autograd
		func A(x *Value) *Value { return x }
		func B(n int, xs ...*Value) {}
		func C(xs []*Value) {}
		func Param(t *engine.Tensor) *Value { return nil }
		func small(x *Value) *Value { return x }
		func (v *Value) Method(x *Value) {}`))
}
