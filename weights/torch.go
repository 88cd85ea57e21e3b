package weights

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The tensors in a PyTorch checkpoint, common to its two forms, which torch_files.go reads.
// pickle.go reads the pickle inside.

// torchDTypes maps PyTorch's storage classes.
var torchDTypes = map[string]DType{
	"DoubleStorage": "F64", "FloatStorage": F32, "HalfStorage": "F16", "BFloat16Storage": BF16,
	"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": I8, "ByteStorage": "U8", "BoolStorage": "BOOL",
}

var errBigEndian = errors.New("written in big-endian byte order: load and save it on a little-endian machine")

// maxDims bounds the dimensions of a tensor.
const maxDims = 16

// storage is a pickle's reference to a sequence of elements that tensors may share.
type storage struct {
	dtype DType
	key   string
	numel int64
}

// span is the part of the file that holds a storage.
type span struct{ base, size int64 }

// check returns an error unless all elements of a storage fit into the span.
func (p span) check(s storage) error {
	if s.numel > p.size/sizes[s.dtype] {
		return fmt.Errorf("damaged or cut off: its storage %.60q claims %d elements of %s, but has %d bytes; fetch the file again",
			s.key, s.numel, s.dtype, p.size)
	}
	return nil
}

// collectTensors lists the tensors of the state dict, whose storages are the spans by name, and keeps numbers stored beside it:
// epoch, steps, loss.
func (f *File) collectTensors(u *unpickler, top any, spans map[string]span) (err error) {
	outer := asDict(top)
	state := stateDict(outer)
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if o := asTensor(state[name]); o != nil {
			if f.tensors[name], err = tensorEntry(o, spans); err != nil {
				return fmt.Errorf("tensor %.200q: %w", name, err)
			}
		}
	}
	if len(f.tensors) == 0 {
		return notACheckpoint(u, top)
	}
	for name, v := range outer {
		switch v.(type) {
		case int64, float64:
			if utf8.ValidString(name) {
				f.metadata[name] = fmt.Sprint(v)
			}
		}
	}
	return nil
}

// asDict returns a dict, or what was added to an object of a subclass of dict; all else is none.
func asDict(v any) dict {
	switch v := v.(type) {
	case dict:
		return v
	case *object:
		return v.items
	}
	return nil
}

// stateDict returns the dict that holds tensors: the one under a usual name, otherwise d itself.
func stateDict(d dict) dict {
	for _, name := range []string{"model", "module", "model_state_dict", "state_dict"} {
		for _, v := range asDict(d[name]) {
			if asTensor(v) != nil {
				return asDict(d[name])
			}
		}
	}
	return d
}

// notACheckpoint returns an error that says what was found instead.
func notACheckpoint(u *unpickler, top any) error {
	text := "not a checkpoint: expected a dict of tensors, found " + describe(top)
	if u.called != (global{}) {
		text += fmt.Sprintf("; the file asks to call %s, which was not done: don't trust it", u.called)
	}
	if o, ok := top.(*object); !ok || o.class != u.called {
		text += "; save model.state_dict() with torch.save"
	}
	return errors.New(text)
}

func describe(v any) string {
	switch v := v.(type) {
	case dict:
		names := slices.Sorted(maps.Keys(v))
		for i, name := range names {
			names[i] = fmt.Sprintf("%.40q", name)
		}
		if len(names) > 5 {
			names = append(names[:5], "…")
		}
		return "a dict of " + strings.Join(names, ", ")
	case string:
		return fmt.Sprintf("the text %.40q", v)
	case *object:
		if asTensor(v) != nil {
			return "a tensor without a name"
		}
		return "an object of " + v.class.String()
	}
	return "a value of type " + strings.NewReplacer("*", "", "weights.", "").Replace(fmt.Sprintf("%T", v))
}

// asTensor returns v if it is an object that represents a tensor.
func asTensor(v any) *object {
	if o, ok := v.(*object); ok && o.class.module == "torch._utils" && strings.HasPrefix(o.class.name, "_rebuild_") {
		return o
	}
	return nil
}

// tensorEntry reads the arguments of torch._utils._rebuild_tensor_v2 and its variants: storage, offset, size, stride, and
// arguments that only affect gradients. A parameter wraps a tensor.
func tensorEntry(o *object, spans map[string]span) (e entry, err error) {
	if strings.HasPrefix(o.class.name, "_rebuild_parameter") && len(o.args) > 0 {
		if o = asTensor(o.args[0]); o == nil {
			return e, errors.New("damaged: a parameter without a tensor")
		}
	}
	if name := o.class.name; name != "_rebuild_tensor_v2" && name != "_rebuild_tensor" {
		return e, fmt.Errorf("%s makes tensors of a kind not read here: save it as a dense tensor", o.class)
	}
	if len(o.args) < 4 {
		return e, errors.New("damaged: a tensor without a size")
	}
	s, err := parseStorage(o.args[0])
	if err != nil {
		return e, err
	}
	offset, ok := o.args[1].(int64)
	shape, ok2 := integers(o.args[2])
	stride, ok3 := integers(o.args[3])
	if !ok || !ok2 || !ok3 || len(shape) != len(stride) {
		return e, fmt.Errorf("damaged: its size and stride are no tuples of at most %d numbers", maxDims)
	}
	at, ok := spans[s.key]
	if !ok {
		return e, fmt.Errorf("damaged: its storage %.60q is missing", s.key)
	}
	if err := at.check(s); err != nil {
		return e, err
	}
	if !within(s.numel, offset, shape, stride) {
		return e, fmt.Errorf("shape %v, stride %d, offset %d reach beyond the %d elements of its storage: damaged, or expanded (then save it with .contiguous())",
			shape, stride, offset, s.numel)
	}
	return entry{dtype: s.dtype, shape: shape, base: at.base + offset*sizes[s.dtype], stride: stride}, nil
}

// within reports whether all elements lie inside a storage of numel elements and are no more than numel: a stride of 0 could
// make a large tensor of a small storage.
func within(numel, offset int64, shape, stride []int) bool {
	if n, ok := elements(shape, numel); n == 0 {
		return ok
	}
	ok := offset >= 0 && offset < numel
	left := numel - 1 - offset // elements after the first
	for i, d := range shape {
		s := int64(stride[i])
		ok = ok && s >= 0 && (d == 1 || s <= left/int64(d-1))
		left -= int64(d-1) * s
	}
	return ok
}

// parseStorage reads ("storage", class, key, device, number of elements). In the legacy format a sixth item, a view, may
// follow.
func parseStorage(v any) (s storage, err error) {
	p, _ := v.(persistent)
	switch n := len(p.id); {
	case n > 0 && p.id[0] == any("module"):
		return s, errors.New("a whole module was saved: save its state_dict() instead")
	case n < 5 || p.id[0] != any("storage"):
		return s, errors.New("damaged: a tensor without a storage")
	case n > 5 && p.id[5] != nil:
		return s, errors.New("a view of another storage, as old versions of PyTorch wrote it: save it again with a newer one")
	}
	class, ok := p.id[1].(global)
	key, ok2 := p.id[2].(string)
	numel, ok3 := p.id[4].(int64)
	if !ok || !ok2 || !ok3 || numel < 0 {
		return s, errors.New("damaged: a storage without a type, name or size")
	}
	dtype, known := torchDTypes[class.name]
	if !known {
		return s, fmt.Errorf("elements of %s are not read here: save it as float32", class)
	}
	return storage{dtype, key, numel}, nil
}

// integers returns the numbers of a tuple of at most maxDims.
func integers(v any) ([]int, bool) {
	l, ok := v.(*list)
	if !ok || len(l.items) > maxDims {
		return nil, false
	}
	out := make([]int, len(l.items))
	for i, x := range l.items {
		n, ok := x.(int64)
		if !ok {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}
