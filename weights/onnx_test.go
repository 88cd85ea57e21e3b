package weights

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// message is a field of bytes, text or another message; number is one of a number.
func message(field uint64, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, field<<3|wireBytes), uint64(len(content))), content...)
}

func number(field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, field<<3|wireVarint), value)
}

func text(field uint64, s string) []byte { return message(field, []byte(s)) }

func float32s(values ...float32) (raw []byte) {
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

// tensorONNX is an initializer, or nodeONNX a node, of a graph.
func tensorONNX(name string, dtype uint64, parts ...[]byte) []byte {
	return message(onnxInitializer, slices.Concat(parts...), number(onnxType, dtype), text(onnxName, name))
}

func nodeONNX(operator string, inputs ...string) []byte {
	var parts []byte
	for _, name := range inputs {
		parts = append(parts, text(onnxInput, name)...)
	}
	return message(onnxNode, parts, text(2, "out"), text(onnxOperator, operator), message(5, bytes.Repeat([]byte{8, 7}, 9)))
}

func dims(all ...uint64) (parts []byte) {
	for _, d := range all {
		parts = append(parts, number(onnxDims, d)...)
	}
	return parts
}

// graphONNX is a model of these parts of a graph, amid what is passed over.
func graphONNX(parts ...[]byte) []byte {
	return slices.Concat(number(onnxVersion, 6), text(2, "pytorch"), message(onnxGraph, parts...), message(8, number(2, 11)))
}

// onnxModel has two convolutions, of which the second reads two constants, in the order 7, 3 of their names, and a reshape whose constant
// is no weight; nobody reads "idle".
func onnxModel() []byte {
	return graphONNX(
		nodeONNX("Conv", "x", "w"), nodeONNX("Relu", "y"), nodeONNX("Conv", "z", "7", "3"),
		nodeONNX("Reshape", "z", "to"), nodeONNX("Add", "w", "half"),
		tensorONNX("3", 1, dims(1), message(onnxFloats, float32s(1.5))),
		tensorONNX("7", 1, message(onnxDims, []byte{1, 2}), message(onnxRaw, float32s(3, -0.25))),
		tensorONNX("half", 10, message(onnxRaw, []byte{0, 0x38})),
		tensorONNX("idle", 1, dims(1), message(onnxRaw, float32s(9))),
		tensorONNX("to", 7, dims(1), message(onnxRaw, make([]byte, 8))),
		tensorONNX("w", 1, dims(3, 1), message(onnxRaw, float32s(1, -2, 0.5))))
}

// Constants are called after the nodes that read them first.
func TestONNX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.onnx")
	require.NoError(t, os.WriteFile(path, onnxModel(), 0o600))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, []string{"Add.0", "Conv.0", "Conv.1", "Conv.1.1"}, f.Names())
	for name, want := range map[string][]float32{"Conv.0": {1, -2, 0.5}, "Conv.1": {3, -0.25}, "Conv.1.1": {1.5}, "Add.0": {0.5}} {
		got := make([]float32, len(want))
		require.NoError(t, f.Read(name, got))
		require.Equal(t, want, got, name)
	}
	for name, want := range map[string][]int{"Conv.0": {3, 1}, "Conv.1": {1, 2}, "Add.0": nil} {
		shape, ok := f.Shape(name)
		require.True(t, ok)
		require.Equal(t, want, shape, name)
	}
}

func TestDamagedONNX(t *testing.T) {
	whole := onnxModel()
	one := func(parts ...[]byte) []byte { return graphONNX(nodeONNX("Conv", "w"), tensorONNX("w", 1, parts...)) }
	for want, content := range map[string][]byte{
		"ONNX without a graph: not a network":                           slices.Concat(number(onnxVersion, 6), text(2, "pytorch")),
		"ONNX: damaged: not a message of Protocol Buffers":              whole[:len(whole)-1],
		`initializer "w": 8 bytes for [3] of F32: damaged`:              one(dims(3), message(onnxRaw, make([]byte, 8))),
		`initializer "w": 0 bytes for [3] of F32: damaged`:              one(dims(3)),
		`initializer "": its shape is damaged`:                          one(dims(1 << 40)),
		`its shape is damaged`:                                          one(dims(slices.Repeat([]uint64{1}, maxDims+1)...)),
		`initializer "w": 4 bytes for [2147483647 2147483647 9] of F32`: one(dims(1<<31-1, 1<<31-1, 9), message(onnxRaw, make([]byte, 4))),
		"its values are in a file beside, which is not read":            one(dims(1), number(onnxLocation, 1)),
		`initializer "w": 2 bytes for [1] of F16: damaged`:              graphONNX(tensorONNX("w", 10, dims(1), message(onnxFloats, make([]byte, 2)))),
		`initializer "w" stands there twice`:                            graphONNX(tensorONNX("w", 1, dims(0)), tensorONNX("w", 1, dims(0))),
		`two constants would be called "A.0.1"`: graphONNX(nodeONNX("A", "u", "v"), nodeONNX("A.0", "w"), nodeONNX("A.0", "x"),
			tensorONNX("u", 1, dims(0)), tensorONNX("v", 1, dims(0)), tensorONNX("w", 1, dims(0)), tensorONNX("x", 1, dims(0))),
		"damaged: not a message":        graphONNX(message(onnxNode, text(onnxInput, strings.Repeat("w", windowBytes+1)))),
		"ONNX: damaged: not a message ": slices.Concat(number(onnxVersion, 6), []byte{onnxGraph<<3 | 3, 0}),
	} {
		_, err := openBytes(content)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

// Fields that cross the edges of what is read at a time are whole.
func TestONNXBeyondWindow(t *testing.T) {
	for gap := windowBytes - 60; gap < windowBytes+20; gap++ {
		f, err := openBytes(graphONNX(text(2, strings.Repeat("-", gap)), nodeONNX("Conv", "x", "weight"),
			tensorONNX("weight", 1, dims(2), message(onnxRaw, float32s(4, 5)))))
		require.NoError(t, err)
		got := make([]float32, 2)
		require.NoError(t, f.Read("Conv.0", got))
		require.Equal(t, []float32{4, 5}, got)
	}
}
