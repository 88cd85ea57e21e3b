package gradcheck_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLibrary keeps the package independent: it imports no backend and no model, and no model imports it.
func TestLibrary(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		pkg, err := filepath.Rel("..", filepath.Dir(name))
		require.NoError(t, err)
		for _, path := range importsOf(t, name) {
			switch own := strings.HasPrefix(path, "mien/"); {
			case own && filepath.ToSlash(pkg) == "gradcheck":
				require.Contains(t, []string{"mien/autograd", "mien/engine"}, path, name)
				seen++
			case path == "mien/gradcheck":
				require.Contains(t, []string{"gradcheck/cases", "cmd/mien"}, filepath.ToSlash(pkg), name)
				seen++
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, seen, 10)
}

func importsOf(t *testing.T, file string) (paths []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}
