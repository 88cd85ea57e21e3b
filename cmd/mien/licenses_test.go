package main

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the licences of modules anew")

// isLicense tells which files of a module's folder hold terms. Of the two licences that freetype offers, the first is taken.
var isLicense = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)[^/]*$|^licenses/ftl\.txt$`)

// TestLicenseFiles compares the embedded licences with those of Go and of the modules that binaries are made of, in the versions of
// go.mod.
func TestLicenseFiles(t *testing.T) {
	want := map[string]string{}
	copyTo := func(folder, from string, names ...string) {
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(from, name))
			require.NoError(t, err)
			want[folder+"/"+filepath.Base(name)] = asUTF8(text)
		}
	}
	copyTo("licenses/mien", "../..", "LICENSE")
	root := runtimeRoot(t)
	if _, err := os.Stat(filepath.Join(root, "LICENSE")); err != nil { // some systems keep it elsewhere
		root = "licenses/go"
	}
	copyTo("licenses/go", root, "LICENSE", "PATENTS")
	for module, dir := range linkedModules(t) {
		names := licenseNames(t, dir)
		require.NotEmpty(t, names, "%s has no licence in its folder", module)
		copyTo("licenses/modules/"+module, dir, names...)
	}
	if *update {
		require.NoError(t, os.RemoveAll("licenses"))
		for name, text := range want {
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
			require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		}
		return
	}
	got := map[string]string{}
	require.NoError(t, fs.WalkDir(licenseFiles, "licenses", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			text, err := licenseFiles.ReadFile(name)
			got[name] = string(text)
			return err
		}
		return err
	}))
	const how = "write them with `go test ./cmd/mien -run TestLicenseFiles -update`, and a new module into modules of licenses.go"
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)), how)
	for name, text := range want {
		require.True(t, text == got[name], "%s is another: %s", name, how)
	}
}

// asUTF8 returns a text that is in UTF-8 or Latin-1.
func asUTF8(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func runtimeRoot(t *testing.T) string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(root))
}

// linkedModules returns the folders of the modules in binaries of any kind, by path and version.
func linkedModules(t *testing.T) map[string]string {
	found := map[string]string{}
	for _, build := range []string{"linux", "darwin", "windows", "linux vulkan"} {
		system, tags, _ := strings.Cut(build, " ")
		list := exec.Command("go", "list", "-deps", "-tags", tags, "-f", "{{with .Module}}{{.Path}}@{{.Version}}\t{{.Dir}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system)
		out, err := list.Output()
		require.NoError(t, err)
		for line := range strings.Lines(string(out)) {
			if module, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && module != "mien@" {
				found[module] = dir
			}
		}
	}
	require.Greater(t, len(found), 10)
	return found
}

// licenseNames lists the files with terms in a module's folder, with slashes.
func licenseNames(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	below, _ := os.ReadDir(filepath.Join(dir, "licenses"))
	for _, e := range slices.Concat(entries, below) {
		name := e.Name()
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			name = "licenses/" + name
		}
		if isLicense.MatchString(name) && !e.IsDir() {
			names = append(names, name)
		}
	}
	return names
}

// Every module is described, and nothing else is.
func TestModulesAreDescribed(t *testing.T) {
	parts, err := licensedModules()
	require.NoError(t, err)
	var paths []string
	for _, p := range parts {
		paths = append(paths, p.Name)
	}
	require.ElementsMatch(t, paths, slices.Collect(maps.Keys(modules)))
}

// What words each licence cannot be without.
var licenseWords = map[string]string{
	"Apache-2.0":   `Apache License\s+Version 2\.0`,
	"BSD-3-Clause": `Redistribution and use in source and binary forms[\s\S]+used\s+to endorse or promote`,
	"CC-BY-4.0":    `Creative Commons Attribution 4\.0 International Public License`,
	"FTL":          `The\s+FreeType\s+Project LICENSE`,
	"MIT":          `Permission is hereby granted, free of charge`,
	"OFL-1.1":      `SIL OPEN FONT LICENSE Version 1\.1`,
}

// Each part has the text of the licence that it is said to be under, and weights their digest; purego is in binaries with Vulkan alone.
func TestLicenses(t *testing.T) {
	code, stdout, stderr := mien("licenses", "--json")
	require.Zero(t, code, stderr)
	var list licenseList
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.Equal(t, licensesFormat, list.Format)
	var names []string
	for _, p := range list.Parts {
		names = append(names, p.Name)
		require.NotEmpty(t, p.What, p.Name)
		text := ""
		for _, part := range p.Texts {
			text += part.Text
		}
		for license := range strings.SplitSeq(p.License, " AND ") {
			require.Contains(t, licenseWords, license, p.Name)
			require.Regexp(t, licenseWords[license], text, p.Name)
		}
		require.Regexp(t, `^[^\x00-\x08\x0b-\x1f\x7f]*$`, strings.NewReplacer("\r\n", "", "\f", "").Replace(text), p.Name)
	}
	require.Equal(t, []string{"mien", "go"}, names[:2])
	require.Equal(t, runtime.Version(), "go"+list.Parts[1].Version)
	require.Equal(t, hasVulkan, slices.Contains(names, "github.com/ebitengine/purego"))
	with, err := licensedParts(true)
	require.NoError(t, err)
	without, err := licensedParts(false)
	require.NoError(t, err)
	require.Len(t, with, len(without)+len(onlyVulkan))

	weights, err := os.ReadFile("../../face/weights/yunet_s.safetensors")
	require.NoError(t, err)
	yunet := list.Parts[len(list.Parts)-3]
	require.Equal(t, []string{"YuNet-s", fmt.Sprintf("%x", sha256.Sum256(weights))}, []string{yunet.Name, yunet.SHA256})

	code, stdout, _ = mien("licenses")
	require.Zero(t, code)
	require.Regexp(t, `(?m)^github.com/alecthomas/kong +v[0-9.]+ +MIT +the command line$`, stdout)
	require.Contains(t, stdout, "\n== YuNet-s, SHA-256 "+yunet.SHA256+": LICENSE\n\nMIT License\n")
	require.Equal(t, 1, strings.Count(stdout, "\n== mien "), "its own licence")
	for _, p := range list.Parts {
		for _, text := range p.Texts {
			require.True(t, strings.Contains(stdout, strings.Trim(text.Text, "\n")), p.Name)
		}
	}
}
