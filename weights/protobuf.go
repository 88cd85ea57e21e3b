package weights

import (
	"encoding/binary"
	"errors"
	"io"
)

// Protocol Buffers' wire format, as far as ONNX needs it. Messages are visited where they are in the file: tensors are passed over, so that
// memory does not grow with them.

// protobuf reads messages of a file through a small window.
type protobuf struct {
	file   io.ReaderAt
	from   int64  // of the window
	window []byte // of the file
}

// extent is a part of a file, from a byte to another.
type extent struct{ from, to int64 }

// field is one of a message: a number, or the extent of text, numbers or another message.
type field struct {
	number, wire uint64
	value        uint64 // of wireVarint
	content      extent // of others
}

var errProtobuf = errors.New("damaged: not a message of Protocol Buffers")

// Wire types. The two that bracket a group are not of ONNX.
const (
	wireVarint, wireFixed64, wireBytes, wireFixed32 = 0, 1, 2, 5
)

// fields visits those of the message of an extent in their order.
func (p *protobuf) fields(in extent, visit func(field) error) error {
	for in.from < in.to {
		f, err := p.field(&in)
		if err == nil {
			err = visit(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// field takes the first one from an extent.
func (p *protobuf) field(in *extent) (f field, err error) {
	key, err := p.varint(in)
	if err != nil {
		return f, err
	}
	f.number, f.wire = key>>3, key&7
	width := uint64(0)
	switch f.wire {
	case wireVarint:
		f.value, err = p.varint(in)
	case wireBytes:
		width, err = p.varint(in)
	case wireFixed64:
		width = 8
	case wireFixed32:
		width = 4
	default:
		err = errProtobuf
	}
	if err == nil && width > uint64(in.to-in.from) {
		err = errProtobuf
	}
	if err != nil {
		return f, err
	}
	f.content = extent{in.from, in.from + int64(width)}
	in.from = f.content.to
	return f, nil
}

// varint takes a number, seven bits a byte, from an extent.
func (p *protobuf) varint(in *extent) (uint64, error) {
	text, err := p.bytes(extent{in.from, min(in.from+binary.MaxVarintLen64, in.to)})
	if err != nil {
		return 0, err
	}
	v, n := binary.Uvarint(text)
	if n <= 0 {
		return 0, errProtobuf
	}
	in.from += int64(n)
	return v, nil
}

// windowBytes are read at a time.
const windowBytes = 1 << 12

// bytes returns what is in an extent no longer than a window, until the next call.
func (p *protobuf) bytes(e extent) ([]byte, error) {
	if e.to-e.from > windowBytes {
		return nil, errProtobuf
	}
	if e.from < p.from || e.to > p.from+int64(len(p.window)) {
		p.from, p.window = e.from, append(p.window[:0], make([]byte, windowBytes)...)
		n, err := p.file.ReadAt(p.window, e.from)
		if p.window = p.window[:n]; int64(n) < e.to-e.from {
			return nil, cause(err)
		}
	}
	return p.window[e.from-p.from : e.to-p.from], nil
}
