package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// execute does what one opcode of protocols 2 to 5 says. Source: Python's Lib/pickletools.py.
func (u *unpickler) execute(op byte) error {
	switch op {
	case 0x80: // PROTO
		version, err := u.uint(1)
		if err == nil && version > 5 {
			return fmt.Errorf("pickle protocol %d is newer than 5: save with torch.save's default", version)
		}
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
		return u.push(&dict{})
	case ']', 0x8f: // EMPTY_LIST, EMPTY_SET
		return u.push(&list{})
	case ')':
		return u.push(tuple{})
	case '0', '1', '2':
		return u.shuffle(op)
	case 'K', 'M', 'J', 0x8a, 0x8b, 'G':
		return u.number(op)
	case 'X', 0x8c, 0x8d, 'U', 'T', 'C', 'B', 0x8e, 0x96:
		return u.text(op)
	case 'c', 0x93:
		return u.name(op)
	case 'Q', 'R', 0x81, 0x92, 'b':
		return u.instance(op)
	case 't', 0x85, 0x86, 0x87, 'l', 'd', 0x91:
		return u.collect(op)
	case 'a', 'e', 's', 'u', 0x90:
		return u.extend(op)
	case 'q', 'r', 0x94:
		return u.remember(op)
	case 'h', 'j':
		return u.recall(op)
	}
	return fmt.Errorf("pickle opcode %#02x is not one of torch.save's: damaged, or no checkpoint", op)
}

// shuffle is POP, POP_MARK and DUP.
func (u *unpickler) shuffle(op byte) (err error) {
	switch op {
	case '0':
		_, err = u.take(1)
	case '1':
		_, err = u.toMark()
	case '2':
		var v any
		if v, err = u.top(); err == nil {
			err = u.push(v)
		}
	}
	return err
}

func (u *unpickler) number(op byte) error {
	switch op {
	case 'K', 'M', 'J': // BININT1, BININT2, BININT
		v, err := u.uint(map[byte]int{'K': 1, 'M': 2, 'J': 4}[op])
		if err != nil {
			return err
		}
		if op == 'J' {
			v = uint64(int64(int32(v)))
		}
		return u.push(int64(v))
	case 'G': // BINFLOAT, big-endian
		b, err := u.bytes(8)
		if err != nil {
			return err
		}
		return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	b, err := u.counted(map[byte]int{0x8a: 1, 0x8b: 4}[op]) // LONG1, LONG4: two's complement
	if err != nil {
		return err
	}
	if len(b) > 8 {
		return u.push(long(b))
	}
	var v int64
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | int64(b[i])
	}
	unused := 64 - 8*len(b)
	return u.push(v << unused >> unused)
}

// text is strings, and bytes.
func (u *unpickler) text(op byte) error {
	b, err := u.counted(map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'U': 1, 'T': 4, 'C': 1, 'B': 4, 0x8e: 8, 0x96: 8}[op])
	if err != nil {
		return err
	}
	switch op {
	case 'C', 'B', 0x8e, 0x96:
		return u.push(b)
	}
	return u.push(string(b))
}

// name is GLOBAL and STACK_GLOBAL.
func (u *unpickler) name(op byte) error {
	if op == 0x93 {
		pair, err := u.take(2)
		if err != nil {
			return err
		}
		module, ok := pair[0].(string)
		name, ok2 := pair[1].(string)
		if !ok || !ok2 {
			return errors.New("pickle is damaged: a class has no name")
		}
		return u.push(global{module, name})
	}
	module, err := u.line()
	if err != nil {
		return err
	}
	name, err := u.line()
	if err != nil {
		return err
	}
	return u.push(global{module, name})
}

// instance is BINPERSID, and what makes and fills objects: REDUCE, NEWOBJ, NEWOBJ_EX, BUILD.
func (u *unpickler) instance(op byte) error {
	if op == 0x92 { // keyword arguments
		if _, err := u.pop(); err != nil {
			return err
		}
	}
	arg, err := u.pop()
	if err != nil {
		return err
	}
	if op == 'Q' {
		u.ids = append(u.ids, persistent{arg})
		return u.push(persistent{arg})
	}
	if op == 'b' { // attributes matter to no tensor
		_, err := u.top()
		return err
	}
	callee, err := u.pop()
	if err != nil {
		return err
	}
	return u.call(callee, arg)
}

// call makes an inert object, or the one container that is known to be data.
func (u *unpickler) call(callee, arg any) error {
	class, _ := callee.(global)
	args, _ := arg.(tuple)
	if class == (global{"collections", "OrderedDict"}) {
		d := &dict{}
		if len(args) > 0 { // a list of pairs, as Python 2 wrote it
			if err := u.setPairs(d, args[0]); err != nil {
				return err
			}
		}
		return u.push(d)
	}
	o := &object{class: class, args: args}
	if u.called == nil && class.module != "" && !harmless[class] && !o.isTensor() {
		u.called = &class
	}
	return u.push(o)
}

func (u *unpickler) setPairs(d *dict, v any) error {
	pairs, _ := v.(*list)
	if pairs == nil {
		return nil
	}
	for _, p := range pairs.items {
		var pair []any
		switch p := p.(type) {
		case tuple:
			pair = p
		case *list:
			pair = p.items
		}
		if len(pair) != 2 {
			return errors.New("pickle is damaged: an OrderedDict of other things than pairs")
		}
		if err := u.setAll(d, pair); err != nil {
			return err
		}
	}
	return nil
}

// collect makes containers of what is on the stack.
func (u *unpickler) collect(op byte) error {
	if n := map[byte]int{0x85: 1, 0x86: 2, 0x87: 3}[op]; n > 0 { // TUPLE1 to TUPLE3
		items, err := u.take(n)
		if err != nil {
			return err
		}
		return u.push(tuple(items))
	}
	items, err := u.toMark()
	if err != nil {
		return err
	}
	switch op {
	case 't':
		return u.push(tuple(items))
	case 'd':
		d := &dict{}
		if err := u.setAll(d, items); err != nil {
			return err
		}
		return u.push(d)
	}
	return u.push(&list{items}) // LIST, FROZENSET
}

// extend adds to the container below: APPEND, SETITEM, and up to a mark APPENDS, SETITEMS, ADDITEMS.
func (u *unpickler) extend(op byte) error {
	var items []any
	var err error
	switch op {
	case 'a':
		items, err = u.take(1)
	case 's':
		items, err = u.take(2)
	default:
		items, err = u.toMark()
	}
	if err != nil {
		return err
	}
	below, err := u.top()
	if err != nil {
		return err
	}
	pairs := strings.IndexByte("su", op) >= 0
	switch c := below.(type) {
	case *list:
		if !pairs {
			c.items = append(c.items, items...)
			return nil
		}
	case *dict:
		if pairs {
			return u.setAll(c, items)
		}
	case *object: // a subclass of list or dict
		if !pairs {
			return nil
		}
		if c.items == nil {
			c.items = &dict{}
		}
		return u.setAll(c.items, items)
	}
	return errors.New("pickle is damaged: it adds to what is no container")
}

// remember is MEMOIZE, BINPUT and LONG_BINPUT.
func (u *unpickler) remember(op byte) (err error) {
	at := uint64(len(u.memo))
	switch op {
	case 'q':
		at, err = u.uint(1)
	case 'r':
		at, err = u.uint(4)
	}
	if err != nil {
		return err
	}
	v, err := u.top()
	if err == nil {
		u.memo[at] = v
	}
	return err
}

// recall is BINGET and LONG_BINGET.
func (u *unpickler) recall(op byte) error {
	at, err := u.uint(map[byte]int{'h': 1, 'j': 4}[op])
	if err != nil {
		return err
	}
	v, ok := u.memo[at]
	if !ok {
		return errors.New("pickle is damaged: it recalls what it never made")
	}
	return u.push(v)
}
