package weights

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
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
	tuple []any
	list  struct{ items []any } // also a set
	// dict keeps the order of insertion. Only string keys can be looked up and replaced.
	dict struct {
		keys, values []any
		index        map[string]int
	}
	// long is an integer of more than 64 bits: two's complement, little-endian.
	long string
	// global is the name of a class or function.
	global struct{ module, name string }
	// object is the result that calling a global would have; what is added to it later goes into items.
	object struct {
		class global
		args  tuple
		items *dict
	}
	// persistent refers to something outside of the pickle: a storage.
	persistent struct{ id any }
	mark       struct{}
)

// String fits on one line, whatever the names in the file.
func (g global) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%.60q.%.60q", g.module, g.name), `"`, "")
}

// harmless are calls that checkpoints are known to contain besides tensors.
var harmless = map[global]bool{
	{"argparse", "Namespace"}: true, {"_codecs", "encode"}: true, {"pathlib", "PosixPath"}: true, {"collections", "defaultdict"}: true,
	{"numpy", "dtype"}: true, {"numpy.core.multiarray", "scalar"}: true, {"numpy.core.multiarray", "_reconstruct"}: true,
	{"torch", "device"}: true, {"torch", "Size"}: true,
}

func (d *dict) set(key, value any) {
	if s, ok := key.(string); ok {
		if i, ok := d.index[s]; ok {
			d.values[i] = value
			return
		}
		if d.index == nil {
			d.index = map[string]int{}
		}
		d.index[s] = len(d.keys)
	}
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

// get returns the value of a string key.
func (d *dict) get(key string) (any, bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

// unpickler reads the pickles that follow each other in r. It keeps its first error; results after that are meaningless.
type unpickler struct {
	r      *bufio.Reader
	budget uint64
	stack  []any
	memo   map[uint64]any
	ids    []persistent // references to storages, as they appeared
	called *global      // the first call that is not harmless
	err    error
}

func newUnpickler(r io.Reader) *unpickler {
	return &unpickler{r: bufio.NewReader(r), budget: pickleBudget}
}

var (
	errCutOff      = errors.New("pickle is cut off: fetch the file again")
	errStack       = errors.New("pickle is damaged: its stack is empty")
	errNoContainer = errors.New("pickle is damaged: it adds to what is no container")
	errBudget      = fmt.Errorf("pickle needs more than %d MB beside its tensors: no checkpoint does", pickleBudget>>20)
)

// next reads one pickle and leaves r just after it.
func (u *unpickler) next() (any, error) {
	u.stack, u.memo = u.stack[:0], map[uint64]any{}
	for u.err == nil {
		op, err := u.r.ReadByte()
		switch {
		case err != nil:
			u.fail(errCutOff)
		case op == '.':
			v := u.pop()
			return v, u.err
		case !u.spend(valueCost):
		case opcodes[op] == nil:
			u.fail(fmt.Errorf("pickle opcode %#02x is not one of torch.save's: damaged, or no checkpoint", op))
		default:
			opcodes[op](u)
		}
	}
	return nil, u.err
}

func (u *unpickler) fail(err error) { u.err = cmp.Or(u.err, err) }

// spend takes bytes from the budget. ok is false if there has been an error, including this one.
func (u *unpickler) spend(n uint64) (ok bool) {
	if n > u.budget {
		u.fail(errBudget)
		return false
	}
	u.budget -= n
	return u.err == nil
}

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

// top returns the value on top, which stays.
func (u *unpickler) top() any {
	if n := len(u.stack); n > 0 && u.stack[n-1] != any(mark{}) {
		return u.stack[n-1]
	}
	u.fail(errStack)
	return nil
}

func (u *unpickler) pop() any {
	v := u.top()
	if u.err == nil {
		u.stack = u.stack[:len(u.stack)-1]
	}
	return v
}

// take removes the n uppermost values and returns a copy of them.
func (u *unpickler) take(n int) []any {
	at := len(u.stack) - n
	if at < 0 {
		u.fail(errStack)
		return nil
	}
	items := slices.Clone(u.stack[at:])
	u.stack = u.stack[:at]
	return items
}

// toMark takes everything above the last mark, and the mark.
func (u *unpickler) toMark() []any {
	for i, v := range slices.Backward(u.stack) {
		if v == any(mark{}) {
			items := u.take(len(u.stack) - i - 1)
			u.stack = u.stack[:i]
			return items
		}
	}
	u.fail(errors.New("pickle is damaged: a mark is missing"))
	return nil
}

// bytes reads n bytes in chunks of doubling size, so that a false length allocates little.
func (u *unpickler) bytes(n uint64) (b []byte) {
	if !u.spend(n) {
		return nil
	}
	for n > 0 && u.err == nil {
		have := len(b)
		piece := min(n, uint64(max(have, 4096)))
		b = append(b, make([]byte, piece)...)
		if _, err := io.ReadFull(u.r, b[have:]); err != nil {
			u.fail(errCutOff)
		}
		n -= piece
	}
	return b
}

// uint reads a little-endian number of 1, 2, 4 or 8 bytes.
func (u *unpickler) uint(n int) uint64 {
	var b [8]byte
	if _, err := io.ReadFull(u.r, b[:n]); err != nil {
		u.fail(errCutOff)
	}
	return binary.LittleEndian.Uint64(b[:])
}

// counted reads a length field of n bytes and then that many bytes.
func (u *unpickler) counted(n int) []byte { return u.bytes(u.uint(n)) }

// line reads up to a line feed; real names fit in the buffer.
func (u *unpickler) line() string {
	text, err := u.r.ReadSlice('\n')
	if err != nil {
		u.fail(errors.New("pickle is damaged: a name does not end"))
		return ""
	}
	u.spend(uint64(len(text)))
	return string(text[:len(text)-1])
}
