package vector

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

func TestKernelsStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const longest = 80
	var last [8][]float32
	for i := range last {
		last[i] = kerneltest.NewPages(t, longest).Last(longest)
		for j := range last[i] {
			last[i][j] = float32(j%7) + 0.5
		}
	}
	for _, set := range kernel.Supported() {
		impl := New(set)
		for n := 1; n <= longest; n++ {
			for _, k := range table {
				var s [][]float32
				for _, l := range last[:k.outputs+k.inputs] {
					s = append(s, l[longest-n:])
				}
				what := fmt.Sprintf("%s %s, %d elements", set, k.name, n)
				require.NotPanics(t, func() { k.f32(impl, s) }, what)
			}
		}
	}
}

func TestRoundAndWidenStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	floats, bits := kerneltest.NewPages(t, 80), kerneltest.NewPages(t, 40)
	for _, set := range kernel.Supported() {
		k := New(set)
		for n := 1; n <= 80; n++ {
			wide, narrow := floats.Last(n), asBF16(bits.Last((n+1)/2), n+n%2)[n%2:]
			require.NotPanics(t, func() {
				k.Round(narrow, wide)
				k.Widen(wide, narrow)
			}, "%s, %d elements", set, n)
		}
	}
}
