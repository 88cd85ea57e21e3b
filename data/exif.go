package data

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"
)

// exifOrientation returns the EXIF orientation (1 to 8) of a JPEG, 1 where it has none or a damaged one. Cameras
// store a portrait lying and leave it to the reader to turn it.
func exifOrientation(r *bufio.Reader) int {
	if _, err := r.Discard(2); err != nil { // FF D8
		return 1
	}
	for {
		var head [4]byte // FF, marker, length of two bytes that counts itself
		if _, err := io.ReadFull(r, head[:]); err != nil || head[0] != 0xFF {
			return 1
		}
		size := int(binary.BigEndian.Uint16(head[2:])) - 2
		if size < 0 || head[1] == 0xDA { // start of scan: pixels follow
			return 1
		}
		if head[1] != 0xE1 { // APP1
			if _, err := r.Discard(size); err != nil {
				return 1
			}
			continue
		}
		segment := make([]byte, size)
		if _, err := io.ReadFull(r, segment); err != nil {
			return 1
		}
		if len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return tiffOrientation(segment[6:])
		}
	}
}

// tiffOrientation looks tag 0x0112 up in the first directory of a TIFF block.
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
	for range order.Uint16(b[offset:]) {
		if len(entries) < 12 { // tag, type, count, value
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// orient turns and mirrors a single frame so that it stands upright.
func orient(f *Frames, orientation int) *Frames {
	if orientation == 1 {
		return f
	}
	transposed := orientation >= 5
	// Which of the stored axes are shown backwards.
	flipX := slices.Contains([]int{2, 3, 7, 8}, orientation)
	flipY := slices.Contains([]int{3, 4, 6, 7}, orientation)
	out := NewFrames(1, f.H, f.W)
	if transposed {
		out.H, out.W = f.W, f.H
	}
	for y := range out.H {
		for x := range out.W {
			sy, sx := y, x
			if transposed {
				sy, sx = x, y
			}
			if flipX {
				sx = f.W - 1 - sx
			}
			if flipY {
				sy = f.H - 1 - sy
			}
			copy(out.Pix[(y*out.W+x)*3:][:3], f.Pix[(sy*f.W+sx)*3:])
		}
	}
	return out
}
