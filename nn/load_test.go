package nn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// shapes is a file in which every value is the number of elements of its tensor. A tensor without a shape can't be read.
type shapes map[string][]int

func (s shapes) Names() []string { return slices.Sorted(maps.Keys(s)) }

func (s shapes) Shape(name string) ([]int, bool) {
	shape, ok := s[name]
	return shape, ok
}

func (s shapes) Metadata() map[string]string { return nil }

func (s shapes) Read(name string, dst []float32) error {
	if len(s[name]) == 0 || len(dst) != engine.Elements(s[name]) {
		return fmt.Errorf("read %s", name)
	}
	for i := range dst {
		dst[i] = float32(len(dst))
	}
	return nil
}

func TestCheckModel(t *testing.T) {
	build := func(s *Scope) {
		NewLinear(s.Sub("fc"), 2, 3, Zeros)
		NewPlainLinear(s.Sub("head"), 3, 1, Zeros)
	}
	params, err := Outline(4, build)
	require.NoError(t, err)
	file := shapes{"fc.weight": {3, 2}, "fc.bias": {3}, "head.weight": {1, 3}, "head.bias": {1}}
	require.NoError(t, CheckModel(file, params))
	file["more"] = nil
	require.ErrorContains(t, CheckModel(file, params), `1 tensors that the model does not know, "more" the first`)
	delete(file, "more")
	file["fc.bias"] = []int{4}
	require.ErrorContains(t, CheckModel(file, params), `weights hold "fc.bias" as [4], the model needs [3]`)
	delete(file, "fc.bias")
	require.ErrorContains(t, CheckModel(file, params), `weights lack "fc.bias" [3]`)
}

// loaded makes a layer and a head from a file.
func loaded(l *Load) (fc, head []float32, err error) {
	s := NewScope(cpu.New(), engine.Float32, l)
	a := NewLinear(s.Sub("fc"), 2, 3, Ones)
	h := NewPlainLinear(s.Sub("head"), 3, 2, Constant(9))
	if s.Err() != nil {
		return nil, nil, s.Err()
	}
	if _, err := l.Finish(); err != nil {
		return nil, nil, err
	}
	fc, _ = engine.Read[float32](a.Weight.Data())
	head, _ = engine.Read[float32](h.Weight.Data())
	return fc, head, nil
}

// Loading is strict: names may be mapped, and patterns say what may be missing or unused.
func TestLoad(t *testing.T) {
	whole := func() shapes {
		return shapes{"fc.weight": {3, 2}, "fc.bias": {3}, "head.weight": {2, 3}, "head.bias": {2}}
	}
	fc, head, err := loaded(&Load{File: whole()})
	require.NoError(t, err)
	require.Equal(t, [][]float32{{6, 6, 6, 6, 6, 6}, {6, 6, 6, 6, 6, 6}}, [][]float32{fc, head})

	file := shapes{"old.fc.weight": {3, 2}, "old.fc.bias": {3}, "decoder.x": {1}, "decoder.y.z": {1}}
	l := &Load{File: file, Init: Random{1}, Rename: func(name string) string { return "old." + name },
		Missing: []string{"head.*"}, Unused: []string{"decoder.*"}}
	fc, head, err = loaded(l)
	require.NoError(t, err)
	require.Equal(t, [][]float32{{6, 6, 6, 6, 6, 6}, {9, 9, 9, 9, 9, 9}}, [][]float32{fc, head})
	require.Equal(t, LoadReport{Loaded: []string{"old.fc.weight", "old.fc.bias"}, Missing: []string{"head.weight", "head.bias"},
		Unused: []string{"decoder.x", "decoder.y.z"}}, l.Report)

	for message, change := range map[string]func(f shapes, l *Load){
		`weights lack "fc.bias" [3], which the model needs: is it another model's file?`: func(f shapes, l *Load) {
			delete(f, "fc.bias")
			l.Missing = []string{"head.*"}
		},
		`weights hold "head.weight" as [3 2], the model needs [2 3]: is it another size of model?`: func(f shapes, l *Load) {
			f["head.weight"] = []int{3, 2}
			l.Missing = []string{"head.*"} // it may be missing, but not have another shape
		},
		`weights hold 1 tensors that the model does not know, "fc.x" the first: is it another model's file?`: func(f shapes, l *Load) {
			f["fc.x"] = []int{1}
			l.Unused = []string{"head.*"}
		},
		`weights hold nothing that the model needs: is it another model's file?`: func(f shapes, l *Load) {
			clear(f)
			l.Missing, l.Init = []string{"*"}, Random{1}
		},
	} {
		f := whole()
		l := &Load{File: f}
		change(f, l)
		_, _, err := loaded(l)
		require.EqualError(t, err, message)
	}
}

// A tensor that can't be read is not counted as loaded.
func TestLoadReadError(t *testing.T) {
	l := &Load{File: shapes{"x": {}}}
	require.EqualError(t, l.Fill(make([]float32, 1), "x", []int{}, Zeros), "read x")
	require.Empty(t, l.Report.Loaded)
}

func TestLoadReportLines(t *testing.T) {
	require.Equal(t, []string{"loaded 2 tensors"}, LoadReport{Loaded: []string{"a", "b"}}.Lines())
	require.Equal(t, []string{"loaded 0 tensors", "initialised 1 that the file lacks: a"}, LoadReport{Missing: []string{"a"}}.Lines())
	require.Equal(t, []string{"loaded 0 tensors", "left 1 unused: a"}, LoadReport{Unused: []string{"a"}}.Lines())
	require.Equal(t, []string{"loaded 1 tensors", "left 1 unused: b", "bent a"},
		LoadReport{Loaded: []string{"a"}, Unused: []string{"b"}, Notes: []string{"bent a"}}.Lines())
	lines := LoadReport{
		Loaded:  []string{"a"},
		Missing: []string{"blocks.0.norm.weight", "blocks.11.norm.weight", "head.weight"},
		Unused:  []string{"blocks.1.experts.2.bias", "blocks.1.experts.3.bias", "mask_token", "decoder.norm.bias"},
	}.Lines()
	require.Equal(t, []string{
		"loaded 1 tensors",
		"initialised 3 that the file lacks: blocks.*.norm.weight ×2, head.weight",
		"left 4 unused: blocks.*.experts.*.bias ×2, mask_token, decoder.norm.bias",
	}, lines, strings.Join(lines, "\n"))
}

// ramp is a file whose tensors count up from 1.
type ramp struct{ shapes }

func (ramp) Read(_ string, dst []float32) error {
	for i := range dst {
		dst[i] = float32(i + 1)
	}
	return nil
}

// Rows of a tensor may be taken in another order, by its name in the file; without rows the file lacks it, and it is drawn by the model's
// name. What the file has is read, also where it may be missing.
func TestLoadRows(t *testing.T) {
	l := &Load{File: ramp{shapes{"old.x": {3, 2}, "old.y": {3}, "old.z": {2}}}, Rename: func(name string) string { return "old." + name },
		Rows: map[string][]int{"old.x": {2, 0, 1}, "old.z": {}, "y": {0, 0, 0}}, Missing: []string{"*"}, Unused: []string{"old.z"}, Init: Random{1}}
	x, y, z, drawn := make([]float32, 6), make([]float32, 3), make([]float32, 2), make([]float32, 2)
	require.NoError(t, Random{1}.Fill(drawn, "z", []int{2}, FanIn(5)))
	require.NoError(t, l.Fill(x, "x", []int{3, 2}, Zeros))
	require.NoError(t, l.Fill(y, "y", []int{3}, Zeros))
	require.NoError(t, l.Fill(z, "z", []int{2}, FanIn(5)))
	require.Equal(t, [][]float32{{5, 6, 1, 2, 3, 4}, {1, 2, 3}, drawn}, [][]float32{x, y, z})
	l.File, l.Missing = shapes{}, []string{"z"}
	require.NoError(t, l.Fill(z, "z", []int{1, 2}, func(values []float32, shape []int, _ *rand.Rand) {
		require.Equal(t, []int{1, 2}, shape)
		copy(values, []float32{7, 8})
	}))
	require.Equal(t, []float32{7, 8}, z)
	require.ErrorContains(t, l.Fill(x, "x", []int{3, 2}, Zeros), `weights lack "old.x" [3 2]`)
	l.File, l.Missing, l.Report.Missing = ramp{shapes{"old.x": {3, 2}, "old.y": {3}, "old.z": {2}}}, []string{"*"}, []string{"z"}
	report, err := l.Finish()
	require.NoError(t, err)
	require.Equal(t, LoadReport{Loaded: []string{"old.x", "old.y"}, Missing: []string{"z"}, Unused: []string{"old.z"}}, report)
}
