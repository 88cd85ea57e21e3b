package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"mien/atomicfile"
	"mien/data"
	"mien/report"
)

// The folder in which mien prepare works, called DIR.part, and how it goes on after an interruption: facesFile has a row for each sample that
// is done, in the order of the plan, and a sample's row comes after its crops.

// facesFile says of each sample what was found in it.
const facesFile = "faces.csv"

var facesHeader = []string{"path", "frames", "looked_at", "with_face", "reason"}

// preparedRow is a row of facesFile.
type preparedRow struct {
	path   string
	frames int    // that it has
	looked int    // that a face was looked for in
	found  int    // that it was found in
	reason string // why there is no crop, "" if there is one
}

func (r preparedRow) record() []string {
	return []string{r.path, strconv.Itoa(r.frames), strconv.Itoa(r.looked), strconv.Itoa(r.found), r.reason}
}

// work is a folder that is being filled.
type work struct {
	out, folder string
	record      data.Crops
	rows        *os.File
	done        int // samples with a row
	failed      int // of them, without a crop
}

// beginWork makes the folder of a preparation, or opens that of one that was interrupted, which must have begun alike.
func beginWork(out string, record data.Crops, all []cuttable) (w *work, err error) {
	out = filepath.Clean(out)
	w = &work{out: out, folder: out + ".part", record: record}
	if err := os.MkdirAll(w.folder, 0o777); err != nil {
		return nil, err
	}
	switch begun, err := os.ReadFile(filepath.Join(w.folder, data.CropsFile)); {
	case errors.Is(err, fs.ErrNotExist):
		if err := checkEmpty("--out", w.folder); err != nil {
			return nil, err
		}
		if err := w.saveRecord(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		var there data.Crops
		if err := json.Unmarshal(begun, &there); err != nil || there != record {
			return nil, w.refusal()
		}
	}
	if w.rows, err = os.OpenFile(filepath.Join(w.folder, facesFile), os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return nil, err
	}
	if err := w.resume(all); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *work) refusal() error {
	return fmt.Errorf("--out %s: %s was begun with other samples or flags: go on with those, or remove it", w.out, report.Printable(w.folder))
}

// resume reads the rows that are there, drops one that was cut short, and goes on behind them.
func (w *work) resume(all []cuttable) error {
	text, err := io.ReadAll(w.rows)
	if err != nil {
		return err
	}
	whole, rows := int64(0), csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = len(facesHeader)
	for i := -1; ; i++ { // −1 is the header
		row, err := rows.Read()
		end := rows.InputOffset()
		if err != nil || text[end-1] != '\n' {
			break
		}
		if i >= 0 {
			if i >= len(all) || row[0] != all[i].Name {
				return w.refusal()
			}
			w.count(row[len(row)-1])
		}
		whole = end
	}
	if err := w.rows.Truncate(whole); err != nil {
		return err
	}
	if _, err := w.rows.Seek(whole, io.SeekStart); err != nil || whole > 0 {
		return err
	}
	return w.write(facesHeader)
}

func (w *work) count(reason string) {
	w.done++
	if reason != "" {
		w.failed++
	}
}

// add notes that a sample is done.
func (w *work) add(r preparedRow) error {
	w.count(r.reason)
	return w.write(r.record())
}

// write appends a row at once, that a kill may cut short but not lose.
func (w *work) write(row []string) error {
	c := csv.NewWriter(w.rows)
	err := c.Write(row)
	c.Flush()
	return cmp.Or(err, c.Error())
}

func (w *work) saveRecord() error {
	text, err := json.MarshalIndent(w.record, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(w.folder, data.CropsFile), append(text, '\n'))
}

// finish gives the folder its name.
func (w *work) finish() error {
	w.record.Samples, w.record.Failed = w.done-w.failed, w.failed
	for _, step := range []func() error{w.rows.Sync, w.rows.Close, w.saveRecord, func() error { return removeEmpty(w.out) }} {
		if err := step(); err != nil {
			return err
		}
	}
	return os.Rename(w.folder, w.out)
}

// drop removes the folder, in which there is nothing.
func (w *work) drop() error { return os.RemoveAll(w.folder) }

func (w *work) close() { w.rows.Close() }
