// Package nn is what layers are built from: named parameters, and the two layers everything else is made of.
//
// A constructor walks a [Scope] of names and asks it for parameters. The scope's [Source] fills them: with random
// numbers for training from scratch, from a file for anything else. So there is one walk, and its names are those
// of the published checkpoints.
package nn

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"

	"mien/autograd"
	"mien/engine"
)

// Param is a named parameter of a model.
type Param struct {
	Name string // as in the published checkpoints: blocks.0.attn.qkv.weight
	*autograd.Value
}

// Source gives parameters their values. init says how the layer would start it.
type Source interface {
	Values(name string, shape []int, init Init) ([]float32, error)
}

// Scope is a place in a model's tree of names.
type Scope struct {
	prefix string
	shared *tree
}

// tree is what all scopes of one model share.
type tree struct {
	backend engine.Backend
	dtype   engine.DType
	source  Source
	params  []Param
	err     error
}

// NewScope returns the root scope of a model whose parameters live on b.
func NewScope(b engine.Backend, dtype engine.DType, source Source) *Scope {
	return &Scope{shared: &tree{backend: b, dtype: dtype, source: source}}
}

// NewShapeScope returns a scope whose parameters have shapes but neither memory nor values: to count a model of any size.
func NewShapeScope() *Scope {
	return &Scope{shared: &tree{backend: noMemory{}, dtype: engine.Float32}}
}

// noMemory is a backend that can do nothing but make parameters.
type noMemory struct{ engine.Backend }

func (noMemory) Alloc(int) engine.Buffer      { return nil }
func (noMemory) Fill(*engine.Tensor, float64) {}

// Sub returns the scope of a part: Sub("blocks").Sub("0") names blocks.0.…
func (s *Scope) Sub(name string) *Scope {
	return &Scope{prefix: s.prefix + name + ".", shared: s.shared}
}

// Index returns the scope of one of several parts of the same name.
func (s *Scope) Index(name string, i int) *Scope { return s.Sub(fmt.Sprintf("%s.%d", name, i)) }

// Param makes a parameter. The first error of the source is kept for Err; the parameter is then zero, so
// that constructors need not check.
func (s *Scope) Param(name string, init Init, shape ...int) *autograd.Value {
	t := s.shared
	full := s.prefix + name
	data := engine.Zeros(t.backend, t.dtype, shape...)
	if t.source != nil {
		values, err := t.source.Values(full, shape, init)
		if err == nil {
			engine.Write(data, values)
		} else if t.err == nil {
			t.err = err
		}
	}
	v := autograd.Param(data)
	t.params = append(t.params, Param{full, v})
	return v
}

// Params returns all parameters of the model in the order of construction.
func (s *Scope) Params() []Param { return s.shared.params }

// Err returns the first error of the source.
func (s *Scope) Err() error { return s.shared.err }

// Count returns the number of elements of all parameters.
func Count(params []Param) int {
	n := 0
	for _, p := range params {
		n += p.Data().Len()
	}
	return n
}

// Random is the Source of a model that starts from scratch. Each parameter draws from a stream of its own, so
// that its start depends on the seed and its name alone.
type Random struct{ Seed uint64 }

func (r Random) Values(name string, shape []int, init Init) ([]float32, error) {
	values := make([]float32, engine.Elements(shape))
	h := fnv.New64a()
	io.WriteString(h, name)
	init(values, shape, rand.New(rand.NewPCG(r.Seed, h.Sum64())))
	return values, nil
}
