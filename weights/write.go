package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
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

// FromSlice returns a Fill function for values in memory.
func FromSlice(values []float32) func(dst []float32) error {
	return func(dst []float32) error {
		if len(values) != len(dst) {
			return fmt.Errorf("%d values, where its shape takes %d", len(values), len(dst))
		}
		copy(dst, values)
		return nil
	}
}

// WriteSafetensors writes tensors. It calls Fill for one after the other, in order, so that it needs little more memory than
// the largest tensor. In the file narrow types come last, which keeps all tensors aligned, as some readers require. The file is
// replaced atomically: it is written to a temporary file, flushed to disk and renamed; an error leaves the old file. The same
// input gives the same bytes.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	err := writeSafetensors(path, tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, cause(err))
	}
	return nil
}

func writeSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	all, records, err := layOut(tensors)
	if err != nil {
		return err
	}
	header, err := buildHeader(records, metadata)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(f *os.File) error {
		if _, err := f.WriteAt(header, 0); err != nil {
			return err
		}
		return writeData(f, int64(len(header)), all)
	})
}

// placed is a tensor with its location in the file.
type placed struct {
	Tensor
	n      int     // elements
	values *record // the elements, or the integers of a quantized tensor
	scales *record // nil if it is not quantized
}

// layOut assigns each tensor its location. The records are in the order of the file.
func layOut(tensors []Tensor) (all []placed, records []*record, err error) {
	for _, t := range tensors {
		t.DType = cmp.Or(t.DType, F32)
		n, ok := elements(t.Shape, math.MaxInt/8)
		switch {
		case t.DType != F32 && t.DType != BF16 && t.DType != I8:
			return nil, nil, fmt.Errorf("tensor %.200q: %s is not written here, but F32, BF16 and I8", t.Name, t.DType)
		case !ok:
			return nil, nil, fmt.Errorf("tensor %.200q: no tensor has shape %v", t.Name, t.Shape)
		case t.DType == I8 && len(t.Shape) == 0:
			return nil, nil, fmt.Errorf("tensor %.200q is a single number: only rows are quantised", t.Name)
		}
		p := placed{Tensor: t, n: int(n), values: &record{name: t.Name, DType: t.DType, Shape: append([]int{}, t.Shape...)}}
		records = append(records, p.values)
		if t.DType == I8 {
			p.scales = &record{name: t.Name + scaleSuffix, DType: F32, Shape: t.Shape[:1]}
			records = append(records, p.scales)
		}
		all = append(all, p)
	}
	slices.SortStableFunc(records, func(a, b *record) int { return cmp.Compare(sizes[b.DType], sizes[a.DType]) })
	at := int64(0)
	for _, r := range records {
		n, _ := elements(r.Shape, math.MaxInt)
		r.Bytes = [2]int64{at, at + n*sizes[r.DType]}
		at = r.Bytes[1]
	}
	return all, records, nil
}

// writeData writes the elements of all tensors, whose records are relative to start.
func writeData(w io.WriterAt, start int64, all []placed) error {
	largest := 0
	for _, p := range all {
		largest = max(largest, p.n)
	}
	values, buf := make([]float32, largest), make([]byte, 4*readChunk)
	for _, p := range all {
		values := values[:p.n]
		if err := p.Fill(values); err != nil {
			return fmt.Errorf("tensor %.200q: %w", p.Name, err)
		}
		out := io.NewOffsetWriter(w, start+p.values.Bytes[0])
		var err error
		if p.DType == I8 {
			err = writeQuantized(out, io.NewOffsetWriter(w, start+p.scales.Bytes[0]), p, values, buf)
		} else {
			err = writeElements(out, p.DType, values, buf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeElements writes one chunk at a time.
func writeElements(w io.Writer, t DType, values []float32, buf []byte) error {
	for chunk := range slices.Chunk(values, readChunk) {
		if _, err := w.Write(encode(buf, t, chunk)); err != nil {
			return err
		}
	}
	return nil
}

// writeQuantized writes the rows as integers, and the scale of each.
func writeQuantized(w, scaleWriter io.Writer, p placed, values []float32, buf []byte) error {
	rows := p.Shape[0]
	k := len(values) / max(rows, 1)
	scales, whole := make([]float32, rows), make([]int8, k)
	chunk := buf[:0] // as many rows as fit, at least one
	for j := range scales {
		scales[j] = quantized.ToInt8(whole, values[j*k:][:k])
		if scales[j] != scales[j] {
			return fmt.Errorf("tensor %.200q holds NaN or Inf in row %d: int8 has neither", p.Name, j)
		}
		for _, v := range whole {
			chunk = append(chunk, byte(v))
		}
		if j == rows-1 || len(chunk)+k > len(buf) {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return writeElements(scaleWriter, F32, scales, buf)
}

// encode writes at most readChunk elements, little-endian, to buf and returns the filled part: the inverse of decode.
func encode(buf []byte, t DType, src []float32) []byte {
	buf = buf[:int64(len(src))*sizes[t]]
	switch t {
	case BF16:
		for i, v := range src {
			binary.LittleEndian.PutUint16(buf[2*i:], quantized.ToBF16(v))
		}
	default: // F32
		for i, v := range src {
			binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
		}
	}
	return buf
}

// buildHeader returns length and JSON, padded with spaces so that the data begin at a multiple of 8.
func buildHeader(records []*record, metadata map[string]string) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 8))
	b.WriteByte('{')
	if len(metadata) > 0 {
		if err := addMember(b, "__metadata__", metadata); err != nil { // maps are written in the order of their keys
			return nil, err
		}
	}
	seen := map[string]bool{"__metadata__": true}
	for _, r := range records {
		if seen[r.name] {
			return nil, fmt.Errorf("two tensors named %.200q, or a reserved name", r.name)
		}
		seen[r.name] = true
		if err := addMember(b, r.name, r); err != nil {
			return nil, err
		}
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
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		return err
	}
	if bytes.HasSuffix(b.Bytes(), []byte("}")) {
		b.WriteByte(',')
	}
	b.Write(text[1 : len(text)-1]) // without braces
	return nil
}
