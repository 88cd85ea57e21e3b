package train

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"slices"

	"mien/engine"
	"mien/nn"
	"mien/weights"
)

// Checkpoints: saving parameters, moments and progress, and resuming from them.

// checkpointFormat identifies the file format and its version.
const checkpointFormat = "mien-checkpoint-2"

// Progress is what a checkpoint stores besides tensors.
type Progress struct {
	Epoch   int     `json:"epoch"` // finished epochs
	Best    float64 `json:"best"`  // score of the best epoch so far
	HasBest bool    `json:"has_best"`
	Run     string  `json:"run"` // digest of what identifies the run: a checkpoint continues only its own
}

// checksum is a tensor of two numbers, the halves of a CRC-32C of the metadata and the bits of all other tensors. It is a tensor as
// metadata precede the tensors in the file, which are known one by one.
const checksum = "checksum"

// sum is a checksum under way.
type sum struct {
	hash.Hash32
	bytes []byte
}

func newSum(metadata map[string]string) *sum {
	s := &sum{Hash32: crc32.New(crc32.MakeTable(crc32.Castagnoli))}
	fmt.Fprintf(s, "%q %q", metadata["progress"], metadata["steps"])
	return s
}

func (s *sum) add(values []float32) {
	for chunk := range slices.Chunk(values, 1<<12) {
		s.bytes, _ = binary.Append(s.bytes[:0], binary.LittleEndian, chunk) // fails for types of no fixed size
		s.Write(s.bytes)
	}
}

// halves returns the sum as numbers that float32 holds exactly.
func (s *sum) halves() []float32 {
	return []float32{float32(s.Sum32() >> 16), float32(s.Sum32() & 0xffff)}
}

// tensors lists the contents of a checkpoint by name: all parameters, including frozen ones, and the moments of those that are
// trained.
func (a *AdamW) tensors(params []nn.Param) (names []string, tensors []*engine.Tensor) {
	add := func(name string, t *engine.Tensor) { names, tensors = append(names, name), append(tensors, t) }
	learned := 0
	for _, p := range params {
		add("param."+p.Name, p.Data())
		if learned < len(a.params) && a.params[learned].Value == p.Value {
			add("m."+p.Name, a.m[learned])
			add("v."+p.Name, a.v[learned])
			learned++
		}
	}
	return names, tensors
}

// Save writes parameters, moments, progress and a checksum to a temporary file and renames it to path, so that a kill at any moment
// leaves the previous checkpoint intact. Tensors stream to disk one by one.
func Save(path string, params []nn.Param, a *AdamW, p Progress) error {
	counts, err := engine.Read[int32](a.steps)
	if err != nil {
		return err
	}
	progress, err := json.Marshal(p)
	if err != nil {
		return err
	}
	steps, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	metadata := map[string]string{"format": checkpointFormat, "progress": string(progress), "steps": string(steps)}
	return weights.WriteSafetensors(path, a.stored(params, newSum(metadata)), metadata)
}

// stored returns the tensors of a checkpoint, and last their checksum, which is complete when they are written.
func (a *AdamW) stored(params []nn.Param, sum *sum) (stored []weights.Tensor) {
	names, tensors := a.tensors(params)
	for i, t := range tensors {
		s := nn.Stored(names[i], t)
		fill := s.Fill
		s.Fill = func(dst []float32) error {
			err := fill(dst)
			sum.add(dst)
			return err
		}
		stored = append(stored, s)
	}
	return append(stored, weights.Tensor{Name: checksum, Shape: []int{2}, Fill: func(dst []float32) error {
		copy(dst, sum.halves())
		return nil
	}})
}

// Resume restores parameters and moments from a file written by Save. After an error, such as for any damage to the file, they are
// undefined.
func Resume(path string, params []nn.Param, a *AdamW) (p Progress, err error) {
	f, err := weights.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	meta := f.Metadata()
	if meta["format"] != checkpointFormat {
		return p, fmt.Errorf("%s: not a checkpoint of this version of mien", path)
	}
	var steps []int32
	if err := cmp.Or(json.Unmarshal([]byte(meta["progress"]), &p), json.Unmarshal([]byte(meta["steps"]), &steps)); err != nil {
		return p, fmt.Errorf("%s: damaged checkpoint: %w", path, err)
	}
	if len(steps) != len(a.params) {
		return p, fmt.Errorf("%s: checkpoint of another model: its optimizer knows %d parameters, not %d", path, len(steps), len(a.params))
	}
	if err := a.restore(f, params, newSum(meta)); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	engine.Write(a.steps, steps)
	for i, n := range steps {
		a.begun[i] = n > 0
	}
	return p, nil
}

// restore reads the tensors of a checkpoint, and compares the checksum.
func (a *AdamW) restore(f *weights.File, params []nn.Param, sum *sum) error {
	var values []float32
	names, tensors := a.tensors(params)
	for i, t := range tensors {
		values = slices.Grow(values[:0], t.Len())[:t.Len()]
		if err := nn.ReadTensor(f, values, names[i], t.Shape()); err != nil {
			return err
		}
		sum.add(values)
		engine.Write(t, values)
	}
	found := make([]float32, 2)
	if err := nn.ReadTensor(f, found, checksum, []int{2}); err != nil {
		return err
	}
	if !slices.Equal(found, sum.halves()) {
		return errors.New("damaged checkpoint: its checksum does not fit its content")
	}
	return nil
}
