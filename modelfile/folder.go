package modelfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mien/data"
	"mien/recipe"
	"mien/weights"
)

// Which file FILE|RUN names.

// Names of the models in a run folder.
const (
	Name     = "model.safetensors" // after the last epoch, of a finished run
	BestName = "best.safetensors"  // after the best epoch, of a run that was evaluated
)

// Open opens FILE|RUN: a weights file, the built-in model, or the model that a run folder stands for, after the last epoch or, with
// train.use_best, after the best one.
func Open(fileOrRun string) (*weights.File, error) {
	if fileOrRun == Builtin {
		return weights.OpenBytes(Builtin, builtin)
	}
	path, err := locate(fileOrRun)
	if err != nil {
		return nil, err
	}
	f, err := weights.Open(path)
	if err != nil || path == fileOrRun {
		return f, err
	}
	best := filepath.Join(fileOrRun, BestName)
	if r, err := recipe.Parse([]byte(f.Metadata()["recipe"])); err != nil || !r.Train.UseBest || !exists(best) {
		return f, nil
	}
	f.Close()
	return weights.Open(best)
}

// Chosen says which of the models of a run folder Open opens, and of the built-in model what it is; "" if there is nothing to say.
func Chosen(fileOrRun string) string {
	if fileOrRun == Builtin {
		return builtinCaveat
	}
	if !exists(filepath.Join(fileOrRun, BestName)) {
		return ""
	}
	f, err := Open(fileOrRun)
	if err != nil {
		return ""
	}
	defer f.Close()
	if filepath.Base(f.Path) == BestName {
		return f.Path + " is the model of the best epoch, as its recipe says (train.use_best); that of the last is " + Name
	}
	return f.Path + " is the model of the last epoch; that of the best is " + BestName
}

// SHA256 returns the digest of the file that FILE|RUN names, as sha256sum prints it.
func SHA256(fileOrRun string) (string, error) {
	if fileOrRun == Builtin {
		return fmt.Sprintf("%x", sha256.Sum256(builtin)), nil
	}
	f, err := Open(fileOrRun)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return data.SHA256(f.Path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// locate returns the file that FILE|RUN names, of a run folder that of the last epoch.
func locate(fileOrRun string) (path string, err error) {
	path = fileOrRun
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: no such weights file or run folder", path)
	}
	if err == nil && info.IsDir() {
		path = filepath.Join(path, Name)
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: a folder without %s: is the run finished?", fileOrRun, Name)
		}
	}
	return path, nil
}
