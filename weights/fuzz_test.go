package weights

import (
	"encoding/binary"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

// openBytes opens a file in memory.
func openBytes(content []byte) (*File, error) { return OpenBytes("fuzz", content) }

// check opens a file, which must not panic. Its tensors must be readable, unless their values are not finite, and no larger than the
// file can hold.
func check(t *testing.T, content []byte) {
	f, err := openBytes(content)
	if err != nil {
		require.NotContains(t, err.Error(), "\n")
		return
	}
	for _, name := range f.Names() {
		shape, ok := f.Shape(name)
		require.True(t, ok)
		n, ok := elements(shape, int64(len(content)))
		require.True(t, ok, "%v in %d bytes", shape, len(content))
		if err := f.Read(name, make([]float32, n)); err != nil {
			require.Regexp(t, `holds (NaN|.Inf) at \[`, err.Error())
		}
	}
}

// minimizeBriefly bounds the time the fuzzer spends minimising an input that reaches new code. The default of a minute each
// would take the whole run: the number of attempts grows quadratically with the length, and a checkpoint has thousands of
// bytes.
func minimizeBriefly(f *testing.F) {
	limit := flag.Lookup("test.fuzzminimizetime")
	if limit.Value.String() == limit.DefValue {
		require.NoError(f, limit.Value.Set("1000x"))
	}
}

func FuzzOpen(f *testing.F) {
	minimizeBriefly(f)
	for _, name := range []string{"zip.pth", "legacy.pth", "plain.pth", "protocol4.pth", "no_tensors.pth"} {
		f.Add(fixture(f, name))
	}
	f.Add(pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}), make([]byte, 16)))
	f.Fuzz(check)
}

func FuzzPickle(f *testing.F) {
	minimizeBriefly(f)
	f.Add(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}))
	f.Add([]byte("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01aK\x01u."))
	f.Fuzz(func(t *testing.T, pickle []byte) { check(t, pickled(pickle, make([]byte, 16))) })
}

func FuzzSafetensors(f *testing.F) {
	minimizeBriefly(f)
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), uint8(4))
	f.Add([]byte(`{"__metadata__":{"a":"b"},"a":{"dtype":"F16","shape":[0,3],"data_offsets":[0,0]}}`), uint8(0))
	f.Add([]byte(`{"a":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]},"a.scale":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`), uint8(12))
	f.Fuzz(func(t *testing.T, header []byte, data uint8) {
		content := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
		check(t, append(content, make([]byte, data)...))
	})
}

func FuzzONNX(f *testing.F) {
	minimizeBriefly(f)
	f.Add(onnxModel())
	f.Add(onnxModel()[:90])
	f.Fuzz(func(t *testing.T, graph []byte) {
		check(t, graph)
		check(t, append([]byte{8, 6}, message(onnxGraph, graph)...))
	})
}
