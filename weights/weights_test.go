package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write puts a file into a fresh folder.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return content
}

// readAll reads every tensor of a file, as far as sizes are sane.
func readAll(f *File) (map[string][]float32, error) {
	all := map[string][]float32{}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		n := 1
		for _, d := range shape {
			n *= d
		}
		all[name] = make([]float32, n)
		if err := f.Read(name, all[name]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Every dtype, views, shared storages, parameters, and everything that a training checkpoint holds beside tensors.
func TestPyTorchFiles(t *testing.T) {
	var want map[string]struct {
		Shape  []int
		Values []float64
	}
	require.NoError(t, json.Unmarshal(fixture(t, "expected.json"), &want))
	for _, name := range []string{"zip.pth", "legacy.pth", "plain.pth"} {
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

func TestSafetensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	tensors := []Tensor{
		{"b.weight", []int{2, 3}, []float32{1, -2, 3, float32(math.Inf(1)), 1e-45, 0}},
		{"a", nil, []float32{7}},
		{"empty", []int{0, 4}, nil},
	}
	meta := map[string]string{"format": "test", "text": "line\n\"quoted\" ü"}
	require.NoError(t, WriteSafetensors(path, tensors, meta))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Zero(t, (binary.LittleEndian.Uint64(first)+8)%8)
	require.NoError(t, WriteSafetensors(path, tensors, meta))
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second, "the same input gives the same bytes")

	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, "safetensors", f.Format())
	require.Equal(t, meta, f.Metadata())
	require.Equal(t, []string{"a", "b.weight", "empty"}, f.Names())
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, tensors[0].Data, all["b.weight"])
	require.Equal(t, tensors[1].Data, all["a"])
	require.ErrorContains(t, f.Read("a", make([]float32, 2)), `"a" has 1 elements, not 2`)
	require.ErrorContains(t, f.Read("none", nil), `no tensor "none"`)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestWriterErrorsLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	bad := []Tensor{{"a", []int{2}, []float32{1}}}
	require.ErrorContains(t, WriteSafetensors(filepath.Join(dir, "x"), bad, nil), `tensor "a": 1 values for shape [2]`)
	good := []Tensor{{"a", []int{1}, []float32{1}}}
	require.ErrorContains(t, WriteSafetensors(filepath.Join(dir, "none", "x"), good, nil), "can't be written")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "folder", "inside"), nil, 0o644))
	require.ErrorContains(t, WriteSafetensors(filepath.Join(dir, "folder"), good, nil), "can't be written")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

// safetensors builds a file from a header as text.
func safetensors(head string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(b, head...), make([]byte, data)...)
}

func TestHostileSafetensors(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"length past the end": {append(binary.LittleEndian.AppendUint64(nil, 1<<62), '{', '}'), "claims"},
		"2^40 elements":       {safetensors(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4]}}`, 4), "more than the file holds"},
		"overflowing shape":   {safetensors(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "more than the file holds"},
		"negative extent":     {safetensors(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "more than the file holds"},
		"overlap": {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12),
			"overlap or leave a hole"},
		"hole":           {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "overlap or leave a hole"},
		"outside":        {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "damaged or cut off"},
		"backwards":      {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}`, 8), "damaged or cut off"},
		"too short":      {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "damaged or cut off"},
		"bytes left":     {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 8), "tensors end at byte 4"},
		"unknown dtype":  {safetensors(`{"a":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}}`, 4), `dtype "F7"`},
		"twice":          {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "twice"},
		"no offsets":     {safetensors(`{"a":{"dtype":"F32","shape":[1]}}`, 4), "more than the file holds"},
		"no object":      {safetensors(`{`, 0), "does not end"},
		"something more": {safetensors(`{} {}`, 0), "something follows"},
		"deep JSON":      {safetensors(`{"a":`+strings.Repeat("[", 2_000_000), 0), "safetensors header"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.file, c.want) })
	}
}

// requireRefused opens a hostile file and wants one line of error, in bounded memory.
func requireRefused(t *testing.T, file []byte, want string) {
	t.Helper()
	path := write(t, "hostile", file)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := Open(path)
	runtime.ReadMemStats(&after)
	if err == nil {
		_, err = readAll(f)
		f.Close()
	}
	require.ErrorContains(t, err, want)
	require.True(t, strings.HasPrefix(err.Error(), path), err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30), "memory")
}

// pickled is a zip checkpoint around a pickle.
func pickled(pickle []byte, storages map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, content []byte) {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		w.Write(content)
	}
	put("archive/data.pkl", pickle)
	for key, content := range storages {
		put("archive/data/"+key, content)
	}
	z.Close()
	return b.Bytes()
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
	one := map[string][]byte{"0": make([]byte, 16)}
	good := pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}), one)
	f, err := Open(write(t, "good.pth", good))
	require.NoError(t, err)
	_, err = readAll(f)
	require.NoError(t, err)
	f.Close()

	marker := filepath.Join(t.TempDir(), "ran")
	system := []byte(fmt.Sprintf("\x80\x02cos\nsystem\nX%s\x85R.", string(binary.LittleEndian.AppendUint32(nil, uint32(len("touch "+marker))))+"touch "+marker))
	deep := append([]byte("\x80\x02"), bytes.Repeat([]byte("]"), 2_000_000)...)
	deep = append(append(deep, bytes.Repeat([]byte("a"), 1_999_999)...), '.')
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"os.system":               {pickled(system, nil), "a call of os.system, which was not made"},
		"os.system, alone":        {system, "a call of os.system, which was not made"},
		"2^40 elements":           {pickled(tensorPickle(1<<40, 0, []int64{1 << 40}, []int64{1}), one), "its record holds 16 bytes"},
		"2^40 from one, stride 0": {pickled(tensorPickle(4, 0, []int64{1 << 40}, []int64{0}), one), "claims more than the 4 elements"},
		"past the storage":        {pickled(tensorPickle(4, 3, []int64{2}, []int64{1}), one), "claims more than the 4 elements"},
		"overflowing strides":     {pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{math.MaxInt64, math.MaxInt64}), one), "claims more"},
		"negative stride":         {pickled(tensorPickle(4, 0, []int64{2}, []int64{-1}), one), "claims more"},
		"negative extent":         {pickled(tensorPickle(4, 0, []int64{-2}, []int64{1}), one), "claims more"},
		"negative numel":          {pickled(tensorPickle(-4, 0, []int64{2}, []int64{1}), one), "claims -4 elements"},
		"no storage":              {pickled(tensorPickle(4, 0, []int64{2}, []int64{1}), nil), "storage archive/data/0 is missing"},
		"two million deep":        {pickled(deep, nil), "holds no dict of tensors"},
		"a huge string":           {pickled([]byte("\x80\x02X\xff\xff\xff\xff"), nil), "claims a string"},
		"empty stack":             {pickled([]byte("\x80\x02."), nil), "stack is empty"},
		"mark as value":           {pickled([]byte("\x80\x02(."), nil), "stack is empty"},
		"no memo":                 {pickled([]byte("\x80\x02h\x05."), nil), "recalls what it never made"},
		"itself":                  {pickled([]byte("\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."), nil), "holds no dict of tensors"},
		"unknown opcode":          {pickled([]byte("\x80\x02\xfe."), nil), "opcode 0xfe"},
		"a zip of something":      {zipOf("hello.txt"), "a zip without data.pkl"},
		"TorchScript":             {zipOf("archive/constants.pkl"), "TorchScript"},
		"a picture":               {[]byte("\xff\xd8\xff\xe0 JFIF and so on"), "not a weights file"},
		"nothing":                 {nil, "not a weights file"},
		"no tensors":              {fixture(t, "no_tensors.pth"), "holds no dict of tensors"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.file, c.want) })
	}
	_, err = os.Stat(marker)
	require.ErrorIs(t, err, os.ErrNotExist, "the pickle ran a command")
	_, err = Open(t.TempDir())
	require.ErrorContains(t, err, "a folder")
	_, err = Open("none.pth")
	require.ErrorContains(t, err, "none.pth: no such weights file")
}

func zipOf(name string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.Create(name)
	z.Close()
	return b.Bytes()
}

// A file cut off anywhere is an error, or still whole where only padding is missing; never a panic.
func TestCutOff(t *testing.T) {
	good := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, WriteSafetensors(good, []Tensor{{"a", []int{3}, []float32{1, 2, 3}}}, nil))
	file, err := os.ReadFile(good)
	require.NoError(t, err)
	for _, whole := range [][]byte{file, fixture(t, "zip.pth"), fixture(t, "legacy.pth")} {
		stride := max(1, len(whole)/300)
		for n := 0; n < len(whole); n += stride {
			f, err := Open(write(t, "cut", whole[:n]))
			if err == nil {
				_, err = readAll(f)
				f.Close()
			}
			require.Error(t, err, "%d of %d bytes", n, len(whole))
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"zip.pth", "legacy.pth", "plain.pth"} {
		f.Add(fixture(f, name))
	}
	f.Add(safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Add(pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}), map[string][]byte{"0": make([]byte, 16)}))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Open(write(t, "fuzz", content))
		if err != nil {
			return
		}
		defer file.Close()
		readAll(file)
	})
}

func FuzzPickle(f *testing.F) {
	f.Add(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}))
	f.Add([]byte("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01aK\x01u."))
	f.Fuzz(func(t *testing.T, pickle []byte) {
		file, err := Open(write(t, "fuzz", pickled(pickle, map[string][]byte{"0": make([]byte, 16)})))
		if err == nil {
			readAll(file)
			file.Close()
		}
	})
}
