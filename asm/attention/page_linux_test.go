package attention

import (
	"fmt"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// pages hands out slices that end where memory ends.
type pages struct {
	floats [3]kerneltest.Pages
	next   int
}

const pageFloats = 1 << 14

func newPages(t *testing.T) *pages {
	p := new(pages)
	for i := range p.floats {
		p.floats[i] = kerneltest.NewPages(t, pageFloats)
	}
	return p
}

func (p *pages) slice(n int) []float32 {
	p.next++
	return p.floats[p.next%len(p.floats)].Last(n)
}

func (p *pages) narrow(n int) []uint16 {
	s := p.slice(n/2 + 1)
	all := unsafe.Slice((*uint16)(unsafe.Pointer(&s[0])), 2*len(s))
	return all[len(all)-n:]
}

// Nothing is read or written past the end of a slice.
func TestProductStaysInsideItsSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	pages := newPages(t)
	for _, k := range implementations() {
		if k.gemm.Name != "avx512" {
			continue // the tiles of package gemm have their own test
		}
		products := []func(panelProduct[float32]){k.product}
		if k.bf16 != nil {
			products = append(products, k.bf16.product)
		}
		for _, product := range products {
			for m := 1; m <= 13; m++ {
				for n := 1; n <= 130; n++ {
					const depth = 3
					form := m + n
					p := panelProduct[float32]{m: m, n: n, k: depth, rs: depth + form%2, ps: 1, panel: depth * k.width, ldc: n + 1, accumulate: form%3 == 0}
					if form%5 == 0 {
						p.rs, p.ps = 1, m
					}
					last := (n-1)%k.width + 1 // columns of the last panel
					p.a, p.c = pages.slice((m-1)*p.rs+(depth-1)*p.ps+1), pages.slice((m-1)*p.ldc+n)
					p.b = pages.slice((n-last)/k.width*p.panel + (depth-1)*k.width + (last+15)&^15)
					require.NotPanics(t, func() { product(p) }, "%d×%d", m, n)
				}
			}
		}
	}
}

func TestWordsStayInsideTheirSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	pages := newPages(t)
	for _, k := range withBF16(t) {
		for rows := 1; rows <= 5; rows++ {
			for n := 1; n <= 130; n++ {
				stride := n + rows%2
				elements, across := (rows-1)*stride+n, (rows-1)*words(n)+words(n)
				require.NotPanics(t, func() {
					k.bf16.round(pages.slice(across), words(n), pages.slice(elements), stride, rows, n)
					k.bf16.copy(pages.slice(across), words(n), pages.narrow(elements), stride, rows, n)
					if n <= k.width {
						down := (half(rows)-1)*k.width + n
						k.bf16.pair(pages.slice(down), pages.slice(elements), stride, rows, n)
						k.bf16.join(pages.slice(down), pages.narrow(elements), stride, rows, n)
					}
				}, fmt.Sprintf("%d×%d", rows, n))
			}
		}
	}
}

func TestInt8StaysInsideItsSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	pages := newPages(t)
	for _, k := range withInt8(t) {
		for rows := 1; rows <= 9; rows++ {
			for n := 1; n <= 130; n++ {
				stride, wide := n+rows%2, kernel.RoundUp(n, 16)
				elements := (rows-1)*stride + n
				require.NotPanics(t, func() {
					k.int8.rows(pages.slice(rows*quad(n)), quad(n), pages.slice(elements), stride, rows, n, 0, pages.slice(rows), pages.slice(rows))
					if n <= k.width {
						k.int8.tops(pages.slice(n), pages.slice(elements), stride, rows, n)
						k.int8.pack(pages.slice((quarter(rows)-1)*k.width+wide), pages.slice(elements), stride, rows, n, pages.slice(wide))
					}
					const depth = 3
					last := kernel.RoundUp((n-1)%k.width+1, 16) // columns of the last panel
					p := int8Product[float32]{m: rows, n: n, k: depth, lda: depth, panel: depth * k.width, ldc: wide}
					p.a, p.c = pages.slice(rows*depth), pages.slice(rows*wide)
					p.b = pages.slice((n-1)/k.width*p.panel + (depth-1)*k.width + last)
					p.start, p.scales = pages.slice(wide), pages.slice(wide)
					if n%3 == 0 {
						p.alpha = pages.slice(rows)
					}
					k.int8.product(p)
				}, fmt.Sprintf("%d×%d", rows, n))
			}
		}
	}
}
