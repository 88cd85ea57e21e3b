// Package nn has what models are built from: named parameters, and the basic layers.
//
// A constructor requests its parameters from a [Scope] of names. The scope's [Source] fills them: with random numbers for
// training from scratch, otherwise from a file. So the same constructor serves both, and its names are those of the published
// checkpoints. The scope also decides how a weight is stored: as a tensor for training, or packed, and quantized if requested,
// for inference.
//
// Go on with layers.go; batch_norm.go is for convolutional networks, init.go has the initialisation rules, load.go loading from a file.
package nn

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"mien/autograd"
	"mien/engine"
)

// Param is a named parameter of a model.
type Param struct {
	Name string // as in the published checkpoints: blocks.0.attn.qkv.weight
	*autograd.Value
	Linear    bool // made by Weight: the weight of a linear layer, packed for inference
	Extractor bool // of a network whose features the model reads: see Scope.Extractor
}

// Source gives parameters their values. init is the layer's own initialisation.
type Source interface {
	Fill(values []float32, name string, shape []int, init Init) error
}

// Scope is a place in a model's tree of names.
type Scope struct {
	prefix    string
	extractor bool
	*tree
}

// tree is the state shared by all scopes of one model.
type tree struct {
	backend engine.Backend // nil for shapes alone, at most limit elements
	limit   int
	dtype   engine.DType
	source  Source
	packs   bool // weights of linear layers are packed, for inference
	format  engine.Precision
	params  []Param
	states  []Param
	owned   []*autograd.Value // values of parameters, and constants
	values  []float32         // of the parameter being made
	err     error
}

// NewScope returns the root scope of a model whose parameters live on b.
func NewScope(b engine.Backend, dtype engine.DType, source Source) *Scope {
	return &Scope{tree: &tree{backend: b, dtype: dtype, source: source}}
}

// NewInferenceScope returns the root scope of a model that will not be trained: the weights of its linear layers are packed
// once, in the given precision, and stored in no other form.
func NewInferenceScope(b engine.Backend, source Source, p engine.Precision) *Scope {
	return &Scope{tree: &tree{backend: b, dtype: engine.Float32, source: source, packs: true, format: p}}
}

// Outline returns the parameters of a model as shapes only, without memory or values, so that a model of any size can be
// counted. More than limit parameters are an error as soon as they are requested, so the cost is bounded whatever a file
// claims.
func Outline(limit int, build func(s *Scope)) (params []Param, err error) {
	s := &Scope{tree: &tree{dtype: engine.Float32, limit: limit}}
	defer func() {
		if p := recover(); p == errTooMany {
			params, err = nil, errTooMany
		} else if p != nil {
			panic(p)
		}
	}()
	build(s)
	return s.Params(), nil
}

var errTooMany = errors.New("the model has more parameters than there is room for: is the file damaged?")

// Sub returns the scope of a part: names in Sub("blocks").Sub("0") begin with blocks.0.
func (s *Scope) Sub(name string) *Scope {
	return &Scope{prefix: s.prefix + name + ".", extractor: s.extractor, tree: s.tree}
}

// Extractor returns the scope of a feature extractor: another network, frozen, whose features the model reads. Files hold its parameters
// beside the model's own, and Count leaves them out, as papers do.
func (s *Scope) Extractor(name string) *Scope {
	part := s.Sub(name)
	part.extractor = true
	return part
}

// Index returns the scope of one of several parts of the same name.
func (s *Scope) Index(name string, i int) *Scope { return s.Sub(fmt.Sprintf("%s.%d", name, i)) }

// Param makes a parameter. Err returns the source's first error; the parameter is then zero, so that constructors need not
// check.
func (s *Scope) Param(name string, init Init, shape ...int) *autograd.Value {
	return s.add(name, autograd.Param(s.tensor(s.prefix+name, init, shape)), false)
}

// Weight makes the weight of a linear layer, [out, in]; trailing axes count towards in.
func (s *Scope) Weight(name string, init Init, shape ...int) *autograd.Value {
	t := s.tensor(s.prefix+name, init, shape)
	if !s.packs {
		return s.add(name, autograd.Weight(t), true)
	}
	defer t.Free()
	return s.add(name, autograd.Packed(s.backend.PackWeight(t, s.format), s.dtype), true)
}

// Constant makes a value of the model that is neither learned nor stored, such as a table of positions. It is uploaded once,
// here; a scope of shapes alone does not call values.
func (s *Scope) Constant(values func() []float32, shape ...int) *autograd.Value {
	if s.backend == nil {
		return autograd.Constant(engine.Outline(s.dtype, shape...))
	}
	v := autograd.Constant(engine.FromSlice(s.backend, s.dtype, values(), shape...))
	s.owned = append(s.owned, v)
	return v
}

// State makes a tensor of training that is no parameter, such as a queue: checkpoints keep it and a model's file does not have it. It is nil
// in a scope for inference, and in one of shapes alone.
func (s *Scope) State(name string, values func() []float32, shape ...int) *engine.Tensor {
	if s.packs || s.backend == nil {
		return nil
	}
	v := s.Constant(values, shape...)
	s.states = append(s.states, Param{Name: s.prefix + name, Value: v})
	return v.Data()
}

// States returns what State has made.
func (s *Scope) States() []Param { return s.states }

// Free releases the memory of all parameters, constants and states. The model can't be used afterwards.
func (s *Scope) Free() {
	for _, v := range s.owned {
		v.Free()
	}
	s.params, s.states, s.owned = nil, nil, nil
}

func (s *Scope) add(name string, v *autograd.Value, linear bool) *autograd.Value {
	s.params = append(s.params, Param{s.prefix + name, v, linear, s.extractor})
	s.owned = append(s.owned, v)
	return v
}

// tensor makes a tensor with the source's values.
func (s *Scope) tensor(name string, init Init, shape []int) *engine.Tensor {
	if s.backend == nil {
		if len(s.params) >= s.limit {
			panic(errTooMany)
		}
		return engine.Outline(s.dtype, shape...)
	}
	n := engine.Elements(shape)
	s.values = slices.Grow(s.values[:0], n)[:n]
	clear(s.values)
	if s.source != nil {
		if err := s.source.Fill(s.values, name, shape, init); err != nil {
			clear(s.values)
			s.err = cmp.Or(s.err, err)
		}
	}
	return engine.FromSlice(s.backend, s.dtype, s.values, shape...)
}

// Params returns all parameters of the model in the order of construction.
func (s *Scope) Params() []Param { return s.params }

// Err returns the first error of the source.
func (s *Scope) Err() error { return s.err }

// Freeze turns the parameters whose names match a pattern, in which * matches any characters, into constants, and returns their
// number of elements, as Count does. A pattern without a match is an error.
func Freeze(params []Param, patterns []string) (elements int, err error) {
	for _, pattern := range patterns {
		if !slices.ContainsFunc(params, func(p Param) bool { return matchAny([]string{pattern}, p.Name) }) {
			return 0, fmt.Errorf("no parameter matches %q", pattern)
		}
	}
	for _, p := range params {
		if matchAny(patterns, p.Name) {
			p.Freeze()
			elements += Count([]Param{p})
		}
	}
	return elements, nil
}

// Count returns the number of elements of all parameters but those of feature extractors.
func Count(params []Param) int { return count(params, func(Param) bool { return true }) }

// CountTuned returns how many of them are learned: neither frozen nor statistics.
func CountTuned(params []Param) int { return count(params, Param.NeedsGrad) }

func count(params []Param, which func(Param) bool) (n int) {
	for _, p := range params {
		if !p.Extractor && which(p) {
			n += p.Data().Len()
		}
	}
	return n
}

// Random is the Source of a model that starts from scratch. Each parameter draws from its own stream, so that its initial value
// depends only on the seed and its name.
type Random struct{ Seed uint64 }

func (r Random) Fill(values []float32, name string, shape []int, init Init) error {
	h := fnv.New64a()
	io.WriteString(h, name)
	init(values, shape, rand.New(rand.NewPCG(r.Seed, h.Sum64())))
	return nil
}

// Divided is the Source of a model of which a part has a source of its own: what is called Prefix + name comes from Part, as name, and all
// else from Rest.
type Divided struct {
	Prefix     string
	Part, Rest Source
}

// Fill implements Source.
func (d Divided) Fill(values []float32, name string, shape []int, init Init) error {
	if rest, ok := strings.CutPrefix(name, d.Prefix); ok {
		return d.Part.Fill(values, rest, shape, init)
	}
	return d.Rest.Fill(values, name, shape, init)
}

// Named is a Source whose errors begin with its name, such as the path of a file.
type Named struct {
	Name string
	Source
}

// Fill implements Source.
func (n Named) Fill(values []float32, name string, shape []int, init Init) error {
	if err := n.Source.Fill(values, name, shape, init); err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	return nil
}
