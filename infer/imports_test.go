package infer

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An inference program imports nothing for training, drawn faces or reports.
func TestNoTraining(t *testing.T) {
	found := map[string]bool{}
	collect(t, "infer", found)
	for _, pkg := range []string{"engine", "vit", "s4d", "modelfile", "data", "weights"} {
		require.True(t, found[pkg], "%s was not found", pkg)
	}
	for pkg := range found {
		require.False(t, slices.Contains([]string{"run", "train", "report", "data/drawn"}, pkg) || strings.HasPrefix(pkg, "cmd/"),
			"infer reaches package %s", pkg)
	}
}

// collect adds the packages of this module that a package imports, directly or indirectly, tests excluded.
func collect(t *testing.T, pkg string, found map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files, pkg)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imported, own := strings.CutPrefix(path, "mien/")
			if own && !found[imported] {
				found[imported] = true
				collect(t, imported, found)
			}
		}
	}
}
