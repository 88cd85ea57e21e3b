package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"mien/atomicfile"
	"mien/data"
	"mien/infer"
	"mien/modelfile"
)

// The run folder: how it is created, recognised when a run is resumed, and logged to. Go on with package train, the loop itself.

// Files of a run folder.
const (
	identityFile = "run.json"
	recipeFile   = "recipe.toml"
	logFile      = "log.jsonl"
	bestFile     = modelfile.BestName
	metricsFile  = "metrics.json"
)

// checkpointFile is the checkpoint after so many epochs.
func checkpointFile(epochs int) string { return fmt.Sprintf("checkpoint-%d.safetensors", epochs) }

// checkpointEpochs is the inverse of checkpointFile.
func checkpointEpochs(name string) (epochs int, ok bool) {
	_, err := fmt.Sscanf(name, "checkpoint-%d", &epochs)
	return epochs, err == nil && name == checkpointFile(epochs)
}

// leftover reports whether a file was left unfinished by a killed run.
func leftover(e fs.DirEntry) bool {
	base := strings.TrimPrefix(e.Name()[:max(strings.LastIndexByte(e.Name(), '-'), 0)], ".")
	_, own := checkpointEpochs(base)
	own = own || slices.Contains([]string{identityFile, recipeFile, logFile, bestFile, modelfile.Name, metricsFile}, base)
	return own && atomicfile.Leftover(e.Name(), base)
}

// folder is an open run folder.
type folder struct {
	dir    string
	lock   *flock.Flock // nil before hold
	record []byte       // content of run.json
	log    *os.File     // nil before startLog
}

// Begun reports whether a folder holds a run, finished or not.
func Begun(dir string) bool {
	f := folder{dir: dir}
	return f.has(identityFile)
}

// openFolder creates the folder of run o, or opens it if o resumes that run, and locks it. A folder with any other content is never
// written to.
func openFolder(o Options) (f folder, err error) {
	f = folder{dir: o.Out}
	id, err := o.identity()
	if err != nil {
		return f, err
	}
	if err := f.check(o.Resume, id); err != nil && !f.has(lockFile) {
		return f, err
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return f, fmt.Errorf("run folder %s: %w", f.dir, err)
	}
	if err := f.hold(); err != nil {
		return f, err
	}
	return f, f.check(o.Resume, id) // again, as nothing else changes it from here on
}

// check returns an error unless the folder is empty or, to resume, holds the run. It only reads.
func (f *folder) check(resume bool, id identity) error {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return leftover(e) || e.Name() == lockFile })
	record, missing := os.ReadFile(f.path(identityFile))
	switch {
	case err != nil:
		return fmt.Errorf("run folder %s: %w", f.dir, err)
	case len(entries) == 0 && resume:
		return fmt.Errorf("run folder %s: nothing to resume: drop --resume to begin a run there, or correct --out", f.dir)
	case len(entries) == 0:
		f.record, err = json.MarshalIndent(id, "", "  ")
		f.record = append(f.record, '\n')
		return err
	case missing != nil:
		return fmt.Errorf("run folder %s is not empty and holds no run of this version of mien: give another --out", f.dir)
	case !resume:
		return fmt.Errorf("run folder %s holds a run: give --resume to continue it, or another --out", f.dir)
	}
	f.record = record
	return id.check(record, f.dir)
}

// digest identifies the run in its checkpoints.
func (f *folder) digest() string { return fmt.Sprintf("%x", sha256.Sum256(f.record)) }

// checkpoints returns after how many epochs there are checkpoints, the latest first.
func (f *folder) checkpoints() (all []int) {
	entries, _ := os.ReadDir(f.dir)
	for _, e := range entries {
		if epochs, ok := checkpointEpochs(e.Name()); ok {
			all = append(all, epochs)
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

// dropCheckpoints removes all checkpoints but the latest ones.
func (f *folder) dropCheckpoints(kept int) (err error) {
	for i, epochs := range f.checkpoints() {
		if i >= kept {
			err = errors.Join(err, os.Remove(f.path(checkpointFile(epochs))))
		}
	}
	return err
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
