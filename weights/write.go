package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// WriteSafetensors writes tensors as float32, in their order. The file appears under its name only when it is whole: it is
// written beside, flushed to disk and renamed; an error leaves what was there before. The same input gives the same bytes.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	header, err := buildHeader(tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, err)
	}
	err = replaceFile(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		return writeData(w, tensors)
	})
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, cause(err))
	}
	return nil
}

// replaceFile gives path the content that write produces, all of it or none.
func replaceFile(path string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, when there is nothing to remove
	defer tmp.Close()
	if err := write(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// writeData writes the elements, a chunk at a time.
func writeData(w io.Writer, tensors []Tensor) error {
	buf := make([]byte, 0, 4*readChunk)
	for _, t := range tensors {
		for data := t.Data; len(data) > 0; {
			n := min(len(data), readChunk)
			buf = buf[:0]
			for _, v := range data[:n] {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
			data = data[n:]
		}
	}
	return nil
}

// buildHeader returns length and JSON, padded with spaces so that the data begin at a multiple of 8.
func buildHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 8))
	b.WriteByte('{')
	if len(metadata) > 0 {
		if err := addMember(b, "__metadata__", metadata); err != nil { // maps are written in the order of their keys
			return nil, err
		}
	}
	at := int64(0)
	seen := map[string]bool{"__metadata__": true}
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, fmt.Errorf("two tensors named %.200q, or a reserved name", t.Name)
		}
		seen[t.Name] = true
		n, ok := elements(t.Shape, int64(len(t.Data)))
		if !ok || n != int64(len(t.Data)) {
			return nil, fmt.Errorf("tensor %.200q of shape %v has %d values", t.Name, t.Shape, len(t.Data))
		}
		value := struct {
			DType   DType    `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{F32, append([]int{}, t.Shape...), [2]int64{at, at + 4*n}}
		if err := addMember(b, t.Name, value); err != nil {
			return nil, err
		}
		at += 4 * n
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	header := b.Bytes()
	if len(header)-8 > maxHeader {
		return nil, errors.New("names and metadata take more than the 100 MB that the format allows")
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, nil
}

// addMember appends a member to the JSON object that b is building.
func addMember(b *bytes.Buffer, name string, value any) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("the name %.200q is not UTF-8", name)
	}
	key, err := json.Marshal(name)
	if err != nil {
		return err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if bytes.HasSuffix(b.Bytes(), []byte("}")) {
		b.WriteByte(',')
	}
	b.Write(key)
	b.WriteByte(':')
	b.Write(text)
	return nil
}
