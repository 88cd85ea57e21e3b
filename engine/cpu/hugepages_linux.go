package cpu

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of a large page on x86-64, and on arm64 where small ones have 4 KiB.
const hugePage = 2 << 20

// adviseHugePages asks for large pages where whole ones fit into b. Products stream through hundreds of megabytes: with pages of 4 KiB
// every 64th line waits for the page table, and prefetchers stop where a page ends. It is a wish: where the kernel has no large pages
// to give, small ones do as well.
func adviseHugePages(b []byte) {
	if whole := wholeHugePages(b); len(whole) > 0 {
		_ = syscall.Madvise(whole, syscall.MADV_HUGEPAGE)
	}
}

// wholeHugePages returns the part of b that large pages fill.
func wholeHugePages(b []byte) []byte {
	lead := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (hugePage - 1)
	whole := max(len(b)-lead, 0) &^ (hugePage - 1)
	return b[min(lead, len(b)):][:whole]
}
