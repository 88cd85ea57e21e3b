// Package enginetest is the conformance suite of engine.Backend. Every method is compared with plain float64 loops that
// are written here, so that the suite relies on no kernel, and uses a backend only through its interface.
//
// A backend conforms if
//
//	enginetest.RunAll(t, newBackend, enginetest.Options{Float64: true})
//
// passes. Destinations are filled with NaN before a call, to expose elements left unwritten; lists and slices are overwritten after it,
// to expose a backend that did not copy them; and a kernel that leaks working memory fails its subtest.
//
// [Deferred] and [Counting] wrap a backend, for tests of code built on one: that it synchronises where it must and only there, and
// what it costs.
package enginetest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// Options says what the suite may skip.
type Options struct {
	Float64     bool // whether it has float64 kernels
	SkipFloat64 bool // whether to skip them: another run of the suite tests the same ones
}

// method is the test of one method of engine.Backend.
type method struct {
	name   string
	test   func(*suite)
	floats bool // whether to repeat it for each floating point type
}

var methods = []method{
	{"Name", testName, false},
	{"Supports", testSupports, false},
	{"Activations", testActivations, false},
	{"Alloc", testAlloc, false},
	{"Free", testFree, false},
	{"Upload", testUpload, false},
	{"Download", testDownload, false},
	{"Flush", testFlush, false},
	{"Sync", testSync, false},
	{"Stats", testStats, false},
	{"Close", testClose, false},
	{"Fill", testFill, true},
	{"Cast", testCast, false},
	{"Copy", testCopy, true},
	{"Permute", testPermute, true},
	{"Patchify", testPatchify, true},
	{"Binary", testBinary, true},
	{"Axpy", testAxpy, true},
	{"Scale", testScale, true},
	{"SumTo", testSumTo, true},
	{"Unary", testUnary, true},
	{"UnaryBackward", testUnaryBackward, true},
	{"Gemm", testGemm, true},
	{"PackWeight", testPackWeight, true},
	{"GroupedGemm", testGroupedGemm, true},
	{"Softmax", testSoftmax, true},
	{"SoftmaxBackward", testSoftmaxBackward, true},
	{"LogSoftmax", testLogSoftmax, true},
	{"LogSoftmaxBackward", testLogSoftmaxBackward, true},
	{"LayerNorm", testLayerNorm, true},
	{"LayerNormBackward", testLayerNormBackward, true},
	{"Attention", testAttention, true},
	{"AttentionBackward", testAttentionBackward, true},
	{"Unfold", testUnfold, true},
	{"Fold", testFold, true},
	{"Depthwise", testDepthwise, true},
	{"MaxPool", testMaxPool, true},
	{"MaxPoolBackward", testMaxPoolBackward, true},
	{"Sample", testSample, true},
	{"SampleBackward", testSampleBackward, true},
	{"Gather", testGather, true},
	{"TopK", testTopK, true},
	{"Route", testRoute, true},
	{"MSE", testMSE, true},
	{"MSEBackward", testMSEBackward, true},
	{"RandomNormal", testRandomNormal, true},
	{"RandomMask", testRandomMask, true},
	{"StepFigures", testStepFigures, true},
	{"AdamW", testAdamW, true},
}

// RunAll runs one subtest for each method of engine.Backend, each on a backend of its own. Inputs are the same
// in every run.
func RunAll(t *testing.T, newBackend func() engine.Backend, options Options) {
	t.Run("EveryMethodHasATest", func(t *testing.T) { require.ElementsMatch(t, interfaceMethods(), testedMethods()) })
	t.Run("Unknown", func(t *testing.T) { runOne(newSuite(t, newBackend, engine.Float32, options), testUnknown) })
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			if !m.floats {
				runOne(newSuite(t, newBackend, engine.Float32, options), m.test)
				return
			}
			t.Run("float32", func(t *testing.T) { runOne(newSuite(t, newBackend, engine.Float32, options), m.test) })
			if options.Float64 && !options.SkipFloat64 {
				t.Run("float64", func(t *testing.T) { runOne(newSuite(t, newBackend, engine.Float64, options), m.test) })
			}
		})
	}
}

func runOne(s *suite, test func(*suite)) {
	test(s)
	s.free()
	require.NoError(s.T, s.b.Sync())
	require.Zero(s.T, s.b.Stats().LiveBytes, "bytes are live after every tensor of the test was freed")
	require.NoError(s.T, s.b.Close())
}

func interfaceMethods() (names []string) {
	backend := reflect.TypeFor[engine.Backend]()
	for i := range backend.NumMethod() {
		names = append(names, backend.Method(i).Name)
	}
	return names
}

func testedMethods() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}
