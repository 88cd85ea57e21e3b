package weights

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"mien/asm/quantized"
	"mien/atomicfile"
)

// Writing of safetensors files, tensor by tensor.

// Tensor is a float32 tensor to write.
type Tensor struct {
	Name  string
	Shape []int
	DType DType // stored type: F32, the default, BF16 rounded, or I8 quantized by rows, [N, …] with N scales

	// Fill writes the values, row-major, to dst, whose length is their number. It is called once. dst is reused for all
	// tensors: it must not be kept.
	Fill func(dst []float32) error
}

// WriteSafetensors writes tensors. It calls Fill for one after the other, in order, so that it needs little more memory than
// the largest tensor. Values must be finite. In the file narrow types come last, which keeps all tensors aligned, as some readers require. The file is
// replaced atomically: it is written to a temporary file, flushed to disk and renamed; an error leaves the old file. The same
// input gives the same bytes.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: can't be written: %w", path, cause(err))
		}
	}()
	records, err := layOut(tensors)
	if err != nil {
		return err
	}
	header, err := buildHeader(records, metadata)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(file *os.File) error {
		if _, err := file.WriteAt(header, 0); err != nil {
			return err
		}
		w := writer{file: file, bytes: make([]byte, 4*readChunk), at: map[string]int64{}}
		largest := int64(0)
		for _, r := range records {
			w.at[r.name] = int64(len(header)) + r.Bytes[0]
			largest = max(largest, (r.Bytes[1]-r.Bytes[0])/sizes[r.DType])
		}
		return w.write(tensors, make([]float32, largest))
	})
}

// layOut returns the records of all tensors, of two for a quantized one, in the order of the file.
func layOut(tensors []Tensor) (records []*record, err error) {
	for _, t := range tensors {
		dtype := cmp.Or(t.DType, F32)
		_, ok := elements(t.Shape, math.MaxInt/8)
		switch {
		case dtype != F32 && dtype != BF16 && dtype != I8:
			return nil, fmt.Errorf("tensor %.200q: %s is not written here, but F32, BF16 and I8", t.Name, dtype)
		case !ok:
			return nil, fmt.Errorf("tensor %.200q: no tensor has shape %v", t.Name, t.Shape)
		case dtype == I8 && len(t.Shape) == 0:
			return nil, fmt.Errorf("tensor %.200q is a single number: only rows are quantised", t.Name)
		}
		records = append(records, &record{name: t.Name, DType: dtype, Shape: append([]int{}, t.Shape...)})
		if dtype == I8 {
			records = append(records, &record{name: t.Name + scaleSuffix, DType: F32, Shape: t.Shape[:1]})
		}
	}
	slices.SortStableFunc(records, func(a, b *record) int { return cmp.Compare(sizes[b.DType], sizes[a.DType]) })
	at := int64(0)
	for _, r := range records {
		n, _ := elements(r.Shape, math.MaxInt)
		r.Bytes = []int64{at, at + n*sizes[r.DType]}
		at = r.Bytes[1]
	}
	return records, nil
}

// writer writes elements to their places in the file.
type writer struct {
	file  io.WriterAt
	at    map[string]int64 // first byte, by name
	bytes []byte           // of readChunk elements
}

// write writes one tensor after the other. buf has room for each.
func (w *writer) write(tensors []Tensor, buf []float32) error {
	for _, t := range tensors {
		n, _ := elements(t.Shape, math.MaxInt)
		values := buf[:n]
		if err := t.Fill(values); err != nil {
			return fmt.Errorf("tensor %.200q: %w", t.Name, err)
		}
		if err := finite(values, t.Shape); err != nil {
			return fmt.Errorf("tensor %.200q %w: its training diverged", t.Name, err)
		}
		encode := w.floats
		if t.DType == I8 {
			encode = w.quantized
		}
		if err := encode(t, values); err != nil {
			return err
		}
	}
	return nil
}

// floats writes one chunk at a time.
func (w *writer) floats(t Tensor, values []float32) error {
	out := io.NewOffsetWriter(w.file, w.at[t.Name])
	for chunk := range slices.Chunk(values, readChunk) {
		b := w.bytes[:int64(len(chunk))*sizes[cmp.Or(t.DType, F32)]]
		if t.DType == BF16 {
			for i, v := range chunk {
				le.PutUint16(b[2*i:], quantized.ToBF16(v))
			}
		} else {
			for i, v := range chunk {
				le.PutUint32(b[4*i:], math.Float32bits(v))
			}
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// quantized writes the rows as integers, and the scale of each.
func (w *writer) quantized(t Tensor, values []float32) error {
	rows := t.Shape[0]
	k := len(values) / max(rows, 1)
	scales, whole := make([]float32, rows), make([]int8, k)
	out := io.NewOffsetWriter(w.file, w.at[t.Name])
	chunk := w.bytes[:0] // as many rows as fit, at least one
	for j := range scales {
		scales[j] = quantized.ToInt8(whole, values[j*k:][:k])
		for _, v := range whole {
			chunk = append(chunk, byte(v))
		}
		if j == rows-1 || len(chunk)+k > len(w.bytes) {
			if _, err := out.Write(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return w.floats(Tensor{Name: t.Name + scaleSuffix}, scales)
}

// buildHeader returns length and JSON, padded with spaces so that the data begin at a multiple of 8.
func buildHeader(records []*record, metadata map[string]string) ([]byte, error) {
	var members []string
	seen := map[string]bool{}
	add := func(name string, value any) error {
		text, err := json.Marshal(map[string]any{name: value}) // metadata in the order of their keys
		switch {
		case err != nil:
			return err
		case !utf8.ValidString(name):
			return fmt.Errorf("the name %.200q is not UTF-8", name)
		case seen[name]:
			return fmt.Errorf("two tensors named %.200q, or a reserved name", name)
		}
		seen[name] = true
		members = append(members, string(text[1:len(text)-1])) // without braces
		return nil
	}
	err := add("__metadata__", metadata)
	if len(metadata) == 0 {
		members = nil
	}
	for _, r := range records {
		err = cmp.Or(err, add(r.name, r))
	}
	text := "{" + strings.Join(members, ",") + "}"
	text += strings.Repeat(" ", -len(text)&7)
	if err == nil && len(text) > maxHeader {
		err = errors.New("names and metadata take more than the 100 MB that the format allows")
	}
	return append(le.AppendUint64(nil, uint64(len(text))), text...), err
}
