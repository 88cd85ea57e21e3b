package kerneltest

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
)

// Pages provides memory that ends at an inaccessible page.
type Pages struct{ mapped []byte }

const untouchable = 1 << 16 // a multiple of any page size

// NewPages maps memory for a number of elements until the test ends.
func NewPages(t *testing.T, floats int) Pages {
	size := kernel.RoundUp(4*floats, untouchable)
	mapped, err := syscall.Mmap(-1, 0, size+untouchable, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	require.NoError(t, syscall.Mprotect(mapped[size:], syscall.PROT_NONE))
	t.Cleanup(func() { _ = syscall.Munmap(mapped) })
	return Pages{mapped[:size]}
}

// Last returns the last n elements.
func (p Pages) Last(n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(&p.mapped[len(p.mapped)-4*n])), n)
}
