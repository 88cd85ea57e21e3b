package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mien/atomicfile"
	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
)

// The run folder: how it is created, recognised when a run is resumed, and logged to. Go on with package train, the loop itself.

// Files of a run folder.
const (
	recipeFile     = "recipe.toml"
	logFile        = "log.jsonl"
	checkpointFile = "checkpoint.safetensors"
	bestFile       = "best.safetensors"
	metricsFile    = "metrics.json"
)

// leftover reports whether a file was left unfinished by a killed run.
func leftover(e fs.DirEntry) bool {
	own := []string{recipeFile, logFile, checkpointFile, bestFile, modelfile.Name, metricsFile}
	return slices.ContainsFunc(own, func(name string) bool { return atomicfile.Leftover(e.Name(), name) })
}

// folder is an open run folder.
type folder struct {
	dir string
	log *os.File // nil before startLog
}

// openFolder creates the folder of run o, or opens it if o resumes that run. A folder with any other content is never written
// to.
func openFolder(o Options) (folder, error) {
	f := folder{dir: o.Out}
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(f.dir, 0o755)
	}
	entries = slices.DeleteFunc(entries, leftover)
	switch {
	case err != nil:
		return f, fmt.Errorf("run folder %s: %w", f.dir, err)
	case len(entries) > 0 && !o.Resume:
		return f, fmt.Errorf("run folder %s is not empty: give --resume to continue that run, or another --out", f.dir)
	case len(entries) > 0:
		return f, f.holds(o.Recipe)
	}
	return f, nil
}

// holds returns an error unless the folder belongs to a run of r. A checkpoint is checked when it is restored; before there is
// one, recipe and log identify the run.
func (f *folder) holds(r recipe.Recipe) error {
	if f.has(checkpointFile) {
		return nil
	}
	var found recipe.Recipe
	text, err := os.ReadFile(f.path(recipeFile))
	if err == nil {
		if found, err = recipe.Parse(text); err != nil {
			err = fmt.Errorf("%s: %w", recipeFile, err)
		} else if _, err = readLog(f.dir); errors.Is(err, fs.ErrNotExist) { // a kill may have come before the log
			err = nil
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("run folder %s is not empty and holds no run to continue (%w): give another --out", f.dir, err)
	case found.Digest() != r.Digest():
		return f.foreign()
	}
	return nil
}

func (f *folder) foreign() error {
	return fmt.Errorf("run folder %s belongs to another recipe, seed, list, --init or --precision: resume with the same ones, or give another --out", f.dir)
}

// clean removes unfinished files of killed runs: a checkpoint is three times as large as its model.
func (f *folder) clean() error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if leftover(e) {
			err = errors.Join(err, os.Remove(f.path(e.Name())))
		}
	}
	return err
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

// startLog opens the log: what the run learns from, and the entries of the finished epochs. Steps that a killed run logged after its
// checkpoint are repeated, as is the evaluation at the end of the last epoch.
func (f *folder) startLog(finished, epochs int, sources []Source) error {
	var kept bytes.Buffer
	if err := json.NewEncoder(&kept).Encode(dataLine{dataFormat, sources}); err != nil {
		return err
	}
	old, err := os.ReadFile(f.path(logFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range bytes.Lines(old) {
		var e logEntry
		whole := bytes.HasSuffix(line, []byte("\n")) && json.Unmarshal(line, &e) == nil && e.Data == nil
		if whole && e.Epoch < finished && !(e.Metrics != nil && e.Epoch == epochs-1) {
			kept.Write(line)
		}
	}
	if err := atomicfile.WriteBytes(f.path(logFile), kept.Bytes()); err != nil {
		return err
	}
	f.log, err = os.OpenFile(f.path(logFile), os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// Formats of the lines of log.jsonl, as in docs/formats.md. Earlier versions wrote none, and left out what was 0.
const (
	dataFormat       = "mien-data-1"
	stepFormat       = "mien-step-1"
	evaluationFormat = "mien-evaluation-1"
	skippedFormat    = "mien-skipped-1"
)

// dataLine is the first line: what the run learns from and is measured on. It stands there, not in metrics.json, so that a run that is
// still going on, or failed, tells it too.
type dataLine struct {
	Format string   `json:"format"`
	Data   []Source `json:"data"`
}

// place is what every other line begins with.
type place struct {
	Format string `json:"format"`
	Epoch  int    `json:"epoch"`
	Step   int    `json:"step"`
}

// stepLine is the line of a step.
type stepLine struct {
	place
	Modality data.Modality `json:"modality"`
	Loss     float64       `json:"loss"`
	LR       float64       `json:"lr"`
	GradNorm float64       `json:"grad_norm"`
}

// evaluationLine is the line of an evaluation, after the steps of its epoch.
type evaluationLine struct {
	place
	Metrics *infer.Report `json:"metrics"`
}

// skippedLine is the line of an unreadable sample, before the first step that does without it.
type skippedLine struct {
	place
	Skipped data.Skipped `json:"skipped"`
}

// logEntry is a line of any kind, to read.
type logEntry struct {
	stepLine
	Data    []Source      `json:"data"`
	Metrics *infer.Report `json:"metrics"`
	Skipped *data.Skipped `json:"skipped"`
}

// logLine writes a line with its newline in one call, so that a kill truncates at most the last line.
func (f *folder) logLine(line any) error { return json.NewEncoder(f.log).Encode(line) }

// readLog returns the steps and evaluations of a run's log. A last line truncated by a kill is ignored.
func readLog(dir string) ([]logEntry, error) {
	path := filepath.Join(dir, logFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries []logEntry
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e logEntry
		if err := json.Unmarshal(line, &e); err != nil {
			return entries, fmt.Errorf("%s: %w", path, err)
		}
		if e.Data == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}
