// Package mien holds tests of the whole repository: which package may import which, and how long a file may be.
package mien

import (
	"bytes"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "mien"

// floors lists every package from the ground up. A package imports only packages of lower floors.
var floors = [][]string{
	{"asm/internal/kernel", "atomicfile", "data", "data/augment", "data/avi", "data/drawn", "data/y4m", "engine/slab", "engine/vulkan/vk",
		"internal/annotated", "internal/formats", "internal/fuzzing"},
	{"asm/internal/kerneltest", "asm/vector"},
	{"asm/gemm"},
	{"asm/attention", "asm/quantized"},
	{"asm"},
	{"engine", "weights", "recipe"},
	{"engine/cpu", "engine/enginetest", "engine/vulkan", "autograd"},
	{"nn", "gradcheck"},
	{"face/eyes", "moae", "system", "train"},
	{"face", "internal/golden", "mobilefacenet", "vit"},
	{"feadapter", "mae", "s2d", "s4d"},
	{"systems", "gradcheck/cases"},
	{"modelfile"},
	{"infer"},
	{"pipeline", "run"},
	{"report", "ablate", "serve"},
	{"cmd/mien", "bench/eyes", "bench/faces", "bench/longvideo"},
}

// neighbours are the imports allowed within one floor.
var neighbours = map[string][]string{"data": {"data/avi", "data/y4m"}, "data/drawn": {"data"}, "data/augment": {"data"}}

// onlyForTests are packages that the binary must not contain. Nor must it contain internal/annotated, from which bench/eyes learns.
var onlyForTests = []string{"asm/internal/kerneltest", "engine/enginetest", "internal/formats", "internal/fuzzing", "internal/golden"}

// backends are named by the command, and by what trains a part of it, alone: everything else takes any engine.Backend.
var backends = []string{"engine/cpu", "engine/vulkan"}

// closed are trees that import nothing of this module from outside.
var closed = []string{"asm"}

// floorOf returns the floor of a package, −1 for a package that floors does not list.
func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(names []string) bool { return slices.Contains(names, pkg) })
}

// allowed tells whether the package from may import the package to.
func allowed(from, to string) bool {
	if root, _, _ := strings.Cut(from, "/"); slices.Contains(closed, root) && !strings.HasPrefix(to, root+"/") {
		return false
	}
	return floorOf(to) >= 0 && floorOf(to) < floorOf(from) || slices.Contains(neighbours[from], to)
}

// source is one file of the repository.
type source struct {
	name string // with slashes, from the root
	text []byte
	ast  *ast.File // nil for assembly
}

func (s source) pkg() string  { return path.Dir(s.name) }
func (s source) test() bool   { return strings.HasSuffix(s.name, "_test.go") }
func (s source) goFile() bool { return s.ast != nil }

// imports returns the paths that a file imports.
func (s source) imports() []string {
	paths := []string{}
	if s.goFile() {
		for _, spec := range s.ast.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			paths = append(paths, p)
		}
	}
	return paths
}

// own returns the imported packages of this module, without the module's name.
func (s source) own() []string {
	pkgs := []string{}
	for _, p := range s.imports() {
		if pkg, ok := strings.CutPrefix(p, module+"/"); ok {
			pkgs = append(pkgs, pkg)
		}
	}
	return pkgs
}

// sources reads all Go and assembly files of the module.
func sources(t *testing.T) []source {
	t.Helper()
	files := []source{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipDir(name)
		case filepath.Ext(name) != ".go" && filepath.Ext(name) != ".s":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file := source{name: filepath.ToSlash(name), text: text}
		if filepath.Ext(name) == ".go" {
			file.ast, err = parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
		}
		files = append(files, file)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// skipDir leaves out what the go command leaves out: hidden folders, testdata and other modules.
func skipDir(name string) error {
	base := filepath.Base(name)
	if name == "." {
		return nil
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil || base == "testdata" || base[0] == '.' || base[0] == '_' {
		return filepath.SkipDir
	}
	return nil
}

func TestImportsGoOneWay(t *testing.T) {
	for _, file := range sources(t) {
		if file.pkg() == "." {
			require.True(t, file.test(), "%s: the root holds only tests of the repository", file.name)
			continue
		}
		if file.test() {
			continue
		}
		if floorOf(file.pkg()) < 0 {
			t.Errorf("%s: package %s has no floor: add it to floors in imports_test.go", file.name, file.pkg())
			continue
		}
		for _, pkg := range file.own() {
			if !allowed(file.pkg(), pkg) {
				t.Errorf("%s: %s (floor %d) may not import %s (floor %d)",
					file.name, file.pkg(), floorOf(file.pkg()), pkg, floorOf(pkg))
			}
			if slices.Contains(backends, pkg) && file.pkg() != "cmd/mien" && file.pkg() != "bench/eyes" {
				t.Errorf("%s names a backend: take an engine.Backend", file.name)
			}
			if slices.Contains(onlyForTests, pkg) || pkg == "internal/annotated" && file.pkg() != "bench/eyes" {
				t.Errorf("%s: %s is for tests only", file.name, pkg)
			}
		}
	}
}

func TestAllowedImports(t *testing.T) {
	require.True(t, allowed("engine/cpu", "asm"))
	require.True(t, allowed("cmd/mien", "s4d"))
	require.True(t, allowed("data/drawn", "data"))
	require.False(t, allowed("data", "data/drawn"))
	require.True(t, allowed("data", "data/avi"))
	require.False(t, allowed("data/avi", "data"))
	require.False(t, allowed("asm", "engine"))
	require.False(t, allowed("asm/gemm", "data"), "a closed tree")
	require.False(t, allowed("mae", "s4d"), "one floor")
	require.False(t, allowed("engine", "asm/unknown"))
	require.False(t, allowed("unknown", "asm"))
}

func TestFileLength(t *testing.T) {
	limits := map[string]int{"vit/vit.go": 300}
	for _, file := range sources(t) {
		if !file.goFile() || file.test() {
			continue
		}
		limit := 400
		if l, ok := limits[file.name]; ok {
			limit = l
		}
		if lines := bytes.Count(file.text, []byte("\n")); lines > limit {
			t.Errorf("%s has %d lines, want at most %d: divide it", file.name, lines, limit)
		}
	}
}

func TestNoCgo(t *testing.T) {
	for _, file := range sources(t) {
		if slices.Contains(file.imports(), "C") {
			t.Errorf("%s uses cgo", file.name)
		}
	}
}

// TestNoForeignLibraries keeps the default binary static: importing purego makes it dynamic.
func TestNoForeignLibraries(t *testing.T) {
	for _, file := range sources(t) {
		foreign := slices.ContainsFunc(file.imports(), func(p string) bool {
			return p == "github.com/ebitengine/purego" || strings.HasPrefix(p, "github.com/ebitengine/purego/")
		})
		if foreign && builtByDefault(file.text) {
			t.Errorf("%s imports purego without a build tag", file.name)
		}
	}
}

// TestServerIsApart keeps what a server is made of out of all but the package that is one, and the command: through whatever dependency it
// comes, it is 6 MB of a binary, and package net brings cgo where a C compiler is found and CGO_ENABLED is not 0. With purego not even
// that would make a static binary.
func TestServerIsApart(t *testing.T) {
	server := []string{"serve", "cmd/mien"}
	var others []string
	for _, pkg := range slices.Concat(floors...) {
		if !slices.Contains(server, pkg) && !slices.Contains(onlyForTests, pkg) {
			others = append(others, "./"+pkg)
		}
	}
	deps := dependencies(t, others...)
	require.Contains(t, deps, module+"/run")
	for _, banned := range []string{"net", "net/http", "crypto/tls"} {
		require.NotContains(t, deps, banned)
	}
	require.NotContains(t, dependencies(t, "./cmd/mien"), "github.com/ebitengine/purego")
	for _, file := range sources(t) {
		if slices.Contains(file.imports(), "net/http") {
			require.Contains(t, server, file.pkg(), file.name)
		}
	}
}

// dependencies are the packages that some are made of.
func dependencies(t *testing.T, pkgs ...string) []string {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-e", "-deps"}, pkgs...)...)
	list.Stderr = os.Stderr
	deps, err := list.Output()
	require.NoError(t, err)
	return strings.Fields(string(deps))
}

// builtByDefault tells whether a file is in the build without tags of any platform that we care about.
func builtByDefault(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(strings.TrimSpace(line))
		if err != nil {
			return true
		}
		return slices.ContainsFunc([][]string{
			{"linux", "unix", "amd64"}, {"linux", "unix", "arm64"}, {"darwin", "unix", "arm64"},
			{"windows", "amd64"}, {"freebsd", "unix", "amd64"},
		}, func(tags []string) bool {
			return expr.Eval(func(tag string) bool { return slices.Contains(tags, tag) || isRelease(tag) })
		})
	}
	return true
}

// isRelease tells whether a tag is satisfied by the compiler: go1.1 up to the present.
func isRelease(tag string) bool {
	minor, ok := strings.CutPrefix(tag, "go1.")
	if !ok {
		return tag == runtime.Compiler
	}
	_, err := strconv.Atoi(minor)
	return err == nil
}

func TestBuiltByDefault(t *testing.T) {
	require.True(t, builtByDefault([]byte("package x\n")))
	require.True(t, builtByDefault([]byte("//go:build linux && amd64\n\npackage x\n")))
	require.True(t, builtByDefault([]byte("// Comment.\n\n//go:build !vulkan\n\npackage x\n")))
	require.False(t, builtByDefault([]byte("//go:build vulkan && linux\n\npackage x\n")))
	require.False(t, builtByDefault([]byte("//go:build ignore\n\npackage x\n")))
}

func TestNoUnfinishedWork(t *testing.T) {
	for _, file := range sources(t) {
		for _, word := range []string{"TO" + "DO", "FIX" + "ME"} {
			if bytes.Contains(file.text, []byte(word)) {
				t.Errorf("%s says %s: do it, or open an issue", file.name, word)
			}
		}
	}
}
