package nn

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// shapes is a file that can't be read.
type shapes map[string][]int

func (s shapes) Names() []string { return slices.Sorted(maps.Keys(s)) }

func (s shapes) Shape(name string) ([]int, bool) {
	shape, ok := s[name]
	return shape, ok
}

func (s shapes) Metadata() map[string]string  { return nil }
func (s shapes) Read(string, []float32) error { return errors.New("read") }

func TestCheckModel(t *testing.T) {
	build := func(s *Scope) {
		NewLinear(s.Sub("fc"), 2, 3, Zeros)
		NewPlainLinear(s.Sub("head"), 3, 1, Zeros)
	}
	params, err := Outline(4, build)
	require.NoError(t, err)
	_, err = Outline(3, build)
	require.ErrorContains(t, err, "more parameters than there is room for")
	file := shapes{"fc.weight": {3, 2}, "fc.bias": {3}, "head.weight": {1, 3}, "head.bias": {1}}
	require.NoError(t, CheckModel(file, params))
	for _, p := range params {
		require.Equal(t, p.Name == "fc.weight", p.Linear, p.Name)
	}
	file["more"] = nil
	require.ErrorContains(t, CheckModel(file, params), `1 tensors that the model does not know, "more" the first`)
	delete(file, "more")
	file["fc.bias"] = []int{4}
	require.ErrorContains(t, CheckModel(file, params), `weights hold "fc.bias" as [4], the model needs [3]`)
	delete(file, "fc.bias")
	require.ErrorContains(t, CheckModel(file, params), `weights lack "fc.bias" [3]`)
}
