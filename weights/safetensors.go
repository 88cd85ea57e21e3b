package weights

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// The header of safetensors files. Every field is checked against the size of the file.

// maxHeader bounds the header, as the format does.
const maxHeader = 100_000_000

// record is a tensor's part of the header, in whose JSON the fields have this order.
type record struct {
	name  string
	DType DType   `json:"dtype"`
	Shape []int   `json:"shape"`
	Bytes []int64 `json:"data_offsets"` // start and end, relative to the end of the header
}

// indexSafetensors reads the header of n bytes: JSON. Its length precedes it; the tensors follow without gaps.
func (f *File) indexSafetensors(n uint64, size int64) error {
	if n > min(maxHeader, uint64(size-8)) {
		return fmt.Errorf("safetensors header of %d bytes in a file of %d: damaged or cut off; fetch it again", n, size)
	}
	text := make([]byte, n)
	if _, err := f.file.ReadAt(text, 8); err != nil {
		return cause(err)
	}
	records, err := f.parseHeader(text)
	if err != nil {
		return fmt.Errorf("safetensors header: %w", err)
	}
	if err := f.placeRecords(records, 8+int64(n), size); err != nil {
		return err
	}
	return f.pairScales()
}

// parseHeader reads the JSON object.
func (f *File) parseHeader(text []byte) (records []record, err error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8: damaged")
	}
	if !json.Valid(text) {
		return nil, errors.New("damaged JSON: it does not end, or something follows the JSON object")
	}
	err = members(text, func(name string, value []byte) error {
		if name == "__metadata__" {
			return members(value, func(key string, value []byte) error {
				var text *string // nil for null
				if json.Unmarshal(value, &text) != nil || text == nil {
					return fmt.Errorf("__metadata__ %.200q is no text", key)
				}
				f.metadata[key] = *text
				return nil
			})
		}
		r := record{name: name}
		if err := r.parse(value); err != nil {
			return fmt.Errorf("tensor %.200q: %w", name, err)
		}
		records = append(records, r)
		return nil
	})
	return records, err
}

// members visits the members of a JSON object in valid JSON. It is stricter than json.Unmarshal: names must be unique and are
// case-sensitive.
func members(text []byte, visit func(name string, value []byte) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("no JSON object where one is due")
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		name, _ := key.(string)
		var value json.RawMessage
		if err := cmp.Or(err, d.Decode(&value)); err != nil {
			return fmt.Errorf("damaged JSON after %.200q", name)
		}
		if seen[name] {
			return fmt.Errorf("%.200q stands there twice", name)
		}
		seen[name] = true
		if err := visit(name, value); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the three members of a tensor.
func (r *record) parse(text []byte) error {
	due := map[string]any{"dtype": &r.DType, "shape": &r.Shape, "data_offsets": &r.Bytes}
	err := members(text, func(key string, value []byte) error {
		field, ok := due[key]
		if !ok {
			return fmt.Errorf("%.40q: not part of the format", key)
		}
		delete(due, key)
		if bytes.Contains(value, []byte("null")) || json.Unmarshal(value, field) != nil { // which takes null for a zero
			return fmt.Errorf("%.40q: of another type", key)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(due) > 0:
		return errors.New("dtype, shape and data_offsets are due")
	case len(r.Shape) > maxDims:
		return fmt.Errorf(`"shape": more than %d numbers`, maxDims)
	case len(r.Bytes) != 2:
		return errors.New(`"data_offsets": not two numbers`)
	}
	return nil
}

// placeRecords checks that the tensors fill the rest of the file, without holes or overlaps.
func (f *File) placeRecords(records []record, start, size int64) error {
	slices.SortFunc(records, func(a, b record) int {
		return cmp.Or(slices.Compare(a.Bytes, b.Bytes), cmp.Compare(a.name, b.name))
	})
	at := int64(0)
	for _, r := range records {
		if err := r.check(at, size-start); err != nil {
			return fmt.Errorf("tensor %.200q: %w", r.name, err)
		}
		f.tensors[r.name] = entry{dtype: r.DType, shape: r.Shape, base: start + at}
		at = r.Bytes[1]
	}
	if at != size-start {
		return fmt.Errorf("tensors end at byte %d of %d: damaged", start+at, size)
	}
	return nil
}

// check compares a record with its expected offset and the size of the file.
func (r record) check(begin, size int64) error {
	from, to := r.Bytes[0], r.Bytes[1]
	width, known := sizes[r.DType]
	n, ok := elements(r.Shape, size)
	switch {
	case !known:
		return fmt.Errorf("dtype %.40q is not read here: convert it to F32", r.DType)
	case from != begin:
		return fmt.Errorf("begins at byte %d of the data, where %d is due: damaged, tensors overlap or leave a hole", from, begin)
	case to < from || to > size:
		return fmt.Errorf("lies at bytes %d to %d of the data, which are %d: cut off; fetch the file again", from, to, size)
	case !ok || to-from != n*width: // no overflow, as n is at most the size of the file
		return fmt.Errorf("shape %v of %s does not take %d bytes: damaged", r.Shape, r.DType, to-from)
	}
	return nil
}
