package main

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"mien/run"
)

// mien licenses: the licences and notices of all that is in the binary.

type licensesCmd struct {
	JSON bool `help:"Print JSON."`
}

// licenseFiles are copies of the licences of mien, of Go and, under their module's path and version, of the modules in the binary.
// `go test ./cmd/mien -run TestLicenseFiles -update` makes them.
//
//go:embed licenses
var licenseFiles embed.FS

const licensesFormat = "mien-licenses-1"

// licenseList is what licenses prints.
type licenseList struct {
	Format string     `json:"format"`
	Parts  []licensed `json:"parts"`
}

// licensed is a part of the binary under one licence.
type licensed struct {
	Name    string        `json:"name"`
	Version string        `json:"version"`          // "" of weights
	What    string        `json:"what"`             // it is in the binary
	License string        `json:"license"`          // by its SPDX identifier
	SHA256  string        `json:"sha256,omitempty"` // of weights
	Texts   []licenseText `json:"texts"`
}

type licenseText struct {
	File string `json:"file"`
	Text string `json:"text"`
}

// module is what must be known of a module in the binary beside its files: what it does there, and under which licence.
type module struct{ what, license string }

var modules = map[string]module{
	"codeberg.org/go-fonts/liberation": {"the fonts of figures", "BSD-3-Clause AND OFL-1.1"},
	"codeberg.org/go-latex/latex":      {"text in figures", "BSD-3-Clause"},
	"codeberg.org/go-pdf/fpdf":         {"figures, for gonum/plot", "MIT"},
	"git.sr.ht/~sbinet/gg":             {"figures as PNG", "MIT"},
	"github.com/ajstarks/svgo":         {"figures as SVG", "CC-BY-4.0"},
	"github.com/alecthomas/kong":       {"the command line", "MIT"},
	"github.com/ebitengine/purego":     {"calls of Vulkan", "Apache-2.0"},
	"github.com/gofrs/flock":           {"locks of run folders", "BSD-3-Clause"},
	"github.com/golang/freetype":       {"lines in figures", "FTL"},
	"github.com/klauspost/cpuid/v2":    {"sizes of caches", "MIT"},
	"github.com/maruel/natural":        {"the order of frames", "Apache-2.0"},
	"github.com/pelletier/go-toml/v2":  {"recipes", "MIT"},
	"golang.org/x/image":               {"WebP and BMP, resampling, the Go fonts", "BSD-3-Clause"},
	"golang.org/x/sys":                 {"instruction sets, files", "BSD-3-Clause"},
	"golang.org/x/term":                {"terminals", "BSD-3-Clause"},
	"golang.org/x/text":                {"text in figures", "BSD-3-Clause"},
	"gonum.org/v1/plot":                {"figures", "BSD-3-Clause"},
}

// onlyVulkan are modules that a binary without Vulkan does not have.
var onlyVulkan = []string{"github.com/ebitengine/purego"}

func (c *licensesCmd) Run(out *console) error {
	parts, err := licensedParts(hasVulkan)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, p := range parts {
		rows = append(rows, cells("%s\t%s\t%s\t%s", p.Name, p.Version, p.License, p.What))
	}
	if err := out.print(c.JSON, licenseList{licensesFormat, parts}, []string{"part", "version", "license", "what"}, rows...); err != nil || c.JSON {
		return err
	}
	for _, p := range parts {
		p.print(out)
	}
	return nil
}

// print prints the texts below a heading.
func (p licensed) print(out *console) {
	heading := strings.TrimSpace(p.Name + " " + p.Version)
	if p.SHA256 != "" {
		heading += ", SHA-256 " + p.SHA256
	}
	for _, t := range p.Texts {
		fmt.Fprintf(out.stdout, "\n== %s: %s\n\n%s\n", heading, t.File, strings.Trim(t.Text, "\n"))
	}
}

// licensedParts lists what is in a binary: mien, Go, modules, weights.
func licensedParts(vulkan bool) ([]licensed, error) {
	parts := []licensed{
		{Name: "mien", Version: run.Version(), What: "all that is not below", License: "Apache-2.0"},
		{Name: "go", Version: strings.TrimPrefix(runtime.Version(), "go"), What: "runtime and standard library", License: "BSD-3-Clause"},
	}
	for i := range parts {
		var err error
		if parts[i].Texts, err = licenseTexts("licenses/" + parts[i].Name); err != nil {
			return nil, err
		}
	}
	linked, err := licensedModules()
	for _, m := range linked {
		if vulkan || !slices.Contains(onlyVulkan, m.Name) {
			parts = append(parts, m)
		}
	}
	for _, m := range embeddedModels() {
		parts = append(parts, licensed{Name: m.name, What: m.what, License: m.license, SHA256: m.digest(), Texts: m.texts})
	}
	return parts, err
}

// licensedModules lists the modules whose licences are embedded, by their paths.
func licensedModules() (found []licensed, err error) {
	const top = "licenses/modules"
	err = fs.WalkDir(licenseFiles, top, func(name string, entry fs.DirEntry, err error) error {
		at := strings.LastIndex(name, "@")
		if err != nil || !entry.IsDir() || at < 0 {
			return err
		}
		texts, err := licenseTexts(name)
		path := name[len(top)+1 : at]
		m := modules[path]
		found = append(found, licensed{Name: path, Version: name[at+1:], What: m.what, License: m.license, Texts: texts})
		return err
	})
	return found, err
}

// licenseTexts reads the files of a folder.
func licenseTexts(folder string) (texts []licenseText, err error) {
	entries, err := licenseFiles.ReadDir(folder)
	for _, e := range entries {
		text, err := licenseFiles.ReadFile(path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, licenseText{e.Name(), string(text)})
	}
	return texts, err
}
