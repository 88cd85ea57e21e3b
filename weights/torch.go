package weights

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
)

// torchDTypes maps PyTorch's storage classes.
var torchDTypes = map[string]DType{
	"DoubleStorage": F64, "FloatStorage": F32, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
}

// storage is a run of elements in the file that tensors share.
type storage struct {
	dtype DType
	base  int64
	numel int64
}

// indexZip reads the form of PyTorch 1.6 and later: a zip of a pickle and a record of raw bytes for each storage.
func (f *File) indexZip(size int64) error {
	z, err := zip.NewReader(f.file, size)
	if err != nil {
		return fmt.Errorf("damaged or cut off zip: %w", err)
	}
	records := map[string]*zip.File{}
	root := ""
	for _, r := range z.File {
		records[r.Name] = r
		switch path.Base(r.Name) {
		case "data.pkl":
			root = path.Dir(r.Name)
		case "constants.pkl":
			return errors.New("a TorchScript program, not a checkpoint: save the state dict with torch.save")
		}
	}
	pickled, ok := records[path.Join(root, "data.pkl")]
	if !ok {
		return errors.New("a zip without data.pkl: not a PyTorch checkpoint")
	}
	if order, ok := records[path.Join(root, "byteorder")]; ok && !littleEndian(order) {
		return errors.New("a checkpoint in big-endian byte order: save it on a little-endian machine")
	}
	r, err := pickled.Open()
	if err != nil {
		return fmt.Errorf("data.pkl: %w", err)
	}
	defer r.Close()
	top, _, err := unpickle(bufio.NewReader(r))
	if err != nil {
		return fmt.Errorf("data.pkl: %w", err)
	}
	return f.collectTensors(top, func(key string, dtype DType, numel int64) (storage, error) {
		return zipStorage(records, path.Join(root, "data", key), dtype, numel, size)
	})
}

func littleEndian(f *zip.File) bool {
	r, err := f.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	text, _ := io.ReadAll(io.LimitReader(r, 16))
	return strings.TrimSpace(string(text)) == "little"
}

// zipStorage finds a storage's bytes, and that there are as many as the pickle claims.
func zipStorage(records map[string]*zip.File, name string, dtype DType, numel, size int64) (storage, error) {
	r, ok := records[name]
	if !ok {
		return storage{}, fmt.Errorf("storage %s is missing", name)
	}
	if r.Method != zip.Store {
		return storage{}, fmt.Errorf("storage %s is compressed: save the checkpoint with torch.save", name)
	}
	at, err := r.DataOffset()
	if err != nil || at > size {
		return storage{}, fmt.Errorf("storage %s is cut off", name)
	}
	have := min(int64(min(r.UncompressedSize64, math.MaxInt64)), size-at)
	if numel < 0 || numel > have/sizes[dtype] {
		return storage{}, fmt.Errorf("storage %s claims %d elements of %s, its record holds %d bytes", name, numel, dtype, have)
	}
	return storage{dtype, at, numel}, nil
}

// legacyMagic begins the form before PyTorch 1.6: 0x1950a86a20f9469cfc6c, too large for 64 bits.
const legacyMagic = "119547037146038801333356"

// indexLegacy reads a row of pickles (magic number, protocol, system, object, keys of storages) and the storages after them, each
// with its length.
func (f *File) indexLegacy(size int64) error {
	position := &counter{r: io.NewSectionReader(f.file, 0, size)}
	r := bufio.NewReader(position)
	var parts [5]any
	claims := map[string]storage{} // type and size of each storage
	for i := range parts {
		v, ids, err := unpickle(r)
		if err != nil {
			return err
		}
		if parts[i] = v; i == 0 && v != any(legacyMagic) {
			return errors.New("a pickle, but not a PyTorch checkpoint" + foreign(v))
		}
		for _, id := range ids {
			dtype, key, numel, err := storageID(id)
			if err != nil {
				return err
			}
			if numel < 0 || numel > size/sizes[dtype] {
				return fmt.Errorf("storage %s claims %d elements of %s, more than the file holds", key, numel, dtype)
			}
			claims[key] = storage{dtype: dtype, numel: numel}
		}
	}
	keys, ok := parts[4].(*list)
	if !ok {
		return errors.New("damaged checkpoint: the list of storages is missing")
	}
	placed := map[string]storage{}
	at := position.n - int64(r.Buffered())
	for _, k := range keys.items {
		key, _ := k.(string)
		s, ok := claims[key]
		if !ok {
			return fmt.Errorf("damaged checkpoint: storage %q belongs to no tensor", key)
		}
		s.base = at + 8 // after the length
		placed[key] = s
		if at = s.base + s.numel*sizes[s.dtype]; at > size {
			return fmt.Errorf("checkpoint is cut off: storage %q ends at byte %d of %d", key, at, size)
		}
	}
	return f.collectTensors(parts[3], func(key string, _ DType, _ int64) (storage, error) {
		s, ok := placed[key]
		if !ok {
			return s, fmt.Errorf("storage %s is missing", key)
		}
		return s, nil
	})
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// locate finds a storage by its key.
type locate func(key string, dtype DType, numel int64) (storage, error)

// collectTensors finds the state dict and lists its tensors.
func (f *File) collectTensors(top any, find locate) error {
	dict, err := stateDict(top)
	if err != nil {
		return err
	}
	for i, k := range dict.keys {
		name, ok := k.(string)
		o, isObject := dict.values[i].(*object)
		if !ok || !isObject {
			continue
		}
		e, isTensor, err := tensorEntry(o, find)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if isTensor {
			f.tensors[name] = e
		}
	}
	return nil
}

// stateDict returns the dict that holds tensors: under a usual name, or the file itself.
func stateDict(top any) (*dict, error) {
	d, ok := top.(*dict)
	if !ok {
		return nil, errors.New("not a checkpoint: it holds no dict of tensors" + foreign(top))
	}
	for _, name := range []string{"model", "module", "model_state_dict", "state_dict"} {
		if inner, ok := d.get(name); ok {
			if d, ok := inner.(*dict); ok && hasTensors(d) {
				return d, nil
			}
		}
	}
	if !hasTensors(d) {
		return nil, errors.New("not a checkpoint: it holds no dict of tensors" + foreign(top))
	}
	return d, nil
}

func hasTensors(d *dict) bool {
	return slices.ContainsFunc(d.values, func(v any) bool {
		o, ok := v.(*object)
		return ok && o.isTensor()
	})
}

// foreign names a class that a pickle wanted to call, if it is one that no checkpoint needs: a hint for who wonders.
func foreign(v any) string {
	if o, ok := v.(*object); ok && o.class.module != "?" {
		return fmt.Sprintf(", but a call of %s.%s, which was not made", o.class.module, o.class.name)
	}
	return ""
}

func (o *object) isTensor() bool {
	return o.class.module == "torch._utils" && strings.HasPrefix(o.class.name, "_rebuild_")
}

// tensorEntry reads the arguments of torch._utils._rebuild_tensor_v2 and its kin: (storage, offset, size, stride, …).
func tensorEntry(o *object, find locate) (e entry, ok bool, err error) {
	if !o.isTensor() {
		return e, false, nil
	}
	if strings.HasPrefix(o.class.name, "_rebuild_parameter") {
		if len(o.args) > 0 {
			if inner, isObject := o.args[0].(*object); isObject && inner != o && !strings.HasPrefix(inner.class.name, "_rebuild_parameter") {
				return tensorEntry(inner, find)
			}
		}
		return e, false, errors.New("damaged parameter")
	}
	if o.class.name != "_rebuild_tensor_v2" && o.class.name != "_rebuild_tensor" || len(o.args) < 4 {
		return e, false, fmt.Errorf("a tensor made by %s, which is not known here: save it as a plain, dense tensor", o.class.name)
	}
	dtype, key, numel, err := storageID(o.args[0])
	if err != nil {
		return e, false, err
	}
	s, err := find(key, dtype, numel)
	if err != nil {
		return e, false, err
	}
	offset, ok1 := o.args[1].(int64)
	shape, ok2 := integers(o.args[2])
	stride, ok3 := integers(o.args[3])
	if !ok1 || !ok2 || !ok3 || len(shape) != len(stride) || offset < 0 {
		return e, false, errors.New("damaged tensor: its size is no tuple of numbers")
	}
	e = entry{dtype: dtype, base: s.base, offset: offset, stride: stride}
	for _, d := range shape {
		e.shape = append(e.shape, int(d))
	}
	return e, true, e.within(s)
}

// within checks that a tensor's elements all lie inside its storage, and that there are not more of them: a stride of 0 would
// make much out of little.
func (e entry) within(s storage) error {
	n, ok := elements(e.shape, s.numel)
	if ok && n == 0 {
		return nil
	}
	last := e.offset
	for i, d := range e.shape {
		if e.stride[i] < 0 || d > 1 && e.stride[i] > s.numel {
			ok = false
			break
		}
		last += int64(max(d-1, 0)) * e.stride[i]
		ok = ok && last >= 0
	}
	if !ok || last >= s.numel || n > s.numel {
		return fmt.Errorf("tensor of shape %v claims more than the %d elements of its storage", e.shape, s.numel)
	}
	return nil
}

// storageID reads a persistent id: ("storage", class, key, location, number of elements).
func storageID(v any) (dtype DType, key string, numel int64, err error) {
	p, ok := v.(persistent)
	id, ok2 := p.id.(tuple)
	if !ok || !ok2 || len(id) < 5 {
		return "", "", 0, errors.New("damaged tensor: it has no storage")
	}
	class, ok := id[1].(global)
	key, ok2 = id[2].(string)
	numel, ok3 := id[4].(int64)
	dtype, known := torchDTypes[class.name]
	switch {
	case !ok || !ok2 || !ok3:
		return "", "", 0, errors.New("damaged tensor: its storage has no name or size")
	case !known:
		return "", "", 0, fmt.Errorf("a storage of type %s, which is not known here", class.name)
	}
	return dtype, key, numel, nil
}

func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	out := make([]int64, len(t))
	for i, x := range t {
		n, isInt := x.(int64)
		out[i], ok = n, ok && isInt
	}
	return out, ok
}
