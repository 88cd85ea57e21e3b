package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mien/atomicfile"
	"mien/data"
)

// The folder of a cross-validation, and the lists of its folds.

// Fold is what one run of a cross-validation learns from, and what its model is then measured on: with train.best_on_test, that of its best
// epoch is chosen on the same.
type Fold struct{ Train, Test data.Lists }

// listFolder holds the lists of folds that were divided here.
const listFolder = "lists"

// CheckCross returns an error unless the folder of a cross-validation is empty or missing or, to resume, holds one.
func CheckCross(out string, resume bool) error {
	entries, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: %w", out, err)
	}
	f, first := folder{dir: out}, Cross{Options: Options{Out: out}}.folder(0)
	switch _, err := os.Stat(first); {
	case len(entries) == 0 && resume:
		return fmt.Errorf("%s: nothing to resume: drop --resume to begin a cross-validation there, or correct --out", out)
	case len(entries) == 0:
		return nil
	case err != nil && !f.has(listFolder):
		return fmt.Errorf("%s is not empty and holds no cross-validation: give another --out", out)
	case !resume:
		return fmt.Errorf("%s holds a cross-validation: give --resume to continue it, or another --out", out)
	}
	return nil
}

// WriteFolds writes the lists of folds, into which l was divided, below the folder of a cross-validation. If it holds others, that
// is an error.
func WriteFolds(out string, l data.Lists, parts []data.Fold) (folds []Fold, err error) {
	if err := os.MkdirAll(filepath.Join(out, listFolder), 0o777); err != nil {
		return nil, err
	}
	for i, part := range parts {
		var f Fold
		if f.Train, err = writeLists(out, fmt.Sprintf("train_%d", i+1), l, part.Train); err != nil {
			return nil, err
		}
		if f.Test, err = writeLists(out, fmt.Sprintf("test_%d", i+1), l, part.Test); err != nil {
			return nil, err
		}
		folds = append(folds, f)
	}
	return folds, nil
}

// writeLists writes a part of l, and returns its lists.
func writeLists(out, part string, l data.Lists, texts map[data.Modality][]byte) (data.Lists, error) {
	for _, list := range []struct {
		name string
		path *string
		text []byte
	}{{"static", &l.StaticList, texts[data.Image]}, {"dynamic", &l.DynamicList, texts[data.Video]}} {
		if list.text == nil {
			continue
		}
		*list.path = filepath.Join(out, listFolder, list.name+"_"+part+filepath.Ext(*list.path))
		there, err := os.ReadFile(*list.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = atomicfile.WriteBytes(*list.path, list.text)
		case err == nil && !bytes.Equal(there, list.text):
			err = fmt.Errorf("%s belongs to another cross-validation: resume with the same lists, folds, group and seed, or give another --out",
				*list.path)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}
