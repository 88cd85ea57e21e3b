package weights

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An unpickler that runs no code. Classes and functions remain names; calling one makes an inert object that records the name
// and the arguments. Nothing recurses, so nesting costs no more than length, and memory is limited by a budget. The opcodes are
// in pickle_ops.go.

// Limits of one file's pickles. An opcode is charged valueCost, which covers the value, its place on the stack and in a
// container; strings are charged their length. A checkpoint of a thousand tensors with its optimizer needs a tenth of the
// budget.
const (
	pickleBudget = 128 << 20
	valueCost    = 64
)

// Values of a pickle are nil, bool, int64, float64, string, []byte, and the following.
type (
	// dict has the items whose keys are text; others are left out.
	dict map[string]any
	// list is also a tuple or a set.
	list struct{ items []any }
	// long is an integer of more than 64 bits: two's complement, little-endian.
	long string
	// global is the name of a class or function.
	global struct{ module, name string }
	// object is the result that calling a global would have; items are those added to it later.
	object struct {
		class global
		args  []any
		items dict
	}
	// persistent refers to something outside of the pickle: a storage.
	persistent struct{ id []any }
	mark       struct{}
)

// String fits on one line, whatever the names in the file.
func (g global) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%.60q.%.60q", g.module, g.name), `"`, "")
}

// items returns the contents of a list; all else has none.
func items(v any) []any {
	if l, ok := v.(*list); ok {
		return l.items
	}
	return nil
}

// harmless are calls that checkpoints are known to contain besides tensors.
var harmless = map[global]bool{
	{"argparse", "Namespace"}: true, {"_codecs", "encode"}: true, {"pathlib", "PosixPath"}: true, {"collections", "defaultdict"}: true,
	{"numpy", "dtype"}: true, {"numpy.core.multiarray", "scalar"}: true, {"numpy.core.multiarray", "_reconstruct"}: true,
	{"torch", "device"}: true, {"torch", "Size"}: true,
}

// unpickler reads the pickles that follow each other in r. Its methods panic with damage.
type unpickler struct {
	r      *bufio.Reader
	budget uint64
	stack  []any
	memo   map[uint64]any
	ids    []persistent // references to storages, as they appeared
	called global       // by the first call that is not harmless
}

func newUnpickler(r io.Reader) *unpickler {
	return &unpickler{r: bufio.NewReader(r), budget: pickleBudget}
}

// damage is why a pickle can't be read.
type damage string

func (d damage) Error() string { return "pickle " + string(d) }

const (
	cutOff      = damage("is cut off: fetch the file again")
	emptyStack  = damage("is damaged: its stack is empty")
	noContainer = damage("is damaged: it adds to what is no container")
)

// next reads one pickle and leaves r just after it.
func (u *unpickler) next() (v any, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case damage:
			err = p
		default:
			panic(p)
		}
	}()
	u.stack, u.memo = nil, map[uint64]any{}
	for {
		op := u.uint(1)
		if op == '.' {
			return u.pop(), nil
		}
		u.spend(valueCost)
		if opcodes[op] == nil {
			panic(damage(fmt.Sprintf("opcode %#02x is not one of torch.save's: damaged, or no checkpoint", op)))
		}
		opcodes[op](u)
	}
}

// spend takes bytes from the budget.
func (u *unpickler) spend(n uint64) {
	if n > u.budget {
		panic(damage(fmt.Sprintf("needs more than %d MB beside its tensors: no checkpoint does", pickleBudget>>20)))
	}
	u.budget -= n
}

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

// take removes the n uppermost values and returns a copy of them.
func (u *unpickler) take(n int) []any {
	at := len(u.stack) - n
	if at < 0 {
		panic(emptyStack)
	}
	items := slices.Clone(u.stack[at:])
	u.stack = u.stack[:at]
	return items
}

func (u *unpickler) pop() any {
	v := u.top()
	u.stack = u.stack[:len(u.stack)-1]
	return v
}

// top returns the value on top, which stays.
func (u *unpickler) top() any {
	if n := len(u.stack); n > 0 && u.stack[n-1] != any(mark{}) {
		return u.stack[n-1]
	}
	panic(emptyStack)
}

// toMark takes everything above the last mark, and the mark.
func (u *unpickler) toMark() []any {
	for i, v := range slices.Backward(u.stack) {
		if v == any(mark{}) {
			return u.take(len(u.stack) - i)[1:]
		}
	}
	panic(damage("is damaged: a mark is missing"))
}

// counted reads a length field of so many bytes, and then what it counts, which is at most what is left of the budget.
func (u *unpickler) counted(width int) []byte {
	n := u.uint(width)
	u.spend(n)
	b := make([]byte, n)
	if _, err := io.ReadFull(u.r, b); err != nil {
		panic(cutOff)
	}
	return b
}

// uint reads a little-endian number of 1, 2, 4 or 8 bytes.
func (u *unpickler) uint(n int) uint64 {
	var b [8]byte
	next, _ := u.r.Peek(n)
	if copy(b[:], next) < n {
		panic(cutOff)
	}
	u.r.Discard(n)
	return binary.LittleEndian.Uint64(b[:])
}

// line reads up to a line feed; real names fit in the buffer.
func (u *unpickler) line() string {
	text, err := u.r.ReadSlice('\n')
	if err != nil {
		panic(damage("is damaged: a name does not end"))
	}
	u.spend(uint64(len(text)))
	return string(text[:len(text)-1])
}
