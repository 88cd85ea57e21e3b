package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An unpickler that runs no code. Classes and functions stay names; calling one makes an inert object that remembers the
// name and the arguments. Nothing recurses, so depth costs no more than length does, and memory comes out of a budget.

// Limits of one file's pickles. An opcode is charged valueCost, which covers the value, its place on the stack and in a
// container; strings are charged their length. A checkpoint of a thousand tensors with its optimizer needs a tenth of it.
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
	// object is what calling a global would have made; what it is filled with afterwards goes into items.
	object struct {
		class global
		args  tuple
		items *dict
	}
	// persistent refers to something outside of the pickle: a storage.
	persistent struct{ id any }
	mark       struct{}
)

// String is fit for one line, whatever a file calls its classes.
func (g global) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%.60q.%.60q", g.module, g.name), `"`, "")
}

// harmless are calls that checkpoints are known to hold beside tensors.
var harmless = map[global]bool{
	{"argparse", "Namespace"}: true, {"_codecs", "encode"}: true, {"pathlib", "PosixPath"}: true,
	{"collections", "OrderedDict"}: true, {"collections", "defaultdict"}: true,
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

// unpickler reads the pickles that follow each other in r.
type unpickler struct {
	r      *bufio.Reader
	budget int64
	stack  []any
	memo   map[uint64]any
	ids    []persistent // references to storages, as they appeared
	called *global      // the first call that is not harmless
}

func newUnpickler(r io.Reader) *unpickler {
	return &unpickler{r: bufio.NewReader(r), budget: pickleBudget}
}

var (
	errCutOff = errors.New("pickle is cut off: fetch the file again")
	errStack  = errors.New("pickle is damaged: its stack is empty")
	errBudget = fmt.Errorf("pickle needs more than %d MB beside its tensors: no checkpoint does", pickleBudget>>20)
)

// next reads one pickle and leaves r behind its end.
func (u *unpickler) next() (any, error) {
	u.stack, u.memo = u.stack[:0], map[uint64]any{}
	for {
		op, err := u.r.ReadByte()
		if err != nil {
			return nil, errCutOff
		}
		if op == '.' {
			return u.pop()
		}
		if err := u.spend(valueCost); err != nil {
			return nil, err
		}
		if err := u.execute(op); err != nil {
			return nil, err
		}
	}
}

// spend takes bytes out of the budget.
func (u *unpickler) spend(n int64) error {
	if u.budget -= n; u.budget < 0 {
		return errBudget
	}
	return nil
}

func (u *unpickler) push(v any) error {
	u.stack = append(u.stack, v)
	return nil
}

// top returns the value on top, which stays.
func (u *unpickler) top() (any, error) {
	if len(u.stack) == 0 {
		return nil, errStack
	}
	v := u.stack[len(u.stack)-1]
	if _, ok := v.(mark); ok {
		return nil, errStack
	}
	return v, nil
}

func (u *unpickler) pop() (any, error) {
	v, err := u.top()
	if err == nil {
		u.stack = u.stack[:len(u.stack)-1]
	}
	return v, err
}

// take removes the n uppermost values and returns a copy of them.
func (u *unpickler) take(n int) ([]any, error) {
	if len(u.stack) < n {
		return nil, errStack
	}
	at := len(u.stack) - n
	items := append([]any(nil), u.stack[at:]...)
	u.stack = u.stack[:at]
	return items, nil
}

// toMark takes everything above the last mark, and the mark.
func (u *unpickler) toMark() ([]any, error) {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if _, ok := u.stack[i].(mark); ok {
			items, err := u.take(len(u.stack) - i - 1)
			u.stack = u.stack[:i]
			return items, err
		}
	}
	return nil, errors.New("pickle is damaged: a mark is missing")
}

// bytes reads n bytes. The budget bounds what a claim alone can allocate.
func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if n > pickleBudget {
		return nil, errBudget
	}
	if err := u.spend(int64(n)); err != nil {
		return nil, err
	}
	if n <= 4096 {
		b := make([]byte, n)
		if _, err := io.ReadFull(u.r, b); err != nil {
			return nil, errCutOff
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(u.r, int64(n)))
	if err != nil || uint64(len(b)) < n {
		return nil, errCutOff
	}
	return b, nil
}

// uint reads a little-endian number of 1, 2, 4 or 8 bytes.
func (u *unpickler) uint(n int) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(u.r, b[:n]); err != nil {
		return 0, errCutOff
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// counted reads a length of n bytes and then as many bytes.
func (u *unpickler) counted(n int) ([]byte, error) {
	length, err := u.uint(n)
	if err != nil {
		return nil, err
	}
	return u.bytes(length)
}

// line reads up to a line feed; names are never longer than the buffer.
func (u *unpickler) line() (string, error) {
	text, err := u.r.ReadSlice('\n')
	if err != nil {
		return "", errors.New("pickle is damaged: a name does not end")
	}
	return string(text[:len(text)-1]), u.spend(int64(len(text)))
}

// setAll sets pairs of keys and values. Hashing a long key again and again is charged, too.
func (u *unpickler) setAll(d *dict, pairs []any) error {
	if len(pairs)%2 != 0 {
		return errors.New("pickle is damaged: a key has no value")
	}
	for i := 0; i < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		if err := u.spend(valueCost + int64(len(key))); err != nil {
			return err
		}
		d.set(pairs[i], pairs[i+1])
	}
	return nil
}
