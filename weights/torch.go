package weights

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// torchDTypes maps PyTorch's storage classes.
var torchDTypes = map[string]DType{
	"DoubleStorage": F64, "FloatStorage": F32, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
}

// maxDims bounds the dimensions of a tensor.
const maxDims = 16

// storage is a run of elements in the file that tensors share.
type storage struct {
	dtype DType
	base  int64 // first byte
	numel int64
}

// locate finds a storage, and checks that the file holds all of its elements.
type locate func(id storageID) (storage, error)

// collectTensors lists the tensors of the state dict.
func (f *File) collectTensors(u *unpickler, top any, find locate) error {
	outer := asDict(top)
	state := stateDict(outer)
	if state == nil {
		return notACheckpoint(u, top)
	}
	for i, k := range state.keys {
		name, ok := k.(string)
		o, ok2 := state.values[i].(*object)
		if !ok || !ok2 || !o.isTensor() {
			continue
		}
		e, err := tensorEntry(o, find)
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

// keepNumbers makes metadata of what a trainer noted beside the weights: epoch, steps, loss.
func (f *File) keepNumbers(d *dict) {
	for i, k := range d.keys {
		name, ok := k.(string)
		if !ok || !utf8.ValidString(name) {
			continue
		}
		switch v := d.values[i].(type) {
		case int64:
			f.metadata[name] = strconv.FormatInt(v, 10)
		case float64:
			f.metadata[name] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
}

// asDict returns what is a dict, or an object of a class made of it; else nil.
func asDict(v any) *dict {
	switch v := v.(type) {
	case *dict:
		return v
	case *object:
		return v.items
	}
	return nil
}

// stateDict returns the dict that holds tensors: under a usual name, or d itself; else nil.
func stateDict(d *dict) *dict {
	if d == nil {
		return nil
	}
	for _, name := range []string{"model", "module", "model_state_dict", "state_dict"} {
		v, _ := d.get(name)
		if inner := asDict(v); hasTensors(inner) {
			return inner
		}
	}
	if hasTensors(d) {
		return d
	}
	return nil
}

func hasTensors(d *dict) bool {
	return d != nil && slices.ContainsFunc(d.values, func(v any) bool {
		o, ok := v.(*object)
		return ok && o.isTensor()
	})
}

// notACheckpoint says what was found instead.
func notACheckpoint(u *unpickler, top any) error {
	text := "not a checkpoint: expected a dict of tensors, found " + describe(top)
	if u.called != nil {
		text += fmt.Sprintf("; the file asks to call %s, which was not done: don't trust it", *u.called)
	}
	if o, ok := top.(*object); ok && u.called != nil && o.class == *u.called {
		return errors.New(text)
	}
	return errors.New(text + "; save model.state_dict() with torch.save")
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
		if v.isTensor() {
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

func (o *object) isTensor() bool {
	return o.class.module == "torch._utils" && strings.HasPrefix(o.class.name, "_rebuild_")
}

func (o *object) isParameter() bool {
	return o.isTensor() && strings.HasPrefix(o.class.name, "_rebuild_parameter")
}

// tensorEntry reads the arguments of torch._utils._rebuild_tensor_v2 and its kin: storage, offset, size, stride, and what
// matters to gradients only. A parameter wraps a tensor.
func tensorEntry(o *object, find locate) (e entry, err error) {
	if o.isParameter() && len(o.args) > 0 {
		inner, ok := o.args[0].(*object)
		if !ok || !inner.isTensor() || inner.isParameter() {
			return e, errors.New("damaged: a parameter without a tensor")
		}
		o = inner
	}
	if name := o.class.name; name != "_rebuild_tensor_v2" && name != "_rebuild_tensor" {
		return e, fmt.Errorf("%s makes tensors of a kind not read here: save it as a dense tensor", o.class)
	}
	if len(o.args) < 4 {
		return e, errors.New("damaged: a tensor without a size")
	}
	id, err := parseStorageID(o.args[0])
	if err != nil {
		return e, err
	}
	offset, ok := o.args[1].(int64)
	shape, ok2 := integers(o.args[2])
	stride, ok3 := integers(o.args[3])
	if !ok || !ok2 || !ok3 || len(shape) != len(stride) {
		return e, fmt.Errorf("damaged: its size and stride are no tuples of at most %d numbers", maxDims)
	}
	s, err := find(id)
	if err != nil {
		return e, err
	}
	e = entry{dtype: s.dtype, shape: make([]int, len(shape)), base: s.base, offset: offset, stride: stride}
	for i, d := range shape {
		e.shape[i] = int(d)
	}
	return e, e.within(s)
}

// within checks that all elements lie inside the storage, and that there are not more of them: a stride of 0 would make much
// out of little.
func (e entry) within(s storage) error {
	n, ok := elements(e.shape, s.numel)
	if n == 0 && ok {
		return nil
	}
	ok = ok && e.offset >= 0 && e.offset < s.numel
	last := e.offset
	for i, d := range e.shape {
		if !ok || e.stride[i] < 0 || d > 1 && e.stride[i] >= s.numel {
			ok = false
			break
		}
		last += int64(d-1) * e.stride[i] // both below numel, which a file holds: no overflow
		ok = last < s.numel
	}
	if !ok {
		return fmt.Errorf("shape %v, stride %d, offset %d reach beyond the %d elements of its storage: damaged, or expanded (then save it with .contiguous())",
			e.shape, e.stride, e.offset, s.numel)
	}
	return nil
}

// storageID is a pickle's reference to a storage.
type storageID struct {
	dtype DType
	key   string
	numel int64
}

// parseStorageID reads ("storage", class, key, device, number of elements). In the legacy form a sixth may follow: a view.
func parseStorageID(v any) (id storageID, err error) {
	p, _ := v.(persistent)
	parts, _ := p.id.(tuple)
	if len(parts) > 0 && parts[0] == any("module") {
		return id, errors.New("a whole module was saved: save its state_dict() instead")
	}
	if len(parts) < 5 || parts[0] != any("storage") {
		return id, errors.New("damaged: a tensor without a storage")
	}
	if len(parts) > 5 && parts[5] != nil {
		return id, errors.New("a view of another storage, as old versions of PyTorch wrote it: save it again with a newer one")
	}
	class, ok := parts[1].(global)
	key, ok2 := parts[2].(string)
	numel, ok3 := parts[4].(int64)
	if !ok || !ok2 || !ok3 || numel < 0 {
		return id, errors.New("damaged: a storage without a type, name or size")
	}
	dtype, known := torchDTypes[class.name]
	if !known {
		return id, fmt.Errorf("elements of %s are not read here: save it as float32", class)
	}
	return storageID{dtype, key, numel}, nil
}

// integers returns the numbers of a tuple of at most maxDims.
func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok || len(t) > maxDims {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}
