// Package avi reads and writes Motion JPEG in AVI, in which every frame is a JPEG of its own. Files above a gigabyte are several RIFF
// segments, as OpenDML has them.
package avi

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Video is what the header says of the first video stream.
type Video struct {
	Codec  string // four characters, MJPG for Motion JPEG
	W, H   int    // 0 where unknown
	FPS    float64
	Start  float64 // seconds at which the first frame is shown
	Frames int     // as claimed; 0 where unknown
}

// IsMotionJPEG tells whether each frame is a JPEG.
func (v Video) IsMotionJPEG() bool { return strings.EqualFold(v.Codec, "MJPG") }

// ErrLost is the error of a frame whose chunk is not where it should be; the next is found by its mark.
var ErrLost = errors.New("no frame where one should begin")

var errNotAVI = errors.New("not an AVI with a video")

// Reader walks through the chunks of a file in their order, without its index, so that it can read a pipe.
type Reader struct {
	Video
	r       *bufio.Reader
	stream  int    // number of the video
	mark    string // of its chunks: 00d, behind which is c or b
	pos     int64  // in the file
	segment int64  // where the present segment ends, 0 where unknown
	left    int64  // of the present frame, not read yet
	odd     bool   // which a byte of padding may follow
	shown   int    // frames up to the present one, also those that repeat their predecessor
	lost    bool
	indexed bool  // the old index is read, behind which programs have chunks of their own
	most    int64 // bytes of a frame
	data    bytes.Buffer
}

// NewReader reads the header up to the frames. No frame may have more bytes than most.
func NewReader(r *bufio.Reader, most int64) (*Reader, error) {
	v := &Reader{r: r, stream: -1, most: most}
	head, err := r.Peek(12)
	if err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "AVI " {
		return nil, errNotAVI
	}
	h := header{Reader: v, streams: -1}
	for {
		id, size, err := v.chunk()
		if err != nil {
			return nil, errNotAVI
		}
		kind := ""
		if id == "RIFF" || id == "LIST" {
			b, err := v.take(4)
			if err != nil {
				return nil, errNotAVI
			}
			kind = string(b)
			size = max(size-4, 0) // a list may be shorter than its kind, in a damaged file
		}
		switch kind {
		case "AVI ", "hdrl", "strl", "odml":
			continue // its chunks come next
		case "movi":
			if v.stream < 0 {
				return nil, errNotAVI
			}
			v.mark = string([]byte{'0' + byte(v.stream/10), '0' + byte(v.stream%10), 'd'})
			return v, nil
		}
		if err := h.read(id, size); err != nil {
			return nil, errNotAVI
		}
	}
}

// header reads the chunks before the frames.
type header struct {
	*Reader
	streams int    // number of the last stream
	kind    string // of it
	period  uint32 // microseconds of a frame, where the stream has no rate
}

// read reads what is known of a chunk, and goes to its end.
func (h *header) read(id string, size int64) error {
	b, err := h.take(int(min(size, 64)))
	if err != nil {
		return err
	}
	word := func(at int) uint32 {
		if at+4 > len(b) {
			return 0
		}
		return binary.LittleEndian.Uint32(b[at:])
	}
	switch id {
	case "avih":
		h.period = word(0)
	case "dmlh": // of all segments, while others count those of the first
		h.Frames = int(word(0))
	case "strh":
		h.streams++
		if h.kind = ""; len(b) >= 4 {
			h.kind = string(b[:4])
		}
		if h.kind != "vids" || h.stream >= 0 {
			h.kind = ""
			break
		}
		h.stream = h.streams
		h.rate(word(20), word(24), word(28))
		h.Frames = int(word(32))
	case "strf":
		if h.kind == "vids" && len(b) >= 20 {
			h.W, h.H, h.Codec = int(int32(word(4))), int(int32(word(8))), string(b[16:20])
			h.H = max(h.H, -h.H) // rows from the top
		}
	}
	return h.skip(size - int64(len(b)) + size%2)
}

// rate is rate/scale frames a second.
func (h *header) rate(scale, rate, start uint32) {
	if scale > 0 && rate > 0 {
		h.FPS = float64(rate) / float64(scale)
	} else if h.period > 0 {
		h.FPS = 1e6 / float64(h.period)
	}
	if h.FPS > 0 {
		h.Start = float64(start) / h.FPS
	}
}

// chunk reads the head of a chunk.
func (v *Reader) chunk() (id string, size int64, err error) {
	b, err := v.take(8)
	if err != nil {
		return "", 0, err
	}
	id, size = string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
	if id == "RIFF" {
		v.indexed = false
		if v.segment = v.pos + size; size == 0 || size == 1<<32-1 { // never filled in
			v.segment = 0
		}
	}
	return id, size, nil
}

func (v *Reader) take(n int) ([]byte, error) {
	b := make([]byte, n)
	k, err := io.ReadFull(v.r, b)
	v.pos += int64(k)
	return b[:k], err
}

func (v *Reader) skip(n int64) error {
	for n > 0 {
		k, err := v.r.Discard(int(min(n, 1<<30)))
		v.pos += int64(k)
		if n -= int64(k); err != nil {
			return err
		}
	}
	return nil
}

// Next goes to the next frame. It returns io.EOF at the end, and io.ErrUnexpectedEOF where the file is cut off.
func (v *Reader) Next() error {
	for {
		if err := v.leave(); err != nil {
			return cut(err)
		}
		if v.lost {
			v.lost = false
			if err := v.find(); err != nil {
				return v.atEnd(err)
			}
		}
		head, err := v.r.Peek(8)
		switch {
		case len(head) == 0 && err == io.EOF:
			return v.atEnd(err)
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case !v.plausible(head) && v.segment > 0 && v.pos >= v.segment: // something behind the file
			return io.EOF
		case !v.plausible(head):
			v.lost = true
			v.shown++
			return nil
		}
		frame, err := v.enter()
		if frame || err != nil {
			return err
		}
	}
}

// leave goes to the end of the present chunk. Not every program writes the padding.
func (v *Reader) leave() error {
	if err := v.skip(v.left); err != nil {
		return err
	}
	v.left = 0
	if v.odd {
		v.odd = false
		if b, err := v.r.Peek(8); len(b) > 0 && (b[0] == 0 || err != nil || !v.plausible(b)) {
			return v.skip(1)
		}
	}
	return nil
}

// enter reads the head of a chunk, and tells whether a frame follows.
func (v *Reader) enter() (frame bool, err error) {
	id, size, err := v.chunk()
	switch {
	case err != nil:
		return false, cut(err)
	case id == "RIFF", id == "LIST":
		kind, err := v.take(4)
		if list := string(kind); list == "movi" || list == "rec " || id == "RIFF" {
			return false, cut(err)
		}
		size -= 4
	case v.isFrame(id):
		v.shown++
		v.left, v.odd = size, size%2 == 1
		return size > 0, nil // an empty one repeats its predecessor
	}
	v.indexed = v.indexed || id == "idx1"
	v.left, v.odd = max(size, 0), size%2 == 1
	return false, nil
}

func (v *Reader) isFrame(id string) bool { return id[:3] == v.mark && (id[3] == 'c' || id[3] == 'b') }

// plausible tells whether a chunk may begin so: one of those among frames, of a size that a frame or some sound may have, or anything
// behind the old index.
func (v *Reader) plausible(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch id := string(head[:4]); {
	case id == "LIST", id == "RIFF", id == "JUNK", id == "idx1", isDigit(id[2]) && isDigit(id[3]) && id[:2] == "ix":
		return true
	case isDigit(id[0]) && isDigit(id[1]):
		return int64(binary.LittleEndian.Uint32(head[4:])) <= v.most
	}
	return v.indexed && v.pos < v.segment
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// find goes to the next chunk with a JPEG of the video, behind damage.
func (v *Reader) find() error {
	if err := v.skip(1); err != nil {
		return err
	}
	for {
		b, err := v.r.Peek(4096)
		if len(b) < around {
			return cmp.Or(err, io.EOF)
		}
		if at := v.frameIn(b); at >= 0 {
			return v.skip(int64(at))
		}
		if err := v.skip(int64(len(b) - around + 1)); err != nil {
			return err
		}
	}
}

// around are the bytes by which a frame is recognised: mark, size, and how a JPEG begins.
const around = 10

// frameIn returns where a frame's chunk begins, −1 if there is none.
func (v *Reader) frameIn(b []byte) int {
	for i := 0; i+around <= len(b); i++ {
		if b[i] == v.mark[0] && v.isFrame(string(b[i:i+4])) && b[i+8] == 0xFF && b[i+9] == 0xD8 {
			return i
		}
	}
	return -1
}

// atEnd says what the end of a file is between two chunks.
func (v *Reader) atEnd(err error) error {
	if err == io.EOF && v.pos < v.segment {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Time is when the present frame is shown, in seconds; 0 where the file has no rate.
func (v *Reader) Time() float64 {
	if v.FPS == 0 {
		return 0
	}
	return v.Start + float64(v.shown-1)/v.FPS
}

// Frame reads the JPEG to which Next went, once. It is valid until the next call. Memory is that of what is in the file, whatever it claims.
func (v *Reader) Frame() ([]byte, error) {
	if v.lost {
		return nil, ErrLost
	}
	v.data.Reset()
	n, err := io.CopyN(&v.data, v.r, v.left)
	v.pos += n
	v.left -= n
	if err != nil {
		return nil, cut(err)
	}
	v.distrust()
	return v.data.Bytes(), nil
}

// distrust gives back what belongs to later frames, where a size is damaged: no chunk begins behind this one, and another does within.
func (v *Reader) distrust() {
	pad := 0
	if v.odd {
		pad = 1
	}
	behind, err := v.r.Peek(8 + pad)
	if err != nil || v.plausible(behind) || v.plausible(behind[pad:]) {
		return
	}
	b := v.data.Bytes()
	if at := v.frameIn(b); at >= 0 {
		rest := bytes.Clone(b[at:])
		v.data.Truncate(at)
		v.pos -= int64(len(rest))
		v.r = bufio.NewReader(io.MultiReader(bytes.NewReader(rest), v.r))
		v.odd = false
	}
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
