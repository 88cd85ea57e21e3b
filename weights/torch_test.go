package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"path/filepath"
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
