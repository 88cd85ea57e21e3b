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
	var last [9][]float32
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

// Kernels on the rows of a block may read and write to the next multiple of sixteen or 32 elements only where they say so.
func TestWordsStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var memory [8]kerneltest.Pages
	for i := range memory {
		memory[i] = kerneltest.NewPages(t, 1<<10)
	}
	withWords(t, func(_ kernel.Set, k *Words[float32]) {
		next := 0
		last := func(n int) []float32 {
			next++
			return memory[next%len(memory)].Last(n)
		}
		narrow := func(n int) []uint16 {
			return asBF16(last((n+1)/2), n+n%2)[n%2:]
		}
		for rows := 1; rows <= 5; rows++ {
			for n := 1; n <= 100; n++ {
				ld, w16, w32, pairs := n+rows%2, kernel.RoundUp(n, 16), kernel.RoundUp(n, 32), (rows+1)/2
				elements := (rows-1)*ld + n
				require.NotPanics(t, func() {
					k.OnlineSoftmax(last(rows*w32/2), w32/2, last(elements), ld, rows, n, 1, last(rows), last(rows), last(16))
					k.LogitGrad(last(pairs*w16), last(pairs*w16), w16, last(rows*w16/2), w16/2, last(elements), last(elements), ld, rows, n, 1,
						last(rows), last(rows))
					k.ScaleRows(narrow(elements), ld, last(elements), ld, rows, n, last(rows))
					k.RowDots(last(rows), narrow(elements), narrow(elements), ld, rows, n)
				}, fmt.Sprintf("%d×%d", rows, n))
			}
		}
	})
}

func TestLogSumExpStaysInsideItsSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var memory [4]kerneltest.Pages
	for i := range memory {
		memory[i] = kerneltest.NewPages(t, 80)
	}
	for _, set := range kernel.Supported() {
		for n := 1; n <= 80; n++ {
			lse, inverse, top, sum := memory[0].Last(n), memory[1].Last(n), memory[2].Last(n), memory[3].Last(n)
			require.NotPanics(t, func() { New(set).LogSumExp(lse, inverse, top, sum, 1) }, "%s, %d rows", set, n)
		}
	}
}

func TestBytesStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var memory [6]kerneltest.Pages
	for i := range memory {
		memory[i] = kerneltest.NewPages(t, 1<<10)
	}
	withBytes(t, func(_ kernel.Set, k *Bytes[float32]) {
		next := 0
		last := func(n int) []float32 {
			next++
			return memory[next%len(memory)].Last(n)
		}
		for rows := 1; rows <= 5; rows++ {
			for n := 1; n <= 100; n++ {
				ld, words := n+rows%2, kernel.RoundUp(n, 32)/4
				require.NotPanics(t, func() {
					k.OnlineSoftmax(last(rows*words), words, last((rows-1)*ld+n), ld, rows, n, last(16), last(rows), last(rows), last(16))
				}, fmt.Sprintf("%d×%d", rows, n))
			}
		}
	})
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
