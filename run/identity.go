package run

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/systems"
)

// What identifies a run: run.json, with which --resume compares.

const identityFormat = "mien-run-1"

// identity is what the bits of a run depend on, besides the version of mien: the same one again continues it.
type identity struct {
	Format    string            `json:"format"`
	Recipe    map[string]string `json:"recipe"` // by key, those that the run does not read left out
	Files     map[string]input  `json:"files"`  // by flag
	Precision engine.Precision  `json:"precision"`
	Backend   string            `json:"backend"` // with its kernels
	Arch      string            `json:"arch"`
}

// input is a file, which is identified by its content, or a folder, which is by its path.
type input struct {
	Path   string `json:"path"` // absolute, without symbolic links
	SHA256 string `json:"sha256,omitempty"`
}

func (o Options) identity() (id identity, err error) {
	id = identity{Format: identityFormat, Files: map[string]input{}, Precision: o.Precision, Backend: o.Backend.Name(), Arch: runtime.GOARCH}
	paths := map[string]string{}
	addLists(paths, "", o.Train)
	addLists(paths, "val_", o.Validation)
	for flag, name := range map[string]string{"init": o.Init, "landmarks": o.Landmarks} {
		if name == "" {
			continue
		}
		if name == modelfile.Builtin { // which is no file
			sum, err := modelfile.SHA256(name)
			if err != nil {
				return id, err
			}
			id.Files[flag] = input{Path: name, SHA256: sum}
			continue
		}
		file, err := modelfile.Open(name)
		if err != nil {
			return id, err
		}
		file.Close()
		paths[flag] = file.Path
	}
	for flag, path := range paths {
		if id.Files[flag], err = identify(path); err != nil {
			return id, err
		}
	}
	id.Recipe, err = o.Recipe.Settings()
	maps.DeleteFunc(id.Recipe, func(key, _ string) bool {
		_, set := o.Recipe.Value(key)
		return !set && !systems.Reads(o.Recipe.System, key)
	})
	return id, err
}

// addLists adds the paths of lists, and of the folders that they refer to.
func addLists(paths map[string]string, prefix string, l data.Lists) {
	add := func(modality, list, root string) {
		if list != "" {
			paths[prefix+modality+"_list"], paths[prefix+modality+"_root"] = list, root // "" is the working folder
		}
	}
	add("static", l.StaticList, l.StaticRoot)
	add("dynamic", l.DynamicList, l.DynamicRoot)
}

func identify(path string) (in input, err error) {
	if in.Path, err = filepath.Abs(path); err != nil {
		return in, err
	}
	if in.Path, err = filepath.EvalSymlinks(in.Path); err != nil {
		return in, err
	}
	info, err := os.Stat(in.Path)
	if err != nil || info.IsDir() {
		return in, err
	}
	in.SHA256, err = data.SHA256(in.Path)
	return in, err
}

// differences says in what this run is another than the one of a folder, there.
func (id identity) differences(there identity) (all []string) {
	compare := func(name, there, here string) {
		if there != here {
			all = append(all, fmt.Sprintf("%s is %s there and %s here", name, cmp.Or(there, "unset"), cmp.Or(here, "unset")))
		}
	}
	for _, key := range union(there.Recipe, id.Recipe) {
		compare(key, there.Recipe[key], id.Recipe[key])
	}
	for _, flag := range union(there.Files, id.Files) {
		a, b := there.Files[flag], id.Files[flag]
		name := "--" + strings.ReplaceAll(flag, "_", "-")
		switch {
		case a.SHA256 != "" && a.SHA256 == b.SHA256: // wherever it is
		case a.Path == b.Path && a != b:
			all = append(all, fmt.Sprintf("%s has another content now", name))
		default:
			compare(name, a.Path, b.Path)
		}
	}
	compare("--precision", there.Precision.String(), id.Precision.String())
	compare("the backend", there.Backend, id.Backend)
	compare("the processor", there.Arch, id.Arch)
	return all
}

// union returns the keys of two maps, sorted, and first those of no table: the name of a recipe says more than its numbers.
func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(strings.Count(a, ".")-strings.Count(b, "."), cmp.Compare(a, b)) })
	return slices.Compact(keys)
}

// check returns an error unless record, which a folder holds, is that of this run; it names what differs.
func (id identity) check(record []byte, dir string) error {
	var there identity
	if err := json.Unmarshal(record, &there); err != nil || there.Format != identityFormat {
		return fmt.Errorf("%s is damaged, or of another version of mien: give another --out", filepath.Join(dir, identityFile))
	}
	maps.DeleteFunc(there.Recipe, func(key, _ string) bool { // which an earlier version let be
		_, here := id.Recipe[key]
		return !here && !systems.Reads(id.Recipe["system"], key)
	})
	all := id.differences(there)
	if len(all) == 0 {
		return nil
	}
	hint := "resume with the same, or give another --out"
	if there.Recipe["name"] == id.Recipe["name"] && there.Recipe["train.epochs"] != id.Recipe["train.epochs"] {
		hint += "; learning rates are laid out over all epochs, so to learn on after a finished run begin another with --init " + dir
	}
	const most = 4
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("run folder %s belongs to another run: %s: %s", dir, strings.Join(all, ", "), hint)
}
