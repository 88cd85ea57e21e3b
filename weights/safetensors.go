package weights

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// maxHeader bounds the header, as the format does.
const maxHeader = 100_000_000

// header is a tensor's record.
type header struct {
	DType   DType     `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets *[2]int64 `json:"data_offsets"`
}

// indexSafetensors reads the header: a length, JSON, and then the tensors without gaps.
func (f *File) indexSafetensors(size int64) error {
	var length [8]byte
	if _, err := f.file.ReadAt(length[:], 0); err != nil {
		return errors.New("safetensors header is cut off")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return fmt.Errorf("safetensors header claims %d bytes, the file has %d: damaged or cut off", n, size)
	}
	text := make([]byte, n)
	if _, err := f.file.ReadAt(text, 8); err != nil {
		return errors.New("safetensors header is cut off")
	}
	records, err := f.parseHeader(text)
	if err != nil {
		return fmt.Errorf("safetensors header: %w", err)
	}
	return f.placeRecords(records, 8+int64(n), size)
}

// parseHeader reads the JSON object by hand, as duplicate keys must not pass.
func (f *File) parseHeader(text []byte) (map[string]header, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	records := map[string]header{}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if seen[name] {
			return nil, fmt.Errorf("%q stands there twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := d.Decode(&f.metadata); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		var h header
		if err := d.Decode(&h); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		records[name] = h
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("the JSON object does not end")
	}
	if rest, _ := io.ReadAll(d.Buffered()); len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("something follows the JSON object")
	}
	return records, nil
}

// placeRecords checks that the tensors fill the rest of the file, without holes or overlaps.
func (f *File) placeRecords(records map[string]header, start, size int64) error {
	names := make([]string, 0, len(records))
	for name, h := range records {
		width, ok := sizes[h.DType]
		if !ok {
			return fmt.Errorf("%q has dtype %q, which is not known here", name, h.DType)
		}
		n, ok := elements(h.Shape, size)
		if !ok || h.Offsets == nil || h.Shape == nil {
			return fmt.Errorf("%q claims shape %v, more than the file holds", name, h.Shape)
		}
		from, to := h.Offsets[0], h.Offsets[1]
		if from < 0 || to < from || to > size-start || n > (to-from)/width || to-from != n*width {
			return fmt.Errorf("%q claims bytes %d to %d for shape %v %s: damaged or cut off", name, from, to, h.Shape, h.DType)
		}
		names = append(names, name)
		f.tensors[name] = entry{dtype: h.DType, shape: h.Shape, base: start + from}
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := records[a].Offsets, records[b].Offsets
		if c := x[0] - y[0]; c != 0 {
			return sign(c)
		}
		return sign(x[1] - y[1])
	})
	at := int64(0)
	for _, name := range names {
		if records[name].Offsets[0] != at {
			return fmt.Errorf("%q begins at byte %d of the data, where %d was due: tensors overlap or leave a hole", name, records[name].Offsets[0], at)
		}
		at = records[name].Offsets[1]
	}
	if at != size-start {
		return fmt.Errorf("tensors end at byte %d of the data, the file at %d", at, size-start)
	}
	return nil
}

func sign(v int64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// WriteSafetensors writes tensors in their order. The file appears under its name only when it is whole: it is written beside,
// flushed to disk and renamed. The same input gives the same bytes.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) (err error) {
	head, err := buildHeader(tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, cause(err))
	}
	defer os.Remove(tmp.Name()) // nothing is left there after the rename
	w := bufio.NewWriterSize(tmp, 1<<20)
	w.Write(head)
	var word [4]byte
	for _, t := range tensors {
		for _, v := range t.Data {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
			w.Write(word[:])
		}
	}
	if err := errors.Join(w.Flush(), tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, cause(err))
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, err)
	}
	return nil
}

// buildHeader returns length and JSON, padded with spaces so that the data begin at a multiple of 8.
func buildHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteByte('{')
	separate := func() {
		if b.Len() > 9 {
			b.WriteByte(',')
		}
	}
	member := func(name string, value any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		text, err := json.Marshal(value) // maps are written in the order of their keys
		separate()
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
		return err
	}
	if len(metadata) > 0 {
		if err := member("__metadata__", metadata); err != nil {
			return nil, err
		}
	}
	at := int64(0)
	seen := map[string]bool{}
	for _, t := range tensors {
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		if n != len(t.Data) || seen[t.Name] {
			return nil, fmt.Errorf("tensor %q: %d values for shape %v, or the name twice", t.Name, len(t.Data), t.Shape)
		}
		seen[t.Name] = true
		end := at + 4*int64(n)
		if err := member(t.Name, header{F32, append([]int{}, t.Shape...), &[2]int64{at, end}}); err != nil {
			return nil, err
		}
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	head := b.Bytes()
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, nil
}
