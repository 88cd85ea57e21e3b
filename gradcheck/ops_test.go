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

	"mien/gradcheck"
)

func TestOps(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		t.Run(c.Name, func(t *testing.T) {
			result, err := gradcheck.Check(c, gradcheck.Options{})
			require.NoError(t, err)
			require.Positive(t, result.Checked)
			projected, err := gradcheck.Check(c, gradcheck.Options{Full: -1})
			require.NoError(t, err)
			require.False(t, projected.Full)
		})
	}
}

func TestOpsFloat32(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		results, err := gradcheck.CheckFloat32(c)
		require.NoError(t, err)
		for _, r := range results {
			require.Less(t, r.RelError, 1e-5, "%s on %s: single ops are far better than whole models must be", r.Name, r.Kernels)
		}
	}
}

// TestOpsAreNotTrivial wants each gradient that the table checks to be there, but for a factor of 0.
func TestOpsAreNotTrivial(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		if c.Name == "Scale/zero" || c.Name == "Route/one expert a token" {
			continue // one gate is 1 whatever its score
		}
		for _, g := range gradients(t, c)[1:] {
			zero := !slices.ContainsFunc(g.Values, func(v float64) bool { return v > 1e-6 || v < -1e-6 })
			unused := strings.HasPrefix(c.Name, "GroupedLinear") && (g.Name == "scores" || strings.HasSuffix(g.Name, "2"))
			unused = unused || g.Name == "scores" && (c.Name == "Dispatch" || strings.HasPrefix(c.Name, "Combine"))
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
