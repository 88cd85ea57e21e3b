package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mien/atomicfile"
)

// Files of a run folder.
const (
	recipeFile     = "recipe.toml"
	logFile        = "log.jsonl"
	checkpointFile = "checkpoint.safetensors"
	bestFile       = "best.safetensors"
	modelFile      = "model.safetensors"
	metricsFile    = "metrics.json"
)

// folder is an open run folder.
type folder struct {
	dir string
	log *os.File
}

// openFolder makes a run folder, or opens that of a run to be resumed. A folder with something in it is never
// overwritten unless resume says that it is a run.
func openFolder(dir string, resume bool) (*folder, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("run folder %s: %w", dir, err)
	case len(entries) > 0 && !resume:
		return nil, fmt.Errorf("run folder %s is not empty: give --resume to continue that run, or another --out", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("run folder %s: %w", dir, err)
	}
	return &folder{dir: dir}, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

// startLog opens the log with the entries of the finished epochs: what a killed run logged after its checkpoint is done again,
// and so is the evaluation at the end of the last epoch.
func (f *folder) startLog(finished, epochs int) error {
	var kept bytes.Buffer
	if old, err := os.ReadFile(f.path(logFile)); err == nil {
		for line := range bytes.Lines(old) {
			var e logEntry
			whole := bytes.HasSuffix(line, []byte("\n")) && json.Unmarshal(line, &e) == nil
			if whole && e.Epoch < finished && !(e.Metrics != nil && e.Epoch == epochs-1) {
				kept.Write(line)
			}
		}
	}
	if err := atomicfile.WriteBytes(f.path(logFile), kept.Bytes()); err != nil {
		return err
	}
	log, err := os.OpenFile(f.path(logFile), os.O_APPEND|os.O_WRONLY, 0o644)
	f.log = log
	return err
}

// logEntry is a line of log.jsonl.
type logEntry struct {
	Epoch    int     `json:"epoch"`
	Step     int     `json:"step"`
	Modality string  `json:"modality,omitempty"`
	Loss     float64 `json:"loss,omitempty"`
	LR       float64 `json:"lr,omitempty"`
	GradNorm float64 `json:"grad_norm,omitempty"`
	Metrics  *Report `json:"metrics,omitempty"`
}

func (f *folder) logLine(e logEntry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = f.log.Write(append(line, '\n'))
	return err
}

// readLog returns the entries of a run's log. A last line that a kill cut off does not count.
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
		entries = append(entries, e)
	}
	return entries, nil
}

func (f *folder) writeJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(f.path(name), append(text, '\n'))
}

func (f *folder) close() {
	if f.log != nil {
		f.log.Close()
	}
}
