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
	"slices"
	"unicode/utf8"

	"mien/asm/quantized"
	"mien/atomicfile"
)

// WriteSafetensors writes tensors in their order, those of narrow elements last. The file appears under its name only when it is whole: it is
// written beside, flushed to disk and renamed; an error leaves what was there before. The same input gives the same bytes.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	tensors, err := stored(tensors)
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, err)
	}
	header, err := buildHeader(tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: can't be written: %w", path, err)
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
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

// stored returns the tensors that the file will hold: beside those to be quantised their scales. Wide elements come first: that
// keeps all aligned, which some readers want.
func stored(tensors []Tensor) ([]Tensor, error) {
	var all []Tensor
	for _, t := range tensors {
		t.DType = cmp.Or(t.DType, F32)
		if t.DType != F32 && t.DType != BF16 && t.DType != I8 {
			return nil, fmt.Errorf("tensor %.200q: %s is not written here, but F32, BF16 and I8", t.Name, t.DType)
		}
		if n, ok := elements(t.Shape, int64(len(t.Data))); !ok || n != int64(len(t.Data)) {
			return nil, fmt.Errorf("tensor %.200q of shape %v has %d values", t.Name, t.Shape, len(t.Data))
		}
		all = append(all, t)
		if t.DType == I8 {
			scales, err := scalesOf(t)
			if err != nil {
				return nil, err
			}
			all = append(all, scales)
		}
	}
	slices.SortStableFunc(all, func(a, b Tensor) int { return cmp.Compare(sizes[b.DType], sizes[a.DType]) })
	return all, nil
}

// writeData writes the elements, a chunk at a time; of what is quantised, a row.
func writeData(w io.Writer, tensors []Tensor) error {
	buf := make([]byte, 0, 4*readChunk)
	for _, t := range tensors {
		n := readChunk
		if t.DType == I8 {
			n = max(rowLength(t), 1)
		}
		for part := range slices.Chunk(t.Data, n) {
			buf = encode(buf[:0], t.DType, part)
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// encode appends elements, little-endian: the reverse of decode. What is to be I8 is one row.
func encode(buf []byte, t DType, src []float32) []byte {
	switch t {
	case BF16:
		for _, v := range src {
			buf = binary.LittleEndian.AppendUint16(buf, quantized.ToBF16(v))
		}
	case I8:
		whole := make([]int8, len(src))
		quantized.ToInt8(whole, src)
		for _, v := range whole {
			buf = append(buf, byte(v))
		}
	default: // F32
		for _, v := range src {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
	}
	return buf
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
		end := at + int64(len(t.Data))*sizes[t.DType]
		value := struct {
			DType   DType    `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{t.DType, append([]int{}, t.Shape...), [2]int64{at, end}}
		if err := addMember(b, t.Name, value); err != nil {
			return nil, err
		}
		at = end
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
