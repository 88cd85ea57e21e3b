package avi

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"sync"
)

const (
	markTables = 0xC4 // DHT
	markScan   = 0xDA // SOS
)

// Complete returns a frame as a JPEG that stands alone: with an end, and with the standard's Huffman tables where it has none, as cameras
// leave them out.
func Complete(frame []byte) []byte {
	ended := append(slices.Clip(frame), 0xFF, 0xD9) // a second end is never read
	tables, scan := find(frame, markTables), find(frame, markScan)
	if tables >= 0 || scan < 0 {
		return ended
	}
	return slices.Insert(ended, scan, standardTables()...)
}

// find returns where the first segment of a kind begins, before the first scan or at it; −1 if there is none.
func find(frame []byte, kind byte) int {
	for at := 2; at+4 <= len(frame) && frame[at] == 0xFF; {
		mark := frame[at+1]
		switch {
		case mark == kind:
			return at
		case mark == markScan:
			return -1
		case mark == 0xFF: // filling
			at++
		default:
			at += 2 + int(binary.BigEndian.Uint16(frame[at+2:]))
		}
	}
	return -1
}

// standardTables are those of annex K of the standard, which image/jpeg writes into every file.
var standardTables = sync.OnceValue(func() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 1, 1))
	m.Set(0, 0, color.White)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, m, nil); err != nil {
		panic(err) // memory does not fail
	}
	b := file.Bytes()
	at := find(b, markTables)
	return slices.Clone(b[at : at+2+int(binary.BigEndian.Uint16(b[at+2:]))])
})
