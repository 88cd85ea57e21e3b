package weights

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// An unpickler that runs no code. Classes and functions remain names; calling one makes an inert object that records the name
// and the arguments. Nothing recurses, so nesting costs no more than length, and memory is limited by a budget.

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
		p := recover()
		if d, ok := p.(damage); ok {
			err = d
		} else if p != nil {
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

// counted reads a length field of so many bytes, and then what it counts, which is at most what is left of the budget. Memory
// grows with what is there, not with what the field claims.
func (u *unpickler) counted(width int) (b []byte) {
	n := u.uint(width)
	u.spend(n)
	for have := uint64(0); have < n; have = uint64(len(b)) {
		part := min(n-have, max(have, 4096))
		b = slices.Grow(b, int(part))[:have+part]
		if _, err := io.ReadFull(u.r, b[have:]); err != nil {
			panic(cutOff)
		}
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

// opcodes are those of protocols 2 to 5 that torch.save uses. Source: Python's Lib/pickletools.py.
var opcodes = [256]func(u *unpickler){
	0x80: func(u *unpickler) { u.protocol(u.uint(1)) }, // PROTO
	0x95: func(u *unpickler) { u.uint(8) },             // FRAME

	'(': func(u *unpickler) { u.push(mark{}) }, // MARK
	'0': func(u *unpickler) { u.take(1) },      // POP
	'1': func(u *unpickler) { u.toMark() },     // POP_MARK

	'N':  func(u *unpickler) { u.push(nil) },                     // NONE
	0x88: func(u *unpickler) { u.push(true) },                    // NEWTRUE
	0x89: func(u *unpickler) { u.push(false) },                   // NEWFALSE
	'K':  func(u *unpickler) { u.push(int64(u.uint(1))) },        // BININT1
	'M':  func(u *unpickler) { u.push(int64(u.uint(2))) },        // BININT2
	'J':  func(u *unpickler) { u.push(int64(int32(u.uint(4)))) }, // BININT
	0x8a: func(u *unpickler) { u.push(integer(u.counted(1))) },   // LONG1
	0x8b: func(u *unpickler) { u.push(integer(u.counted(4))) },   // LONG4

	'G': func(u *unpickler) { u.push(math.Float64frombits(bits.ReverseBytes64(u.uint(8)))) }, // BINFLOAT, big-endian

	'U':  func(u *unpickler) { u.push(string(u.counted(1))) }, // SHORT_BINSTRING
	'T':  func(u *unpickler) { u.push(string(u.counted(4))) }, // BINSTRING
	0x8c: func(u *unpickler) { u.push(string(u.counted(1))) }, // SHORT_BINUNICODE
	'X':  func(u *unpickler) { u.push(string(u.counted(4))) }, // BINUNICODE
	0x8d: func(u *unpickler) { u.push(string(u.counted(8))) }, // BINUNICODE8
	'C':  func(u *unpickler) { u.push(u.counted(1)) },         // SHORT_BINBYTES
	'B':  func(u *unpickler) { u.push(u.counted(4)) },         // BINBYTES
	0x8e: func(u *unpickler) { u.push(u.counted(8)) },         // BINBYTES8
	0x96: func(u *unpickler) { u.push(u.counted(8)) },         // BYTEARRAY8

	')':  func(u *unpickler) { u.push(&list{}) },           // EMPTY_TUPLE
	0x85: func(u *unpickler) { u.push(&list{u.take(1)}) },  // TUPLE1
	0x86: func(u *unpickler) { u.push(&list{u.take(2)}) },  // TUPLE2
	0x87: func(u *unpickler) { u.push(&list{u.take(3)}) },  // TUPLE3
	't':  func(u *unpickler) { u.push(&list{u.toMark()}) }, // TUPLE

	']':  func(u *unpickler) { u.push(&list{}) },           // EMPTY_LIST
	0x8f: func(u *unpickler) { u.push(&list{}) },           // EMPTY_SET
	0x91: func(u *unpickler) { u.push(&list{u.toMark()}) }, // FROZENSET
	'a':  func(u *unpickler) { u.append(u.take(1)) },       // APPEND
	'e':  func(u *unpickler) { u.append(u.toMark()) },      // APPENDS
	0x90: func(u *unpickler) { u.append(u.toMark()) },      // ADDITEMS

	'}': func(u *unpickler) { u.push(dict{}) },    // EMPTY_DICT
	's': func(u *unpickler) { u.set(u.take(2)) },  // SETITEM
	'u': func(u *unpickler) { u.set(u.toMark()) }, // SETITEMS

	'c':  func(u *unpickler) { u.push(global{u.line(), u.line()}) }, // GLOBAL
	0x93: func(u *unpickler) { u.stackGlobal(u.take(2)) },           // STACK_GLOBAL
	'R':  func(u *unpickler) { u.call(u.take(2)) },                  // REDUCE
	0x81: func(u *unpickler) { u.call(u.take(2)) },                  // NEWOBJ
	0x92: func(u *unpickler) { u.call(u.take(3)) },                  // NEWOBJ_EX: the third are keyword arguments
	'b':  func(u *unpickler) { u.take(1) },                          // BUILD: attributes do not affect tensors
	'Q':  (*unpickler).persist,                                      // BINPERSID

	'q':  func(u *unpickler) { u.remember(u.uint(1)) },           // BINPUT
	'r':  func(u *unpickler) { u.remember(u.uint(4)) },           // LONG_BINPUT
	0x94: func(u *unpickler) { u.remember(uint64(len(u.memo))) }, // MEMOIZE
	'h':  func(u *unpickler) { u.recall(u.uint(1)) },             // BINGET
	'j':  func(u *unpickler) { u.recall(u.uint(4)) },             // LONG_BINGET
}

func (u *unpickler) protocol(version uint64) {
	if version > 5 {
		panic(damage(fmt.Sprintf("protocol %d is newer than 5: save with torch.save's default", version)))
	}
}

// integer returns the value of b in two's complement, little-endian.
func integer(b []byte) any {
	if len(b) > 8 {
		return long(b)
	}
	var v int64
	for _, x := range slices.Backward(b) {
		v = v<<8 | int64(x)
	}
	unused := 64 - 8*len(b)
	return v << unused >> unused
}

func (u *unpickler) stackGlobal(names []any) {
	module, _ := names[0].(string) // or of no name in a damaged file, which is none of the classes that are read
	name, _ := names[1].(string)
	u.push(global{module, name})
}

func (u *unpickler) persist() {
	id := persistent{items(u.pop())}
	u.ids = append(u.ids, id)
	u.push(id)
}

// call makes an inert object of a class and its arguments, or an OrderedDict, the one container accepted as data.
func (u *unpickler) call(operands []any) {
	class, _ := operands[0].(global)
	o := &object{class, items(operands[1]), dict{}}
	if class != (global{"collections", "OrderedDict"}) {
		if u.called == (global{}) && !harmless[class] && asTensor(o) == nil {
			u.called = class
		}
		u.push(o)
		return
	}
	u.push(dict{})
	if len(o.args) > 0 { // a list of pairs, as Python 2 wrote it
		for _, pair := range items(o.args[0]) {
			if len(items(pair)) != 2 {
				panic(damage("is damaged: an OrderedDict of other things than pairs"))
			}
			u.set(items(pair))
		}
	}
}

// append adds to the list on top.
func (u *unpickler) append(items []any) {
	switch c := u.top().(type) {
	case *list:
		c.items = append(c.items, items...)
	case *object: // a subclass of list: its items do not affect tensors
	default:
		panic(noContainer)
	}
}

// set adds to the dict on top, or to an object of a subclass of dict. Repeated hashing of a long key is charged, too.
func (u *unpickler) set(pairs []any) {
	d := asDict(u.top())
	if d == nil {
		panic(noContainer)
	}
	if len(pairs)%2 != 0 {
		panic(damage("is damaged: a key has no value"))
	}
	for pair := range slices.Chunk(pairs, 2) {
		key, ok := pair[0].(string)
		u.spend(valueCost + uint64(len(key)))
		if ok {
			d[key] = pair[1]
		}
	}
}

// remember stores the top value in the memo.
func (u *unpickler) remember(at uint64) { u.memo[at] = u.top() }

func (u *unpickler) recall(at uint64) {
	v, ok := u.memo[at]
	if !ok {
		panic(damage("is damaged: it recalls what it never made"))
	}
	u.push(v)
}
