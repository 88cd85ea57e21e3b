//go:build vulkan

package vk

import (
	"runtime"
	"sync"
	"unsafe"
)

// arena holds the structs of one call. C must not be given pointers into a goroutine's stack, which moves, and a pointer inside a
// struct is hidden from Go. Here all lie in one pinned piece of memory, as plain numbers that neither the garbage collector nor a growing
// stack can make wrong.
type arena struct {
	words []uint64
	used  int
	pin   runtime.Pinner
}

// arenas are those not closed. Go ends a program that loses something pinned; an instance that is never closed shall not do that.
var arenas sync.Map

func newArena() *arena {
	a := &arena{words: make([]uint64, 8<<10)}
	a.pin.Pin(&a.words[0])
	arenas.Store(a, nil)
	return a
}

func (a *arena) close() {
	a.pin.Unpin()
	arenas.Delete(a)
}

// reset forgets what earlier calls put in.
func (a *arena) reset() { a.used = 0 }

// put copies v into the arena and returns where it is, for C and for reading what C wrote.
func put[T any](a *arena, v T) *T { return &putSlice(a, []T{v})[0] }

// putSlice copies values into the arena, one after the other. Too many are a mistake of this package.
func putSlice[T any](a *arena, values []T) []T {
	if len(values) == 0 {
		return nil
	}
	n := (len(values)*int(unsafe.Sizeof(values[0])) + 7) / 8
	words := a.words[a.used : a.used+n]
	a.used += n
	out := unsafe.Slice((*T)(unsafe.Pointer(&words[0])), len(values))
	copy(out, values)
	return out
}

// putText copies a string with the zero byte that ends it in C.
func putText(a *arena, s string) uintptr { return first(putSlice(a, append([]byte(s), 0))) }

// putTexts copies strings and an array of pointers to them.
func putTexts(a *arena, texts []string) uintptr {
	var at []uintptr
	for _, s := range texts {
		at = append(at, putText(a, s))
	}
	return first(putSlice(a, at))
}

// address returns where something in an arena is, as C wants it.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// first returns the address of the first element, 0 if there is none.
func first[T any](s []T) uintptr { return address(unsafe.SliceData(s)) }

// text returns the C string at the beginning of a field.
func text(field []byte) string {
	for i, b := range field {
		if b == 0 {
			return string(field[:i])
		}
	}
	return string(field)
}

// pins is Go memory that C may write to, too much of it for an arena.
type pins[T any] struct {
	values []T
	pin    runtime.Pinner
}

func pinned[T any](values []T) *pins[T] {
	p := &pins[T]{values: values}
	if len(values) > 0 {
		p.pin.Pin(&values[0])
	}
	return p
}

func (p *pins[T]) address() uintptr { return first(p.values) }
func (p *pins[T]) unpin()           { p.pin.Unpin() }
