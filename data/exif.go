package data

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"slices"
)

// exifOrientation returns the EXIF orientation (1 to 8) of a JPEG, 1 where it has none or a damaged one. Cameras store portrait
// images sideways and leave the rotation to the reader.
func exifOrientation(r *bufio.Reader) int {
	s := scanner{r: r}
	s.skip(2) // FF D8
	for s.err == nil {
		head := s.next(4) // FF, marker, length of two bytes, including itself
		size := int(binary.BigEndian.Uint16(head[2:])) - 2
		if head[0] != 0xFF || head[1] == 0xDA || size < 0 { // start of scan: pixels follow
			break
		}
		if head[1] != 0xE1 { // APP1
			s.skip(size)
			continue
		}
		if block, ok := bytes.CutPrefix(s.next(size), []byte("Exif\x00\x00")); ok && s.err == nil && len(block) > 8 {
			return tiffOrientation(block)
		}
	}
	return 1
}

// tiffOrientation looks up tag 0x0112 in the first directory of a TIFF block.
func tiffOrientation(b []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	offset := int64(order.Uint32(b[4:]))
	if offset+2 > int64(len(b)) {
		return 1
	}
	entries := b[offset+2:]
	entries = entries[:min(len(entries), 12*int(order.Uint16(b[offset:])))]
	for entry := range slices.Chunk(entries, 12) { // tag, type, count, value
		if len(entry) == 12 && order.Uint16(entry) == 0x0112 {
			if v := int(order.Uint16(entry[8:])); v >= 1 && v <= 8 {
				return v
			}
			break
		}
	}
	return 1
}

// orient turns and mirrors a single frame so that it stands upright. Less 1, an orientation is three bits: 4 exchanges
// rows and columns, 2 turns by 180°, 1 swaps left and right, in this order.
func orient(f *Frames, orientation int) *Frames {
	bits := orientation - 1
	if bits&4 != 0 {
		f = transposed(f)
	}
	if bits&2 != 0 {
		reversePixels(f.Pix)
	}
	if bits&1 != 0 {
		mirror(f)
	}
	return f
}

func transposed(f *Frames) *Frames {
	out := NewFrames(1, f.W, f.H)
	for y := range out.H {
		for x := range out.W {
			copy(out.Pix[(y*out.W+x)*3:][:3], f.Pix[(x*f.W+y)*3:])
		}
	}
	return out
}
