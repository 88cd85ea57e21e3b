package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// part is a record of a zip.
type part struct {
	name    string
	content []byte
	method  uint16
}

func zipped(parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: p.method})
		w.Write(p.content)
	}
	z.Close()
	return b.Bytes()
}

// pickled is a checkpoint around a pickle, with one storage if it is not nil.
func pickled(pickle, storage []byte) []byte {
	parts := []part{{name: "archive/data.pkl", content: pickle}}
	if storage != nil {
		parts = append(parts, part{name: "archive/data/0", content: storage})
	}
	return zipped(parts...)
}

// tensorPickle is {"a": _rebuild_tensor_v2(storage, offset, shape, stride, False, None)} for a float storage of numel claimed
// elements.
func tensorPickle(numel, offset int64, shape, stride []int64) []byte {
	var b bytes.Buffer
	number := func(v int64) {
		b.WriteByte(0x8a)
		b.WriteByte(8)
		binary.Write(&b, binary.LittleEndian, v)
	}
	text := func(s string) {
		b.WriteByte('X')
		binary.Write(&b, binary.LittleEndian, uint32(len(s)))
		b.WriteString(s)
	}
	numbers := func(v []int64) {
		b.WriteByte('(')
		for _, x := range v {
			number(x)
		}
		b.WriteByte('t')
	}
	b.WriteString("\x80\x02}")
	text("a")
	b.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
	text("storage")
	b.WriteString("ctorch\nFloatStorage\n")
	text("0")
	text("cpu")
	number(numel)
	b.WriteString("tQ")
	number(offset)
	numbers(shape)
	numbers(stride)
	b.WriteString("\x89Nt")
	b.WriteString("Rs.")
	return b.Bytes()
}

func TestHostilePickles(t *testing.T) {
	one := make([]byte, 16)
	good := tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1})
	requireGood(t, pickled(good, one))
	marker := filepath.Join(t.TempDir(), "ran")
	system := []byte(fmt.Sprintf("\x80\x02cos\nsystem\nX%s\x85R.", string(binary.LittleEndian.AppendUint32(nil, uint32(len("touch "+marker))))+"touch "+marker))
	deep := append([]byte("\x80\x02"), bytes.Repeat([]byte("]"), 2_000_000)...)
	deep = append(append(deep, bytes.Repeat([]byte("a"), 1_999_999)...), '.')
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"os.system":               {pickled(system, nil), "asks to call os.system, which was not done"},
		"os.system, alone":        {system, "asks to call os.system, which was not done"},
		"2^40 elements":           {pickled(tensorPickle(1<<40, 0, []int64{1 << 40}, []int64{1}), one), `"0" claims 1099511627776 elements of F32, but has 16 bytes`},
		"2^40 from one, stride 0": {pickled(tensorPickle(4, 0, []int64{1 << 40}, []int64{0}), one), "beyond the 4 elements"},
		"past the storage":        {pickled(tensorPickle(4, 3, []int64{2}, []int64{1}), one), "beyond the 4 elements"},
		"overflowing strides":     {pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{math.MaxInt64, math.MaxInt64}), one), "beyond the 4 elements"},
		"negative stride":         {pickled(tensorPickle(4, 0, []int64{2}, []int64{-1}), one), "beyond the 4 elements"},
		"negative extent":         {pickled(tensorPickle(4, 0, []int64{-2}, []int64{1}), one), "beyond the 4 elements"},
		"negative numel":          {pickled(tensorPickle(-4, 0, []int64{2}, []int64{1}), one), "a storage without a type, name or size"},
		"no storage":              {pickled(tensorPickle(4, 0, []int64{2}, []int64{1}), nil), `storage "0" is missing`},
		"two million deep":        {pickled(deep, nil), "pickle needs more than 128 MB"},
		"a huge string":           {pickled([]byte("\x80\x02X\xff\xff\xff\xff"), nil), "pickle needs more than 128 MB"},
		"empty stack":             {pickled([]byte("\x80\x02."), nil), "stack is empty"},
		"mark as value":           {pickled([]byte("\x80\x02(."), nil), "stack is empty"},
		"no memo":                 {pickled([]byte("\x80\x02h\x05."), nil), "recalls what it never made"},
		"itself":                  {pickled([]byte("\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."), nil), `found a dict of "a"`},
		"unknown opcode":          {pickled([]byte("\x80\x02\xfe."), nil), "opcode 0xfe"},
		"a zip of something":      {zipped(part{name: "hello.txt"}), "a zip without data.pkl"},
		"TorchScript":             {zipped(part{name: "a/data.pkl"}, part{name: "a/constants.pkl"}), "a TorchScript program"},
		"two pickles":             {zipped(part{name: "a/data.pkl", content: good}, part{name: "a/data.pkl", content: good}), "twice"},
		"compressed":              {zipped(part{"a/data.pkl", good, zip.Deflate}, part{"a/data/0", one, zip.Deflate}), `storage "0" is compressed`},
		"big-endian":              {zipped(part{name: "a/data.pkl", content: good}, part{name: "a/byteorder", content: []byte("big")}), "big-endian"},
		"a bomb":                  {zipped(part{"a/data.pkl", bytes.Repeat([]byte("N0"), 20_000_000), zip.Deflate}), "pickle needs more than 128 MB"},
		"a million dicts":         {pickled(bytes.Repeat([]byte("}"), 1_000_000), nil), "cut off"},
		"a million tensors":       {pickled(manyTensors(slices.Repeat([]int64{1}, maxDims), 1_000_000), one), "pickle needs more than 128 MB"},
		"a shared storage":        {pickled(manyTensors([]int64{1 << 16}, 1000), make([]byte, 4<<16)), "1001 tensors hold more values than the file has bytes"},
		"a thousand wide views":   {pickled(manyWide(1000), make([]byte, 4<<16)), "1001 tensors hold more values than the file has bytes"},
		"long keys":               {pickled(longKeys(), nil), "pickle needs more than 128 MB"},
		"long names of classes":   {zipped(part{"a/data.pkl", bytes.Repeat([]byte("c"+strings.Repeat("a", 4000)+"\n\n"), 34_000), zip.Deflate}), "pickle needs more than 128 MB"},
		"a nested tuple":          {pickled(append([]byte("\x80\x02N"), bytes.Repeat([]byte{0x85}, 3_000_000)...), nil), "pickle needs more than 128 MB"},
		"protocol 6":              {pickled([]byte("\x80\x06N."), nil), "pickle protocol 6"},
		"number of 2^31 bytes":    {pickled([]byte("\x80\x02\x8b\x00\x00\x00\x80"), nil), "pickle needs more than 128 MB"},
		"odd items":               {pickled([]byte("\x80\x02}(Nu."), nil), "a key has no value"},
		"items of a number":       {pickled([]byte("\x80\x02K\x01Na."), nil), "no container"},
		"no mark":                 {pickled([]byte("\x80\x02NNt."), nil), "a mark is missing"},
		"hidden os.system":        {pickled([]byte("\x80\x02}(X\x01\x00\x00\x00acos\nsystem\n)RX\x01\x00\x00\x00bNu."), nil), "asks to call os.system"},
		"an odd name":             {pickled([]byte("\x80\x04\x8c\x03o\ns\x8c\x02\x1b[\x93)R."), nil), `o\ns.\x1b[`},
		"one tensor":              {fixture(t, "tensor.pth"), "found a tensor without a name"},
		"a picture":               {[]byte("\xff\xd8\xff\xe0 JFIF and so on"), "not a weights file"},
		"nothing":                 {nil, "not a weights file"},
		"no tensors":              {fixture(t, "no_tensors.pth"), `found a dict of "epoch", "loss"; save model.state_dict()`},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.file, c.want) })
	}
	_, err := os.Stat(marker)
	require.ErrorIs(t, err, os.ErrNotExist, "the pickle ran a command")
	_, err = Open(t.TempDir())
	require.ErrorContains(t, err, "a folder or device")
	_, err = Open("none.pth")
	require.ErrorContains(t, err, "none.pth: no such weights file")
}

// A file that claims more than it holds costs what it holds.
func TestClaimsCostNothing(t *testing.T) {
	for name, pickle := range map[string]string{
		"bytes": "\x80\x02B\x01\x00\x00\x07", "text": "\x80\x02}X\x00\x00\x00\x07short", "8 bytes": "\x80\x04\x8e\x00\x00\x00\x07\x00\x00\x00\x00..",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := openBytes([]byte(pickle))
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, "pickle is cut off", name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}

// manyWide is manyTensors of the two elements at the ends of a storage of 2^16.
func manyWide(n int) []byte {
	return repeated(tensorPickle(1<<16, 0, []int64{2}, []int64{1<<16 - 1}), n)
}

// manyTensors is a dict of n names for one tensor, whose strides are 1.
func manyTensors(shape []int64, n int) []byte {
	return repeated(tensorPickle(shape[0], 0, shape, slices.Repeat([]int64{1}, len(shape))), n)
}

// repeated gives the tensor in a pickle n more names.
func repeated(pickle []byte, n int) []byte {
	b := bytes.TrimSuffix(pickle, []byte("s.")) // leaves the dict, the name and the tensor
	b = append(b, "q\x00s"...)
	for i := range n {
		b = append(b, "X\x04\x00\x00\x00"...)
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		b = append(b, "h\x00s"...)
	}
	return append(b, '.')
}

// longKeys sets one long key a million times: each time costs a hash.
func longKeys() []byte {
	b := append([]byte("\x80\x02}X\x00\x00\x10\x00"), make([]byte, 1<<20)...)
	b = append(b, "q\x00Ns"...)
	b = append(b, bytes.Repeat([]byte("h\x00Ns"), 1_000_000)...)
	return append(b, '.')
}

// A compressed pickle is read, and the root folder may have any name.
func TestZipForms(t *testing.T) {
	good := tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1})
	requireGood(t, zipped(part{"any name/at all/data.pkl", good, zip.Deflate}, part{name: "any name/at all/data/0", content: make([]byte, 16)}))
	requireGood(t, zipped(part{name: "data.pkl", content: good}, part{name: "data/0", content: make([]byte, 16)},
		part{name: "byteorder", content: []byte("little")}))
}

// The first data.pkl counts, with the storages of its own folder; errors, whole.
func TestZipErrors(t *testing.T) {
	good, other, one := tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}), tensorPickle(4, 0, []int64{9}, []int64{1}), make([]byte, 16)
	requireGood(t, zipped(part{name: "b/data.pkl", content: good}, part{name: "a/data.pkl", content: other}, part{name: "b/data/0", content: one},
		part{"a/data/0", []byte{1}, zip.Deflate}, part{"b/data/x/1", one, zip.Deflate}, part{"b/more/0", one, zip.Deflate}, part{name: "a/byteorder", content: []byte("big")},
		part{name: "b/data/"}))
	data := func(parts ...part) []byte {
		return zipped(append([]part{{name: "a/data.pkl", content: good}}, parts...)...)
	}
	for _, c := range []struct {
		file []byte
		want string
	}{
		{zipped(part{name: "hello.txt"}), "a zip without data.pkl, not a weights file: expected safetensors or a PyTorch checkpoint (.pth, .pt)"},
		{data(part{name: "constants.pkl"}), "a TorchScript program, not a checkpoint: save model.state_dict() with torch.save"},
		{data(part{name: "x"}, part{name: "x"}), `damaged: the zip holds "x" twice`},
		{data(part{"a/data/0", one, zip.Deflate}), `storage "0" is compressed: save with torch.save, which does not compress`},
		{data(part{name: "a/byteorder", content: []byte("big")}), "written in big-endian byte order: load and save it on a little-endian machine"},
		{data(part{name: "a/byteorder"}), "written in big-endian byte order: load and save it on a little-endian machine"},
		{data(part{name: "a/byteorder", content: []byte(" little\n")}), `tensor "a": damaged: its storage "0" is missing`},
		{data(part{name: "b/data/0", content: one}), `tensor "a": damaged: its storage "0" is missing`},
		{data(part{name: "a/data/0", content: one[:15]}), `tensor "a": damaged or cut off: its storage "0" claims 4 elements of F32, but has 15 bytes; fetch the file again`},
	} {
		_, err := openBytes(c.file)
		require.EqualError(t, err, "fuzz: "+c.want)
	}
	for _, at := range []int{0, 29} { // the signature of the record, and the size of what stands before its bytes
		lost := data(part{name: "a/data/0", content: one})
		lost[bytes.LastIndex(lost, []byte("PK\x03\x04"))+at] ^= 0xff
		_, err := openBytes(lost)
		require.EqualError(t, err, `fuzz: damaged: storage "0" lies outside of the file`)
	}
}

func requireGood(t *testing.T, file []byte) {
	t.Helper()
	f, err := Open(write(t, "good.pth", file))
	require.NoError(t, err)
	defer f.Close()
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": make([]float32, 4)}, all)
}

// Python 2 wrote an OrderedDict as a call with a list of pairs.
func TestPairs(t *testing.T) {
	u := newUnpickler(strings.NewReader("\x80\x02ccollections\nOrderedDict\n]Na\x85R."))
	_, err := u.next()
	require.ErrorContains(t, err, "other things than pairs")
	u = newUnpickler(strings.NewReader("\x80\x02ccollections\nOrderedDict\n]X\x01\x00\x00\x00aK\x02\x86a\x85R."))
	v, err := u.next()
	require.NoError(t, err)
	got := v.(dict)["a"]
	require.Equal(t, int64(2), got)
}

func TestNumbers(t *testing.T) {
	for pickle, want := range map[string]any{
		"K\xff.": int64(255), "M\xff\xff.": int64(65535), "J\xff\xff\xff\xff.": int64(-1), "J\x00\x00\x00\x80.": int64(math.MinInt32),
		"\x8a\x00.": int64(0), "\x8a\x01\xff.": int64(-1), "\x8a\x02\xff\x00.": int64(255), "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.": int64(math.MinInt64),
		"\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01.": long("\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
		"G\xbf\xf8\x00\x00\x00\x00\x00\x00.":                        -1.5,
	} {
		v, err := newUnpickler(strings.NewReader(pickle)).next()
		require.NoError(t, err, "%q", pickle)
		require.Equal(t, want, v, "%q", pickle)
	}
}

// Every opcode that torch.save may write, and the budget that it takes: valueCost for each but the stop, and the length of strings.
func TestOpcodes(t *testing.T) {
	const text = "\x02\x00\x00\x00ab"
	for pickle, c := range map[string]struct {
		want  any
		spent uint64
	}{
		"\x80\x02N.": {nil, 128}, "\x80\x05N.": {nil, 128}, "\x95\x01\x00\x00\x00\x00\x00\x00\x00N.": {nil, 128},
		"\x88.": {true, 64}, "\x89.": {false, 64}, "KaNK\x02000K\x01.": {int64(1), 448}, "K\x01(NN1.": {int64(1), 320},
		"M\x01\x02.": {int64(0x201), 64}, "J\x01\x02\x03\x04.": {int64(0x4030201), 64}, "\x8a\x03\x01\x02\x03.": {int64(0x30201), 67},
		"\x8b\x02\x00\x00\x00\x01\x02.": {int64(0x201), 66}, "G\x3f\xf8\x00\x00\x00\x00\x00\x00.": {1.5, 64},
		"U\x02ab.": {"ab", 66}, "\x8c\x02ab.": {"ab", 66}, "T" + text + ".": {"ab", 66}, "X" + text + ".": {"ab", 66},
		"\x8d\x02\x00\x00\x00\x00\x00\x00\x00ab.": {"ab", 66},
		"C\x02ab.": {[]byte("ab"), 66}, "B" + text + ".": {[]byte("ab"), 66},
		"\x8e\x02\x00\x00\x00\x00\x00\x00\x00ab.": {[]byte("ab"), 66}, "\x96\x02\x00\x00\x00\x00\x00\x00\x00ab.": {[]byte("ab"), 66},
		").": {&list{}, 64}, "].": {&list{}, 64}, "\x8f.": {&list{}, 64}, "}.": {dict{}, 64},
		"K\x01\x85.": {&list{[]any{int64(1)}}, 128}, "K\x01N\x86.": {&list{[]any{int64(1), nil}}, 192},
		"K\x01N\x88\x87.": {&list{[]any{int64(1), nil, true}}, 256}, "K\x07(K\x01Nt.": {&list{[]any{int64(1), nil}}, 320},
		"(\x88K\x01\x91.": {&list{[]any{true, int64(1)}}, 256}, "]K\x01aNa.": {&list{[]any{int64(1), nil}}, 320},
		"](K\x01Ne.": {&list{[]any{int64(1), nil}}, 320}, "\x8f(K\x01N\x90.": {&list{[]any{int64(1), nil}}, 320},
		"}U\x01aNs.":              {dict{"a": nil}, 64*4 + 1 + 64 + 1},
		"}(U\x01aNU\x02bcK\x01u.": {dict{"a": nil, "bc": int64(1)}, 64*7 + 3 + 2*64 + 3}, "}(K\x01Nu.": {dict{}, 64*5 + 64},
		"cmo\nna\n.": {global{"mo", "na"}, 64 + 6}, "U\x02moU\x02na\x93.": {global{"mo", "na"}, 64*3 + 4}, "NK\x01\x93.": {global{}, 64 * 3},
		"cm\nn\nK\x01\x85R.":                           {&object{global{"m", "n"}, []any{int64(1)}, dict{}}, 64*4 + 4},
		"cm\nn\nK\x01\x85\x81.":                        {&object{global{"m", "n"}, []any{int64(1)}, dict{}}, 64*4 + 4},
		"cm\nn\nK\x01\x85}\x92.":                       {&object{global{"m", "n"}, []any{int64(1)}, dict{}}, 64*5 + 4},
		"cm\nn\n)RK\x01aU\x01aNsNb.":                   {&object{global{"m", "n"}, nil, dict{"a": nil}}, 64*10 + 5 + 65},
		"ccollections\nOrderedDict\n)R.":               {dict{}, 64*3 + 24},
		"ccollections\nOrderedDict\n)RU\x01aK\x01sNb.": {dict{"a": int64(1)}, 64*8 + 24 + 1 + 65},
		"(K\x01NtQ.":                                   {persistent{[]any{int64(1), nil}}, 64 * 5},
		"K\x01q\x05Nq\x06h\x05.":                       {int64(1), 64 * 5},
		"K\x01r\x01\x02\x03\x04Nj\x01\x02\x03\x04.":    {int64(1), 64 * 4},
		"K\x01\x94N\x94h\x00.":                         {int64(1), 64 * 5}, "K\x01\x94N\x94\x88\x94h\x01.": {nil, 64 * 7},
	} {
		u := newUnpickler(strings.NewReader(pickle + "rest"))
		got, err := u.next()
		require.NoError(t, err, "%q", pickle)
		require.Equal(t, c.want, got, "%q", pickle)
		require.Equal(t, int(c.spent), int(pickleBudget-u.budget), "%q", pickle)
		rest, err := io.ReadAll(u.r)
		require.NoError(t, err)
		require.Equal(t, "rest", string(rest), "%q", pickle)
	}
}

// Each pickle in a row has a stack and a memo of its own; references to storages add up.
func TestPicklesInARow(t *testing.T) {
	u := newUnpickler(strings.NewReader("NK\x07q\x00\x85Q." + "\x88\x85Q." + ".h\x00"))
	for i, id := range []any{int64(7), true} {
		v, err := u.next()
		require.NoError(t, err)
		require.Equal(t, persistent{[]any{id}}, v)
		require.Len(t, u.ids, i+1)
	}
	require.Equal(t, []persistent{{[]any{int64(7)}}, {[]any{true}}}, u.ids)
	_, err := u.next()
	require.EqualError(t, err, "pickle is damaged: its stack is empty")
	_, err = u.next()
	require.EqualError(t, err, "pickle is damaged: it recalls what it never made")
}

// What is found instead of a checkpoint.
func TestNoCheckpoint(t *testing.T) {
	const save = "; save model.state_dict() with torch.save"
	asks := func(call string) string {
		return "; the file asks to call " + call + ", which was not done: don't trust it"
	}
	for pickle, want := range map[string]string{
		"K\x01.":    "a value of type int64" + save,
		"].":        "a value of type list" + save,
		"N.":        "a value of type <nil>" + save,
		"cm\nn\n.":  "a value of type global" + save,
		"U\x02a\n.": `the text "a\n"` + save,
		"}.":        "a dict of " + save,
		"}(U\x01cNU\x01aNU\x01bNU\x01eNU\x01dNu.":             `a dict of "a", "b", "c", "d", "e"` + save,
		"}(U\x01cNU\x01aNU\x01bNU\x01eNU\x01dNU\x01fNu.":      `a dict of "a", "b", "c", "d", "e", …` + save,
		"cos\nsystem\n)R.":                                    "an object of os.system" + asks("os.system"),
		"}U\x01acos\nsystem\n)Rs.":                            `a dict of "a"` + asks("os.system") + save,
		"}(U\x01acos\nsystem\n)RU\x01bcio\nopen\n)Ru.":        `a dict of "a", "b"` + asks("os.system") + save,
		"cos\nsystem\n)R0cio\nopen\n)R.":                      "an object of io.open" + asks("os.system") + save,
		"ctorch._utils\n_rebuild_tensor_v2\n)R.":              "a tensor without a name" + save,
		"cargparse\nNamespace\n)R.":                           "an object of argparse.Namespace" + save,
		"c_codecs\nencode\n)R.":                               "an object of _codecs.encode" + save,
		"cpathlib\nPosixPath\n)R.":                            "an object of pathlib.PosixPath" + save,
		"ccollections\ndefaultdict\n)R.":                      "an object of collections.defaultdict" + save,
		"cnumpy\ndtype\n)R.":                                  "an object of numpy.dtype" + save,
		"cnumpy.core.multiarray\nscalar\n)R.":                 "an object of numpy.core.multiarray.scalar" + save,
		"cnumpy.core.multiarray\n_reconstruct\n)R.":           "an object of numpy.core.multiarray._reconstruct" + save,
		"ctorch\ndevice\n)R.":                                 "an object of torch.device" + save,
		"ctorch\nSize\n)R.":                                   "an object of torch.Size" + save,
		"ctorch\nload\n)R.":                                   "an object of torch.load" + asks("torch.load"),
		"c" + strings.Repeat("m", 70) + "\nn\n)R.":            "an object of " + strings.Repeat("m", 60) + ".n" + asks(strings.Repeat("m", 60)+".n"),
		"U\x32" + strings.Repeat("a", 50) + ".":               `the text "` + strings.Repeat("a", 40) + `"` + save,
		"}U\x32" + strings.Repeat("a", 50) + "Ns.":            `a dict of "` + strings.Repeat("a", 40) + `"` + save,
		"}U\x05modelctorch._utils\n_rebuild_tensor\n)R\x85s.": `a dict of "model"` + save,
	} {
		_, err := openBytes(pickled([]byte(pickle), nil))
		require.EqualError(t, err, "fuzz: not a checkpoint: expected a dict of tensors, found "+want, "%q", pickle)
	}
}

// Errors of pickles, whole.
func TestPickleErrors(t *testing.T) {
	for pickle, want := range map[string]string{
		"":                                     "is cut off: fetch the file again",
		"X\x05\x00\x00\x00abc":                 "is cut off: fetch the file again",
		"M\x01":                                "is cut off: fetch the file again",
		".":                                    "is damaged: its stack is empty",
		"N\x86.":                               "is damaged: its stack is empty",
		"q\x01.":                               "is damaged: its stack is empty",
		"NNa.":                                 "is damaged: it adds to what is no container",
		"N(e.":                                 "is damaged: it adds to what is no container",
		"]NNs.":                                "is damaged: it adds to what is no container",
		"t.":                                   "is damaged: a mark is missing",
		"}(Nu.":                                "is damaged: a key has no value",
		"cmodule":                              "is damaged: a name does not end",
		"cmodule\nname":                        "is damaged: a name does not end",
		"j\x01\x00\x00\x00.":                   "is damaged: it recalls what it never made",
		"ccollections\nOrderedDict\n]]a\x85R.": "is damaged: an OrderedDict of other things than pairs",
		"i.":                                   "opcode 0x69 is not one of torch.save's: damaged, or no checkpoint",
		"\x80\x06.":                            "protocol 6 is newer than 5: save with torch.save's default",
		"\x8b\x00\x00\x00\x08":                 "needs more than 128 MB beside its tensors: no checkpoint does",
	} {
		_, err := newUnpickler(strings.NewReader(pickle)).next()
		require.EqualError(t, err, "pickle "+want, "%q", pickle)
	}
}
