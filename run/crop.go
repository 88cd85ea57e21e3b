package run

import (
	"cmp"
	"fmt"

	"mien/data"
	"mien/systems"
)

// How the faces of a run's lists were cut out of their pictures, which becomes part of its model.

// CropOf returns how the pictures of lists were cut out, where the folders that they are in say so, and the file that does; "" where none
// does. It is an error if two say different things.
func CropOf(lists ...data.Lists) (crop, path string, err error) {
	for _, l := range lists {
		for _, at := range [][2]string{{l.StaticList, l.StaticRoot}, {l.DynamicList, l.DynamicRoot}} {
			if at[0] == "" {
				continue
			}
			c, file, err := data.FindCrops(at[1])
			switch {
			case err != nil:
				return "", "", err
			case file == "":
			case path != "" && c.Crop != crop:
				return "", "", fmt.Errorf("faces are cut out in two ways: %s says %s, and %s %s: cut all alike with `mien prepare`", path, crop, file, c.Crop)
			default:
				crop, path = c.Crop, cmp.Or(path, file)
			}
		}
	}
	return crop, path, nil
}

// withCrop returns the options with the crop of the lists in the recipe. It is an error if the recipe says another.
func (o Options) withCrop() (Options, error) {
	if !systems.Reads(o.Recipe.System, "data.crop") {
		return o, nil
	}
	crop, path, err := CropOf(o.Train, o.Validation)
	if own := o.Recipe.Data.Crop; own != "" && crop != "" && own != crop {
		return o, fmt.Errorf("data.crop of recipe %s is %s, and the faces of the lists are cut out by %s, as %s says: "+
			"cut them out again with `mien prepare --crop %[2]s`, or leave data.crop out", o.Recipe.Name, own, crop, path)
	}
	o.Recipe.Data.Crop = cmp.Or(o.Recipe.Data.Crop, crop)
	return o, err
}
