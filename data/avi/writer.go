package avi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	segmentBytes = 1 << 30 // programs of the time of AVI count with signed numbers of 32 bits
	maxSegments  = 256     // for which the header has room
)

// Writer writes a video. It is whole once it is closed, after any number of frames.
type Writer struct {
	w             io.WriteSeeker
	width, height int
	rate, scale   uint32 // rate/scale frames a second
	limit         int64  // bytes of a segment

	pos      int64
	start    int64     // of the present segment
	movi     int64     // where its list says what it is, from which offsets count
	index    []entry   // of its frames
	segments []segment // that are closed
	largest  int       // bytes of a frame
	err      error     // the first
}

// entry is a frame: where its bytes begin, from movi, and how many they are.
type entry struct{ offset, size uint32 }

// segment is where the index of a segment is, and its size.
type segment struct {
	offset       int64
	size, frames uint32
}

// NewWriter writes the beginning of a video of rate/scale frames a second.
func NewWriter(w io.WriteSeeker, width, height int, rate, scale uint32) (*Writer, error) {
	if width <= 0 || height <= 0 || rate == 0 || scale == 0 {
		return nil, fmt.Errorf("an AVI of %d×%d pixels, %d/%d frames a second", width, height, rate, scale)
	}
	a := &Writer{w: w, width: width, height: height, rate: rate, scale: scale, limit: segmentBytes}
	a.begin("AVI ", a.header())
	return a, a.err
}

// Frame writes a JPEG; an empty one shows its predecessor once more.
func (a *Writer) Frame(jpeg []byte) error {
	if a.err == nil && a.full(len(jpeg)) {
		if len(a.segments) == maxSegments-1 {
			return errors.New("an AVI of 256 GB is full")
		}
		a.endSegment()
		a.begin("AVIX", nil)
	}
	a.index = append(a.index, entry{uint32(a.pos + 8 - a.movi), uint32(len(jpeg))})
	a.largest = max(a.largest, len(jpeg))
	a.write(chunk("00dc", jpeg))
	return a.err
}

// full tells whether the present segment would be too large with a frame and its indices.
func (a *Writer) full(next int) bool {
	indices := int64(len(a.index)+1)*(8+16) + 64
	return len(a.index) > 0 && a.pos-a.start+int64(next)+indices > a.limit
}

// Close writes the index, and into the header what is known of all frames. w stays open.
func (a *Writer) Close() error {
	a.endSegment()
	a.at(12, a.header())
	return a.err
}

// begin begins a segment and its list of frames; sizes are filled in at its end.
func (a *Writer) begin(kind string, header []byte) {
	a.start = a.pos
	a.write(append([]byte("RIFF\x00\x00\x00\x00"+kind), header...))
	a.movi = a.pos + 8
	a.write([]byte("LIST\x00\x00\x00\x00movi"))
}

// endSegment writes the indices of a segment: OpenDML's, and in the first one also the older, which every program knows.
func (a *Writer) endSegment() {
	index := u16(nil, 2, 0x0100) // two numbers an entry, of frames
	index = u32(index, uint32(len(a.index)))
	index = append(index, "00dc"...)
	index = u32(binary.LittleEndian.AppendUint64(index, uint64(a.movi)), 0)
	var old []byte
	for _, e := range a.index {
		index = u32(index, e.offset, e.size)
		old = u32(append(old, "00dc"...), keyFrame, e.offset-8, e.size)
	}
	a.segments = append(a.segments, segment{a.pos, uint32(8 + len(index)), uint32(len(a.index))})
	a.write(chunk("ix00", index))
	a.at(a.movi-4, u32(nil, uint32(a.pos-a.movi)))
	if len(a.segments) == 1 {
		a.write(chunk("idx1", old))
	}
	a.at(a.start+4, u32(nil, uint32(a.pos-a.start-8)))
	a.index = a.index[:0]
}

// keyFrame marks a frame that can be shown without those before.
const keyFrame = 0x10

// header is the list of what the video is. Its size is always the same.
func (a *Writer) header() []byte {
	all, first := uint32(0), uint32(0)
	for i, s := range a.segments {
		if all += s.frames; i == 0 {
			first = s.frames
		}
	}
	w, h := uint32(a.width), uint32(a.height)
	const hasIndex, trustTypes = 0x10, 0x800
	main := u32(nil, uint32(1e6*float64(a.scale)/float64(a.rate)), 0, 0, hasIndex|trustTypes, first, 0, 1, uint32(a.largest), w, h, 0, 0, 0, 0)
	stream := u32([]byte("vidsMJPG"), 0, 0, 0, a.scale, a.rate, 0, all, uint32(a.largest), 1<<32-1, 0)
	stream = u16(stream, 0, 0, uint16(a.width), uint16(a.height))
	bitmap := u32(u16(u32(nil, 40, w, h), 1, 24), binary.LittleEndian.Uint32([]byte("MJPG")), w*h*3, 0, 0, 0, 0)
	segments := append(u32(u16(nil, 4, 0), uint32(len(a.segments))), "00dc"...)
	segments = u32(segments, 0, 0, 0)
	for _, s := range a.segments {
		segments = u32(binary.LittleEndian.AppendUint64(segments, uint64(s.offset)), s.size, s.frames)
	}
	segments = append(segments, make([]byte, 16*(maxSegments-len(a.segments)))...)
	extended := append(u32(nil, all), make([]byte, 244)...)
	return list("hdrl", chunk("avih", main), list("strl", chunk("strh", stream), chunk("strf", bitmap), chunk("indx", segments)),
		list("odml", chunk("dmlh", extended)))
}

// chunk is data behind a name and a size, padded to an even number of bytes.
func chunk(id string, data []byte) []byte {
	b := append(u32([]byte(id), uint32(len(data))), data...)
	return append(b, make([]byte, len(data)%2)...)
}

func list(kind string, chunks ...[]byte) []byte {
	data := []byte(kind)
	for _, c := range chunks {
		data = append(data, c...)
	}
	return chunk("LIST", data)
}

func u16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func u32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func (a *Writer) write(b []byte) {
	if a.err == nil {
		_, a.err = a.w.Write(b)
	}
	a.pos += int64(len(b))
}

// at writes over what is there, and goes back to the end.
func (a *Writer) at(pos int64, b []byte) {
	if a.err == nil {
		_, a.err = a.w.Seek(pos, io.SeekStart)
	}
	end := a.pos
	a.write(b)
	if a.pos = end; a.err == nil {
		_, a.err = a.w.Seek(end, io.SeekStart)
	}
}
