package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
)

// An unpickler that runs no code. Classes and functions stay names; calling one makes an inert object that remembers the name
// and the arguments. The stack is a slice, so depth costs what the file costs; values and bytes are bounded.

// Limits of one pickle.
const (
	maxPickleValues = 20_000_000
	maxPickleString = 64 << 20
)

// Values of a pickle are nil, bool, int64, float64, string, []byte, *list, *dict, tuple, and the following.
type (
	// global is the name of a class or function.
	global struct{ module, name string }
	// object is what calling a global would have made.
	object struct {
		class global
		args  tuple
		state any // what BUILD gave it
		items *dict
	}
	// persistent is a reference to something outside of the pickle: a storage.
	persistent struct{ id any }
	tuple      []any
	list       struct{ items []any }
	// dict keeps the order of insertion. Keys that are no strings are kept out of the index.
	dict struct {
		keys   []any
		values []any
		index  map[string]int
	}
	mark struct{}
)

func newDict() *dict { return &dict{index: map[string]int{}} }

func (d *dict) set(key, value any) {
	if s, ok := key.(string); ok {
		if i, ok := d.index[s]; ok {
			d.values[i] = value
			return
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

// unpickler is the machine that executes opcodes.
type unpickler struct {
	r     *bufio.Reader
	stack []any
	memo  map[uint64]any
	made  int
	ids   []persistent // in the order in which they appeared
}

var errCutOff = errors.New("pickle is cut off")

// unpickle reads one pickle and leaves r behind its end. It also returns the references to storages that it met.
func unpickle(r *bufio.Reader) (any, []persistent, error) {
	u := &unpickler{r: r, memo: map[uint64]any{}}
	for {
		op, err := r.ReadByte()
		if err != nil {
			return nil, nil, errCutOff
		}
		if op == '.' {
			v, err := u.pop()
			return v, u.ids, err
		}
		if err := u.execute(op); err != nil {
			return nil, nil, err
		}
		if u.made++; u.made > maxPickleValues {
			return nil, nil, fmt.Errorf("pickle has more than %d values", maxPickleValues)
		}
	}
}

func (u *unpickler) push(v any) error {
	u.stack = append(u.stack, v)
	return nil
}

var errStack = errors.New("pickle is damaged: its stack is empty")

func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, errStack
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	if _, ok := v.(mark); ok {
		return nil, errStack
	}
	return v, nil
}

// top returns the value on top, which stays.
func (u *unpickler) top() (any, error) {
	if len(u.stack) == 0 {
		return nil, errStack
	}
	return u.stack[len(u.stack)-1], nil
}

// toMark takes everything above the last mark.
func (u *unpickler) toMark() ([]any, error) {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if _, ok := u.stack[i].(mark); ok {
			items := append([]any(nil), u.stack[i+1:]...)
			u.stack = u.stack[:i]
			return items, nil
		}
	}
	return nil, errors.New("pickle is damaged: a mark is missing")
}

// bytes reads n bytes, in pieces, so that a claim alone allocates nothing.
func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if n > maxPickleString {
		return nil, fmt.Errorf("pickle claims a string of %d bytes", n)
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

func (u *unpickler) line() (string, error) {
	text, err := u.r.ReadSlice('\n')
	if err != nil {
		return "", errors.New("pickle is damaged: a line does not end")
	}
	return string(text[:len(text)-1]), nil
}

// counted reads a length of n bytes and then as many bytes.
func (u *unpickler) counted(n int) ([]byte, error) {
	length, err := u.uint(n)
	if err != nil {
		return nil, err
	}
	return u.bytes(length)
}

func (u *unpickler) execute(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := u.uint(1)
		return err
	case 0x95: // FRAME
		_, err := u.uint(8)
		return err
	case '(':
		return u.push(mark{})
	case 'N':
		return u.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		return u.push(op == 0x88)
	case '}':
		return u.push(newDict())
	case ']':
		return u.push(&list{})
	case ')':
		return u.push(tuple{})
	case 0x8f: // EMPTY_SET
		return u.push(&list{})
	case '0', '1', '2': // POP, POP_MARK, DUP
		return u.shuffle(op)
	case 'K', 'M', 'J', 0x8a, 0x8b, 'G':
		return u.number(op)
	case 'X', 0x8c, 0x8d, 'U', 'T', 'C', 'B', 0x8e, 0x96:
		return u.text(op)
	case 'c', 0x93, 'Q', 'R', 0x81, 0x92, 'b':
		return u.instance(op)
	case 't', 0x85, 0x86, 0x87, 'l', 'd':
		return u.collect(op)
	case 'a', 'e', 's', 'u', 0x90, 0x91:
		return u.extend(op)
	case 'q', 'r', 0x94, 'h', 'j':
		return u.remember(op)
	}
	return fmt.Errorf("pickle opcode %#02x is not known here: is it a checkpoint?", op)
}

func (u *unpickler) shuffle(op byte) error {
	switch op {
	case '0':
		if len(u.stack) == 0 {
			return errStack
		}
		u.stack = u.stack[:len(u.stack)-1]
		return nil
	case '1':
		_, err := u.toMark()
		return err
	}
	v, err := u.top()
	if err != nil {
		return err
	}
	return u.push(v)
}

func (u *unpickler) number(op byte) error {
	switch op {
	case 'K', 'M': // BININT1, BININT2
		v, err := u.uint(map[byte]int{'K': 1, 'M': 2}[op])
		if err != nil {
			return err
		}
		return u.push(int64(v))
	case 'J': // BININT
		v, err := u.uint(4)
		if err != nil {
			return err
		}
		return u.push(int64(int32(v)))
	case 'G': // BINFLOAT, big-endian
		b, err := u.bytes(8)
		if err != nil {
			return err
		}
		return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	b, err := u.counted(map[byte]int{0x8a: 1, 0x8b: 4}[op]) // LONG1, LONG4: little-endian, two's complement
	if err != nil {
		return err
	}
	if len(b) > 1024 {
		return errors.New("pickle holds a number of more than 1024 bytes")
	}
	v := new(big.Int)
	for i := len(b) - 1; i >= 0; i-- {
		v.Or(v.Lsh(v, 8), big.NewInt(int64(b[i])))
	}
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return u.push(v.Int64())
	}
	return u.push(v.String())
}

func (u *unpickler) text(op byte) error {
	width := map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'U': 1, 'T': 4, 'C': 1, 'B': 4, 0x8e: 8, 0x96: 8}[op]
	b, err := u.counted(width)
	if err != nil {
		return err
	}
	switch op {
	case 'C', 'B', 0x8e, 0x96: // bytes
		return u.push(b)
	}
	return u.push(string(b))
}

// instance names classes and makes inert objects of them.
func (u *unpickler) instance(op byte) error {
	switch op {
	case 'c': // GLOBAL
		module, err := u.line()
		if err != nil {
			return err
		}
		name, err := u.line()
		if err != nil {
			return err
		}
		return u.push(global{module, name})
	case 'Q': // BINPERSID
		id, err := u.pop()
		if err != nil {
			return err
		}
		u.ids = append(u.ids, persistent{id})
		return u.push(persistent{id})
	}
	if op == 0x92 { // NEWOBJ_EX: class, args, kwargs
		if _, err := u.pop(); err != nil {
			return err
		}
	}
	arg, err := u.pop()
	if err != nil {
		return err
	}
	below, err := u.pop()
	if err != nil {
		return err
	}
	switch op {
	case 0x93: // STACK_GLOBAL
		module, ok1 := below.(string)
		name, ok2 := arg.(string)
		if !ok1 || !ok2 {
			return errors.New("pickle is damaged: a class has no name")
		}
		return u.push(global{module, name})
	case 'b': // BUILD
		if o, ok := below.(*object); ok {
			o.state = arg
		}
		return u.push(below) // an OrderedDict takes attributes, too: they don't matter
	}
	return u.call(below, arg) // REDUCE, NEWOBJ, NEWOBJ_EX
}

// call makes what a class or function would have made, for the few that are known to be data.
func (u *unpickler) call(callee, arg any) error {
	class, ok := callee.(global)
	args, ok2 := arg.(tuple)
	if !ok || !ok2 {
		return u.push(&object{class: global{"?", "?"}})
	}
	if class == (global{"collections", "OrderedDict"}) {
		return u.push(newDict())
	}
	return u.push(&object{class: class, args: args})
}

func (u *unpickler) collect(op byte) error {
	if n := map[byte]int{0x85: 1, 0x86: 2, 0x87: 3}[op]; n > 0 { // TUPLE1 to TUPLE3
		if len(u.stack) < n {
			return errStack
		}
		t := append(tuple(nil), u.stack[len(u.stack)-n:]...)
		u.stack = u.stack[:len(u.stack)-n]
		return u.push(t)
	}
	items, err := u.toMark()
	if err != nil {
		return err
	}
	switch op {
	case 't':
		return u.push(tuple(items))
	case 'l':
		return u.push(&list{items})
	}
	d := newDict()
	if err := setAll(d, items); err != nil {
		return err
	}
	return u.push(d)
}

func setAll(d *dict, items []any) error {
	if len(items)%2 != 0 {
		return errors.New("pickle is damaged: a key has no value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

// extend adds to the container below.
func (u *unpickler) extend(op byte) (err error) {
	var items []any
	switch op {
	case 'a', 's': // APPEND, SETITEM
		n := map[byte]int{'a': 1, 's': 2}[op]
		if len(u.stack) < n {
			return errStack
		}
		items = append(items, u.stack[len(u.stack)-n:]...)
		u.stack = u.stack[:len(u.stack)-n]
	default: // APPENDS, SETITEMS, ADDITEMS, FROZENSET
		if items, err = u.toMark(); err != nil {
			return err
		}
	}
	if op == 0x91 {
		return u.push(&list{items})
	}
	below, err := u.top()
	if err != nil {
		return err
	}
	switch c := below.(type) {
	case *list:
		c.items = append(c.items, items...)
		return nil
	case *dict:
		return setAll(c, items)
	case *object: // a subclass of list or dict
		if op == 's' || op == 'u' {
			if c.items == nil {
				c.items = newDict()
			}
			return setAll(c.items, items)
		}
		return nil
	}
	return errors.New("pickle is damaged: it adds to what is no container")
}

func (u *unpickler) remember(op byte) error {
	var at uint64
	var err error
	switch op {
	case 0x94: // MEMOIZE
		at = uint64(len(u.memo))
	case 'q', 'h': // BINPUT, BINGET
		at, err = u.uint(1)
	default: // LONG_BINPUT, LONG_BINGET
		at, err = u.uint(4)
	}
	if err != nil {
		return err
	}
	if op == 'h' || op == 'j' {
		v, ok := u.memo[at]
		if !ok {
			return errors.New("pickle is damaged: it recalls what it never made")
		}
		return u.push(v)
	}
	v, err := u.top()
	u.memo[at] = v
	return err
}
