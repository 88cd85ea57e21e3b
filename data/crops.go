package data

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How faces were cut out of the pictures in a folder: package face does it.

// CropNames are the ways to cut out a face: see face.Crop.
var CropNames = []string{"none", "eyes-nose", "box-rotation", "five-point"}

// CheckCrop returns an error for a name that is none of them.
func CheckCrop(name string) error {
	if !slices.Contains(CropNames, name) {
		return fmt.Errorf("%.60q is no crop: choose one of %s", name, strings.Join(CropNames, ", "))
	}
	return nil
}

// CropsFile says in the root of a folder how the pictures below it were cut out, and CropsFormat marks it.
const (
	CropsFile   = "crops.json"
	CropsFormat = cropsPrefix + "1"
	cropsPrefix = "mien-crops-"
)

// Crops is what CropsFile holds.
type Crops struct {
	Format    string `json:"format"`
	Crop      string `json:"crop"`
	Size      int    `json:"size"`                // pixels, height and width
	Videos    string `json:"videos"`              // how the crops of a video follow each other: alike or steady
	Detector  string `json:"detector"`            // SHA-256 of the weights that found the faces
	Eyes      string `json:"eyes,omitempty"`      // of those that found the middles of eyes; "" in files of earlier versions
	Landmarks string `json:"landmarks,omitempty"` // of the file of the network that placed the crops, if one did
	Samples   int    `json:"samples"`             // that were cut out
	Failed    int    `json:"failed"`              // that could not be
}

// maxCropsBytes bounds a file of a few lines.
const maxCropsBytes = 1 << 16

// FindCrops reads what says how the pictures in a folder were cut out, of the folder or of the nearest one above it, and returns its path: ""
// if there is none. Files of other programs do not count.
func FindCrops(folder string) (Crops, string, error) {
	at, err := filepath.Abs(folder)
	for err == nil {
		path, c := filepath.Join(at, CropsFile), Crops{}
		if text, found := readSmall(path, maxCropsBytes); found && json.Unmarshal(text, &c) == nil && strings.HasPrefix(c.Format, cropsPrefix) {
			return c, path, c.check(path)
		}
		above := filepath.Dir(at)
		if above == at {
			break
		}
		at = above
	}
	return Crops{}, "", err
}

func (c Crops) check(path string) error {
	if c.Format != CropsFormat {
		return fmt.Errorf("%s: its format is %.60q, and this version of mien reads %s", path, c.Format, CropsFormat)
	}
	if err := CheckCrop(c.Crop); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readSmall reads a file of at most so many bytes, if it is one.
func readSmall(path string, limit int64) (text []byte, ok bool) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return nil, false
	}
	text, err := os.ReadFile(path)
	return text, err == nil
}
