package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// openBytes opens a file in memory.
func openBytes(content []byte) (*File, error) { return OpenBytes("fuzz", content) }

// Bytes that may be allocated for the table of tensors: some for each byte of the file, and what pickles may take of their budget, which
// they need not, as zips inflate.
const (
	allocatedAtMost = 4 << 20
	allocatedAByte  = 1000
	allocatedPickle = 2 * pickleBudget
)

// check opens a file in memory.
func check(t *testing.T, content []byte) {
	limit := allocatedAtMost + allocatedAByte*len(content)
	if bytes.HasPrefix(content, []byte("PK")) || bytes.HasPrefix(content, []byte{0x80}) {
		limit += allocatedPickle
	}
	checkOpened(t, int64(len(content)), limit, func() (*File, error) { return openBytes(content) })
}

// checkOpened opens a file of size bytes, which must not panic, nor allocate more than the limit. Its tensors must be readable, unless
// their values are not finite, and no larger than the file can hold.
func checkOpened(t *testing.T, size int64, limit int, open func() (*File, error)) {
	var f *File
	var err error
	fuzzing.Bounded(t, limit, func() { f, err = open() })
	if err != nil {
		require.NotContains(t, err.Error(), "\n")
		return
	}
	defer f.Close()
	for _, name := range f.Names() {
		shape, ok := f.Shape(name)
		require.True(t, ok)
		n, ok := elements(shape, size)
		require.True(t, ok, "%v in %d bytes", shape, size)
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

func FuzzOpenVINO(f *testing.F) {
	minimizeBriefly(f)
	_, layers, _ := strings.Cut(network, "<net")
	f.Add([]byte(layers), uint8(len(constants)))
	f.Add([]byte(`><layers><layer id="1" type="Const"><data element_type="f32" shape="2,-1" offset="8" size="0"/></layer></layers></net>`), uint8(4))
	f.Add([]byte(`><layers><layer id="1" type="Const"><data element_type="f32" shape="2" offset="0" size="9"/></layer>`+
		`<layer id="2" type="a&#10;b"/></layers><edges><edge from-layer="1" to-layer="2"/></edges></net>`), uint8(8))
	f.Fuzz(func(t *testing.T, layers []byte, size uint8) {
		open := func() (*File, error) {
			net, err := readIR(io.MultiReader(strings.NewReader("<net"), bytes.NewReader(layers)))
			if err != nil {
				return nil, err
			}
			f := &File{file: memory{bytes.NewReader(make([]byte, size))}, tensors: map[string]entry{}}
			return f, cmp.Or(f.placeConstants(net, int64(size)), f.checkTotal(int64(size)))
		}
		checkOpened(t, int64(size), allocatedAtMost+allocatedAByte*len(layers), open)
	})
}
