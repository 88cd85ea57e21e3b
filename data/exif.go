package data

import (
	"bytes"
	"encoding/binary"
)

// exif has, for each format, the function that returns its EXIF block, nil if it has none or is damaged. Cameras store portrait
// images sideways and leave the rotation to the reader.
var exif = map[string]func(*scanner) []byte{"jpeg": jpegEXIF, "png": pngEXIF, "webp": webpEXIF}

func jpegEXIF(s *scanner) []byte {
	s.skip(2) // FF D8
	for {
		head := s.next(4) // FF, marker, length of two bytes, including itself
		size := int(binary.BigEndian.Uint16(head[2:])) - 2
		switch {
		case head[0] != 0xFF || head[1] == 0xDA || size < 0: // start of scan, or the end: pixels follow
			return nil
		case head[1] != 0xE1: // APP1
			s.skip(size)
			continue
		}
		if block := s.next(size); bytes.HasPrefix(block, []byte("Exif\x00\x00")) {
			return block
		}
	}
}

// maxEXIF is enough for the orientation, which stands before the thumbnail.
const maxEXIF = 1 << 16

func pngEXIF(s *scanner) []byte {
	s.skip(8)
	for s.err == nil {
		head := s.next(8) // length, type; then the data and four bytes of checksum
		size := int64(binary.BigEndian.Uint32(head))
		if string(head[4:]) == "eXIf" {
			return s.next(int(min(size, maxEXIF)))
		}
		s.skip(int(size + 4))
	}
	return nil
}

func webpEXIF(s *scanner) []byte {
	s.skip(12)
	for s.err == nil {
		head := s.next(8) // type, length; then the data, padded to an even length
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) == "EXIF" {
			return s.next(int(min(size, maxEXIF)))
		}
		s.skip(int(size + size%2))
	}
	return nil
}

// tiffOrientation finds the first orientation in a TIFF block. Its entry is unmistakable without the directory around it: tag
// 0x0112, type 3, count 1 and the value, in either byte order.
func tiffOrientation(block []byte) int {
	for _, entry := range []string{"\x01\x12\x00\x03\x00\x00\x00\x01\x00", "\x12\x01\x03\x00\x01\x00\x00\x00"} {
		if _, value, _ := bytes.Cut(block, []byte(entry)); len(value) > 0 && value[0] >= 1 && value[0] <= 8 {
			return int(value[0])
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
		Mirror(f)
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
