package enginetest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestCountingCountsEveryKernel calls every method of a wrapper around nil: each counts before the inner call, which panics.
func TestCountingCountsEveryKernel(t *testing.T) {
	others := []string{"Name", "Supports", "Activations", "Alloc", "Free", "Upload", "Download", "Flush", "Sync", "Stats", "Close"}
	for _, name := range interfaceMethods() {
		c := NewCounting(nil)
		method := reflect.ValueOf(c).MethodByName(name)
		arguments := []reflect.Value{}
		for i := range method.Type().NumIn() {
			arguments = append(arguments, reflect.Zero(method.Type().In(i)))
		}
		require.Panics(t, func() { method.Call(arguments) }, name)
		if slices.Contains(others, name) {
			require.Empty(t, c.Kernels, name)
			continue
		}
		require.Equal(t, map[string]int{name: 1}, c.Kernels)
		require.Equal(t, 1, c.KernelCalls())
		c.Reset()
		require.Zero(t, c.KernelCalls())
	}
}

func TestCountingCountsTraffic(t *testing.T) {
	c := NewCounting(still{})
	x := engine.FromSlice(c, engine.Float32, []float32{1, 2, 3}, 3)
	view := x.View(3, 1)
	engine.Write(view.Range(1, 3), []float64{4, 5})
	_, err := engine.Read[float64](x.Range(0, 1))
	require.NoError(t, err)
	require.Equal(t, [3]Traffic{{1, 12}, {2, 20}, {1, 4}}, [3]Traffic{c.Allocs, c.Uploads, c.Downloads})
}

func TestCountingCountsMemory(t *testing.T) {
	c := NewCounting(still{})
	first := engine.Zeros(c, engine.Float32, 5)
	second := engine.Zeros(c, engine.Float32, 2)
	first.Free()
	require.Equal(t, [2]int{8, 28}, [2]int{c.Live, c.Peak})
	c.Reset()
	third := engine.Zeros(c, engine.Float32, 1)
	second.Free()
	third.Free()
	require.Equal(t, [2]int{0, 12}, [2]int{c.Live, c.Peak})
}

// still is a backend with memory and no kernels.
type still struct{ engine.Backend }

func (still) Alloc(bytes int) (engine.Buffer, error)    { return new(int), nil }
func (still) Free(engine.Buffer)                        {}
func (still) Fill(*engine.Tensor, float64)              {}
func (still) Upload(engine.Buffer, int, []byte)         {}
func (still) Download([]byte, engine.Buffer, int) error { return nil }
