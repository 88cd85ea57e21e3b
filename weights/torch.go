package weights

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The tensors in a PyTorch checkpoint, common to its two forms: torch_zip.go and torch_legacy.go.
// pickle.go reads the pickle inside.

// torchDTypes maps PyTorch's storage classes.
var torchDTypes = map[string]DType{
	"DoubleStorage": F64, "FloatStorage": F32, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
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

// locate finds the first byte of a storage in the file, and checks that the file holds all of its elements.
type locate func(s storage) (base int64, err error)

// collectTensors lists the tensors of the state dict.
func (f *File) collectTensors(u *unpickler, top any, find locate) error {
	outer := asDict(top)
	state := stateDict(outer)
	if !state.hasTensors() {
		return notACheckpoint(u, top)
	}
	for i, k := range state.keys {
		name, ok := k.(string)
		if !ok || !isTensor(state.values[i]) {
			continue
		}
		e, err := tensorEntry(state.values[i].(*object), find)
		if err != nil {
			return fmt.Errorf("tensor %.200q: %w", name, err)
		}
		f.tensors[name] = e
	}
	if state != outer {
		f.keepNumbers(outer)
	}
	return nil
}

// keepNumbers copies numbers stored beside the weights to the metadata: epoch, steps, loss.
func (f *File) keepNumbers(d *dict) {
	for name, i := range d.index {
		switch v := d.values[i].(type) {
		case int64, float64:
			if utf8.ValidString(name) {
				f.metadata[name] = fmt.Sprint(v)
			}
		}
	}
}

// asDict returns a dict, or the contents of an object of a subclass of dict; otherwise an empty one.
func asDict(v any) *dict {
	switch v := v.(type) {
	case *dict:
		return v
	case *object:
		return cmp.Or(v.items, &dict{})
	}
	return &dict{}
}

// stateDict returns the dict that holds tensors: the one under a usual name, otherwise d itself.
func stateDict(d *dict) *dict {
	for _, name := range []string{"model", "module", "model_state_dict", "state_dict"} {
		v, _ := d.get(name)
		if inner := asDict(v); inner.hasTensors() {
			return inner
		}
	}
	return d
}

func (d *dict) hasTensors() bool { return slices.ContainsFunc(d.values, isTensor) }

// notACheckpoint returns an error that says what was found instead.
func notACheckpoint(u *unpickler, top any) error {
	text := "not a checkpoint: expected a dict of tensors, found " + describe(top)
	if u.called != nil {
		text += fmt.Sprintf("; the file asks to call %s, which was not done: don't trust it", *u.called)
	}
	if o, ok := top.(*object); !ok || u.called == nil || o.class != *u.called {
		text += "; save model.state_dict() with torch.save"
	}
	return errors.New(text)
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case *dict:
		return describeDict(v)
	case *list:
		return fmt.Sprintf("a list of %d", len(v.items))
	case tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case string:
		return fmt.Sprintf("the text %.40q", v)
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	case bool, int64, float64, long:
		return "a number"
	case global:
		return "the name " + v.String()
	case *object:
		if isTensor(v) {
			return "a tensor without a name"
		}
		return "an object of " + v.class.String()
	}
	return "a storage"
}

// describeDict names the first keys.
func describeDict(d *dict) string {
	if len(d.keys) == 0 {
		return "an empty dict"
	}
	var names []string
	for _, k := range d.keys[:min(len(d.keys), 5)] {
		name, ok := k.(string)
		if !ok {
			name = describe(k)
		}
		names = append(names, fmt.Sprintf("%.40q", name))
	}
	if len(d.keys) > len(names) {
		names = append(names, "…")
	}
	return "a dict of " + strings.Join(names, ", ")
}

// isTensor reports whether v is an object that represents a tensor.
func isTensor(v any) bool {
	o, ok := v.(*object)
	return ok && o.class.module == "torch._utils" && strings.HasPrefix(o.class.name, "_rebuild_")
}

// tensorEntry reads the arguments of torch._utils._rebuild_tensor_v2 and its variants: storage, offset, size, stride, and
// arguments that only affect gradients. A parameter wraps a tensor.
func tensorEntry(o *object, find locate) (e entry, err error) {
	if strings.HasPrefix(o.class.name, "_rebuild_parameter") && len(o.args) > 0 {
		if !isTensor(o.args[0]) {
			return e, errors.New("damaged: a parameter without a tensor")
		}
		o = o.args[0].(*object)
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
	base, err := find(s)
	if err != nil {
		return e, err
	}
	if !within(s.numel, offset, shape, stride) {
		return e, fmt.Errorf("shape %v, stride %d, offset %d reach beyond the %d elements of its storage: damaged, or expanded (then save it with .contiguous())",
			shape, stride, offset, s.numel)
	}
	return entry{dtype: s.dtype, shape: shape, base: base + offset*sizes[s.dtype], stride: stride}, nil
}

// within reports whether all elements lie inside a storage of numel elements and are no more than numel: a stride of 0 could
// make a large tensor of a small storage.
func within(numel, offset int64, shape, stride []int) bool {
	if n, ok := elements(shape, numel); n == 0 {
		return ok
	}
	if offset < 0 || offset >= numel {
		return false
	}
	left := numel - 1 - offset // elements after the first
	for i, d := range shape {
		s := int64(stride[i])
		if s < 0 || d > 1 && s > left/int64(d-1) {
			return false
		}
		left -= int64(d-1) * s
	}
	return true
}

// parseStorage reads ("storage", class, key, device, number of elements). In the legacy format a sixth item, a view, may
// follow.
func parseStorage(v any) (s storage, err error) {
	p, _ := v.(persistent)
	parts, _ := p.id.(tuple)
	if len(parts) > 0 && parts[0] == any("module") {
		return s, errors.New("a whole module was saved: save its state_dict() instead")
	}
	if len(parts) < 5 || parts[0] != any("storage") {
		return s, errors.New("damaged: a tensor without a storage")
	}
	if len(parts) > 5 && parts[5] != nil {
		return s, errors.New("a view of another storage, as old versions of PyTorch wrote it: save it again with a newer one")
	}
	class, ok := parts[1].(global)
	key, ok2 := parts[2].(string)
	numel, ok3 := parts[4].(int64)
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
	t, ok := v.(tuple)
	if !ok || len(t) > maxDims {
		return nil, false
	}
	out := make([]int, len(t))
	for i, x := range t {
		n, ok := x.(int64)
		if !ok {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}
