package asm

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// lastFloats returns memory that ends where a page begins that nobody may touch: reading one element too many faults.
func lastFloats(t *testing.T, n int) []float32 {
	page := os.Getpagesize()
	mapped, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	require.NoError(t, syscall.Mprotect(mapped[page:], syscall.PROT_NONE))
	t.Cleanup(func() { _ = syscall.Munmap(mapped) })
	return unsafe.Slice((*float32)(unsafe.Pointer(&mapped[page-4*n])), n)
}

func TestKernelsStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const longest = 80
	var last [8][]float32
	for i := range last {
		last[i] = lastFloats(t, longest)
		for j := range last[i] {
			last[i][j] = float32(j%7) + 0.5
		}
	}
	for _, impl := range Implementations() {
		for n := 1; n <= longest; n++ {
			for _, k := range table {
				var s [][]float32
				for _, l := range last[:k.outputs+k.inputs] {
					s = append(s, l[longest-n:])
				}
				what := fmt.Sprintf("%s %s, %d elements", impl.Name, k.name, n)
				require.NotPanics(t, func() { k.f32(impl, s) }, what)
			}
		}
	}
}
