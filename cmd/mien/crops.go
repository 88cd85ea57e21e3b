package main

import (
	"fmt"

	"mien/data"
	"mien/recipe"
)

// noteCrops says of folders whose pictures were cut out in another way than those that a model learned from. Where one of both is unknown there
// is nothing to say.
func noteCrops(note func(string), learned recipe.Recipe, folders ...string) {
	said := map[string]bool{}
	for _, folder := range folders {
		c, path, err := data.FindCrops(folder)
		switch {
		case said[path] || path == "" || learned.Data.Crop == "":
			continue
		case err != nil:
			note(err.Error())
		case c.Crop != learned.Data.Crop:
			note(fmt.Sprintf("%s: faces are cut out by %s, and the model learned from %s: expect worse answers, or cut them out again with "+
				"`mien prepare --crop %[3]s`", path, c.Crop, learned.Data.Crop))
		}
		said[path] = true
	}
}

// rootsOf returns the folders of lists that are given.
func rootsOf(l data.Lists) (roots []string) {
	if l.StaticList != "" {
		roots = append(roots, l.StaticRoot)
	}
	if l.DynamicList != "" {
		roots = append(roots, l.DynamicRoot)
	}
	return roots
}

// pathsOf returns the files and folders of inputs.
func pathsOf(inputs []input) (paths []string) {
	for _, in := range inputs {
		paths = append(paths, in.path)
	}
	return paths
}
