package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every dtype, views, shared storages, parameters, and everything that a training checkpoint contains besides tensors.
func TestPyTorchFiles(t *testing.T) {
	var want map[string]struct {
		Shape  []int
		Values []float64
	}
	require.NoError(t, json.Unmarshal(fixture(t, "expected.json"), &want))
	for _, name := range []string{"zip.pth", "legacy.pth", "plain.pth", "protocol4.pth"} {
		f, err := Open(filepath.Join("testdata", name))
		require.NoError(t, err)
		defer f.Close()
		require.Len(t, f.Names(), len(want), name)
		all, err := readAll(f)
		require.NoError(t, err)
		for key, w := range want {
			shape, ok := f.Shape(key)
			require.True(t, ok, "%s lacks %s", name, key)
			require.Equal(t, w.Shape, append([]int{}, shape...), "%s %s", name, key)
			for i, v := range w.Values {
				require.Equal(t, float32(v), all[key][i], "%s %s[%d]", name, key, i)
			}
		}
	}
}

func TestNumbersBesideTheWeights(t *testing.T) {
	for _, name := range []string{"zip.pth", "legacy.pth"} {
		f, err := Open(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.Equal(t, map[string]string{"epoch": "3", "loss": "0.25"}, f.Metadata())
		require.Equal(t, DType("F16"), f.tensors["half"].dtype)
		require.NoError(t, f.Close())
	}
}

// A legacy file contains the length of a storage twice.
func TestLegacyDamage(t *testing.T) {
	file := fixture(t, "legacy.pth")
	twelve := bytes.LastIndex(file, binary.LittleEndian.AppendUint64(nil, 12))
	require.Positive(t, twelve)
	file[twelve] = 13
	requireRefused(t, file, "has 13 elements, tensors expect 12")

	file = fixture(t, "legacy.pth")
	little := bytes.Index(file, []byte("little_endian")) + len("little_endian")
	at := little + bytes.IndexByte(file[little:], 0x88)
	file[at] = 0x89
	requireRefused(t, file, "big-endian")
	requireRefused(t, bytes.Replace(fixture(t, "legacy.pth"), []byte("M\xe9\x03"), []byte("M\xea\x03"), 1), "unknown version")
}

// A tensor begins so many elements, not bytes, after its storage.
func TestOffsetsCountElements(t *testing.T) {
	tuple := func(numbers ...any) *list { return &list{numbers} }
	for class, dtype := range torchDTypes {
		stored := persistent{[]any{"storage", global{"torch", class}, "key", "cpu", int64(9)}}
		e, err := tensorEntry(&object{class: global{"torch._utils", "_rebuild_tensor_v2"},
			args: []any{stored, int64(3), tuple(int64(2), int64(3)), tuple(int64(3), int64(1))}}, map[string]span{"key": {1000, 72}})
		require.NoError(t, err, class)
		require.Equal(t, entry{dtype: dtype, shape: []int{2, 3}, stride: []int{3, 1}, base: 1000 + 3*sizes[dtype]}, e)
	}
}

// The product of extents and strides of a 4 GiB storage overflows int64.
func TestWithinStorage(t *testing.T) {
	const numel = 1 << 32
	require.True(t, within(numel, 0, []int{1 << 16, 1 << 16}, []int{1, 1 << 16}))
	require.True(t, within(numel, numel-1, []int{1, 1}, []int{0, 1 << 40}))
	require.False(t, within(numel, 1, []int{1 << 16, 1 << 16}, []int{1, 1 << 16}))
	require.False(t, within(numel, 0, []int{numel}, []int{numel - 1}))
}

// rebuilt is a call of torch._utils, as the unpickler leaves it.
func rebuilt(name string, args ...any) *object {
	return &object{class: global{"torch._utils", name}, args: args}
}

// stored is a reference to a storage of six floats.
func stored(change func(id []any) []any) persistent {
	return persistent{change([]any{"storage", global{"torch", "FloatStorage"}, "key", "cpu", int64(6)})}
}

func same(id []any) []any { return id }

func numbers(n ...int64) *list {
	l := &list{}
	for _, v := range n {
		l.items = append(l.items, v)
	}
	return l
}

// A tensor, bare or as a parameter, of the two functions that make dense ones; more arguments do not matter.
func TestTensorEntry(t *testing.T) {
	want := entry{dtype: F32, shape: []int{2}, stride: []int{2}, base: 100 + 4}
	tensor := func(name string, more ...any) *object {
		return rebuilt(name, append([]any{stored(same), int64(1), numbers(2), numbers(2)}, more...)...)
	}
	viewed := rebuilt("_rebuild_tensor", stored(func(id []any) []any { return append(id, nil) }), int64(1), numbers(2), numbers(2))
	for _, o := range []*object{
		tensor("_rebuild_tensor"), tensor("_rebuild_tensor_v2", false, nil), viewed,
		rebuilt("_rebuild_parameter", tensor("_rebuild_tensor_v2")), rebuilt("_rebuild_parameter_with_state", tensor("_rebuild_tensor"), true),
	} {
		got, err := tensorEntry(asTensor(o), map[string]span{"other": {7, 70}, "key": {100, 24}})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	sixteen := numbers(slices.Repeat([]int64{1}, 16)...)
	e, err := tensorEntry(rebuilt("_rebuild_tensor", stored(same), int64(5), sixteen, sixteen), map[string]span{"key": {100, 24}})
	require.NoError(t, err)
	require.Equal(t, slices.Repeat([]int{1}, 16), e.shape)
	f, err := openBytes(pickled(tensorPickle(4, 0, []int64{0, 2}, []int64{7, 1}), make([]byte, 16)))
	require.NoError(t, err)
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": {}}, all, "no rows, which would lie apart")
	f, err = openBytes(pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{1, 1}), []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0, 0}))
	require.NoError(t, err)
	all, err = readAll(f)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": {1, 2, 2, 3}}, all, "rows that overlap")
	require.Nil(t, asTensor(&object{class: global{"torch", "_rebuild_tensor_v2"}}))
	require.Nil(t, asTensor(&object{class: global{"torch._utils", "rebuild"}}))
	require.Nil(t, asTensor("text"))
}

func TestTensorEntryErrors(t *testing.T) {
	v2 := func(args ...any) *object { return rebuilt("_rebuild_tensor_v2", args...) }
	of := func(storage any) *object { return v2(storage, int64(0), numbers(2), numbers(1)) }
	with := func(at int, v any) persistent {
		return stored(func(id []any) []any { id[at] = v; return id })
	}
	seventeen := numbers(slices.Repeat([]int64{1}, 17)...)
	for _, c := range []struct {
		want string
		o    *object
	}{
		{"damaged: a parameter without a tensor", rebuilt("_rebuild_parameter", numbers(1))},
		{"torch._utils._rebuild_parameter makes tensors of a kind not read here: save it as a dense tensor", rebuilt("_rebuild_parameter")},
		{"torch._utils._rebuild_sparse_tensor makes tensors of a kind not read here: save it as a dense tensor", rebuilt("_rebuild_sparse_tensor")},
		{"damaged: a tensor without a size", v2(stored(same), int64(0), numbers(2))},
		{"damaged: a tensor without a storage", of(int64(1))},
		{"damaged: its size and stride are no tuples of at most 16 numbers", v2(stored(same), true, numbers(2), numbers(1))},
		{"damaged: its size and stride are no tuples of at most 16 numbers", v2(stored(same), int64(0), int64(2), numbers(1))},
		{"damaged: its size and stride are no tuples of at most 16 numbers", v2(stored(same), int64(0), numbers(2), &list{[]any{1.0}})},
		{"damaged: its size and stride are no tuples of at most 16 numbers", v2(stored(same), int64(0), numbers(2), numbers(1, 1))},
		{"damaged: its size and stride are no tuples of at most 16 numbers", v2(stored(same), int64(0), seventeen, seventeen)},
		{`damaged: its storage "none" is missing`, of(with(2, "none"))},
		{`damaged or cut off: its storage "key" claims 7 elements of F32, but has 24 bytes; fetch the file again`, of(with(4, int64(7)))},
		{"shape [2 3], stride [3 2], offset 0 reach beyond the 6 elements of its storage: damaged, or expanded (then save it with .contiguous())",
			v2(stored(same), int64(0), numbers(2, 3), numbers(3, 2))},
		{"shape [1], stride [1], offset 6 reach beyond the 6 elements of its storage: damaged, or expanded (then save it with .contiguous())",
			v2(stored(same), int64(6), numbers(1), numbers(1))},
		{"shape [1], stride [1], offset -1 reach beyond the 6 elements of its storage: damaged, or expanded (then save it with .contiguous())",
			v2(stored(same), int64(-1), numbers(1), numbers(1))},
		{"a whole module was saved: save its state_dict() instead", of(persistent{[]any{"module", "x"}})},
		{"damaged: a tensor without a storage", of(stored(func(id []any) []any { return id[:4] }))},
		{"damaged: a tensor without a storage", of(with(0, "store"))},
		{"a view of another storage, as old versions of PyTorch wrote it: save it again with a newer one", of(stored(func(id []any) []any { return append(id, numbers(1)) }))},
		{"damaged: a storage without a type, name or size", of(with(1, "FloatStorage"))},
		{"damaged: a storage without a type, name or size", of(with(2, int64(0)))},
		{"damaged: a storage without a type, name or size", of(with(4, "6"))},
		{"damaged: a storage without a type, name or size", of(with(4, int64(-1)))},
		{"elements of torch.ComplexFloatStorage are not read here: save it as float32", of(with(1, global{"torch", "ComplexFloatStorage"}))},
	} {
		_, err := tensorEntry(c.o, map[string]span{"key": {100, 24}})
		require.EqualError(t, err, c.want)
	}
}

// namedDict is a pickle of a dict whose members are dicts of one tensor or, with an underline, of a number.
func namedDict(names ...string) []byte {
	tensor := bytes.TrimPrefix(tensorPickle(1, 0, []int64{1}, []int64{1}), []byte("\x80\x02"))
	pickle := []byte("\x80\x02}(")
	for _, name := range names {
		bare := strings.TrimSuffix(name, "_")
		pickle = append(append(pickle, 'U', byte(len(bare))), bare...)
		if bare == name {
			key := append([]byte{'U', byte(len(name) + 1)}, name+"a"...) // the tensor's name tells where it was
			pickle = append(pickle, bytes.Replace(tensor[:len(tensor)-1], []byte("X\x01\x00\x00\x00a"), key, 1)...)
		} else {
			pickle = append(pickle, "}U\x01nK\x07s"...)
		}
	}
	return append(pickle, "u."...)
}

// The tensors of a checkpoint are those of the first usual name that has any; numbers beside it are metadata.
func TestStateDict(t *testing.T) {
	for want, names := range map[string][]string{
		"modela":            {"state_dict", "model_state_dict", "module", "model"},
		"modulea":           {"state_dict", "model_state_dict", "module", "model_"},
		"model_state_dicta": {"state_dict", "model_state_dict", "module_", "model_"},
		"state_dicta":       {"state_dict", "model_state_dict_", "other"},
	} {
		f, err := openBytes(pickled(namedDict(names...), make([]byte, 4)))
		require.NoError(t, err, "%v", names)
		require.Equal(t, []string{want}, f.Names(), "%v", names)
	}
	_, err := openBytes(pickled(namedDict("weights"), make([]byte, 4)))
	require.ErrorContains(t, err, `found a dict of "weights"`)
	beside := bytes.TrimSuffix(tensorPickle(1, 0, []int64{1}, []int64{1}), []byte("."))
	beside = append(beside, "(U\x05epochK\x03U\x04lossG\x3f\xd0\x00\x00\x00\x00\x00\x00U\x04nameU\x01xU\x04done\x88U\x01\xffK\x01u."...)
	f, err := openBytes(pickled(beside, make([]byte, 4)))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"epoch": "3", "loss": "0.25"}, f.Metadata())
}

// legacy is a file of the old form: a tensor of two of the four floats of storage "0", whose keys and bytes follow.
func legacy(tensor []byte, system, keys string, storages ...[]byte) (file []byte) {
	file = []byte("\x80\x02\x8a\x0a" + string(legacyMagic) + ".\x80\x02M\xe9\x03.\x80\x02" + system + ".")
	file = append(append(file, tensor...), "\x80\x02]("+keys+"e."...)
	for _, s := range storages {
		file = append(le.AppendUint64(file, uint64(len(s)/4)), s...)
	}
	return file
}

// Storages follow in the order of the keys, each after its length.
func TestLegacyStorages(t *testing.T) {
	floats := func(values ...float32) (b []byte) {
		for _, v := range values {
			b = le.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	a := tensorPickle(4, 1, []int64{2}, []int64{2})
	two := bytes.Replace(tensorPickle(3, 0, []int64{3}, []int64{1}), []byte("X\x01\x00\x00\x000"), []byte("X\x01\x00\x00\x001"), 1)
	two = bytes.Replace(bytes.TrimPrefix(two, []byte("\x80\x02}")), []byte("X\x01\x00\x00\x00a"), []byte("X\x01\x00\x00\x00b"), 1)
	both := append(bytes.TrimSuffix(a, []byte(".")), two...)
	f, err := openBytes(legacy(both, "}", "U\x011U\x010", floats(7, 8, 9), floats(1, 2, 3, 4)))
	require.NoError(t, err)
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": {2, 4}, "b": {7, 8, 9}}, all)

	for _, c := range []struct {
		file []byte
		want string
	}{
		{legacy(a, "}", "U\x010", floats(1, 2, 3)), `damaged: storage "0" has 3 elements, tensors expect 4`},
		{legacy(a, "}", "U\x010", floats(1, 2, 3, 4))[:len(legacy(a, "}", "U\x010", floats(1, 2, 3, 4)))-1],
			`damaged or cut off: its storage "0" claims 4 elements of F32, but has 15 bytes; fetch the file again`},
		{legacy(a, "}", "U\x010"), `cut off: storage "0" is missing; fetch the file again`},
		{legacy(a, "}", "U\x019"), `damaged: no tensor refers to storage "9"`},
		{legacy(a, "}", "N"), `damaged: no tensor refers to storage ""`},
		{legacy(a, "}", ""), `tensor "a": damaged: its storage "0" is missing`},
		{legacy(a, "}U\x0dlittle_endian\x89s", ""), "written in big-endian byte order: load and save it on a little-endian machine"},
		{legacy(a, "}U\x0dlittle_endianK\x01s", ""), "written in big-endian byte order: load and save it on a little-endian machine"},
		{legacy(a, "}U\x0dlittle_endian\x88s", ""), `tensor "a": damaged: its storage "0" is missing`},
		{bytes.Replace(legacy(a, "}", ""), []byte("M\xe9\x03"), []byte("M\xe8\x03"), 1),
			"a PyTorch file of an unknown version: save it again with a newer PyTorch"},
		{legacy([]byte("\x80\x02NQN."), "}", ""), "damaged: a tensor without a storage"},
	} {
		_, err := openBytes(c.file)
		require.EqualError(t, err, "fuzz: "+c.want)
	}
}
