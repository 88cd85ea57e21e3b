// Package y4m reads YUV4MPEG2, the uncompressed video that tools pass through pipes, at eight bits a sample.
package y4m

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"
)

const (
	magic       = "YUV4MPEG2 "
	frameMagic  = "FRAME"
	longestLine = 4096
)

// ErrUnsupported is what the error is of a video that is none of the kinds that are read here, such as one of ten bits.
var ErrUnsupported = errors.New("unsupported Y4M")

// ErrLost is the error of a frame that is not where it should be; the next begins at the next mark.
var ErrLost = errors.New("no frame where one should begin")

// Header is the first line of a video.
type Header struct {
	W, H      int
	FPS       float64                   // 0 where unknown
	Ratio     image.YCbCrSubsampleRatio // of colours
	Mono      bool                      // luma alone
	FullRange bool                      // samples from 0 to 255; otherwise luma is from 16 to 235, colours from 16 to 240
	Bytes     int                       // of this line
}

// ratios are the colour spaces by their names; 420 has several, which differ in the place of a sample by half a pixel.
var ratios = map[string]image.YCbCrSubsampleRatio{
	"420": image.YCbCrSubsampleRatio420, "420jpeg": image.YCbCrSubsampleRatio420, "420mpeg2": image.YCbCrSubsampleRatio420,
	"420paldv": image.YCbCrSubsampleRatio420, "422": image.YCbCrSubsampleRatio422, "444": image.YCbCrSubsampleRatio444,
	"411": image.YCbCrSubsampleRatio411, "440": image.YCbCrSubsampleRatio440, "mono": image.YCbCrSubsampleRatio420,
}

// Begins tells whether a file is a Y4M.
func Begins(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// ReadHeader reads the first line.
func ReadHeader(r *bufio.Reader) (Header, error) {
	line, err := readLine(r, longestLine)
	if err != nil {
		return Header{}, err
	}
	fields, ok := strings.CutPrefix(line, magic)
	if !ok {
		return Header{}, errors.New("not a Y4M")
	}
	h := Header{Ratio: image.YCbCrSubsampleRatio420, Bytes: len(line) + 1}
	for field := range strings.FieldsSeq(fields) {
		if err := h.set(field[0], field[1:]); err != nil {
			return Header{}, err
		}
	}
	if h.W <= 0 || h.H <= 0 {
		return Header{}, errors.New("a Y4M without a size")
	}
	return h, nil
}

func (h *Header) set(key byte, value string) (err error) {
	switch key {
	case 'W':
		h.W, err = size(value)
	case 'H':
		h.H, err = size(value)
	case 'F':
		n, d, _ := strings.Cut(value, ":")
		rate, _ := strconv.ParseUint(n, 10, 32)
		if per, _ := strconv.ParseUint(d, 10, 32); per > 0 {
			h.FPS = float64(rate) / float64(per)
		}
	case 'C':
		var known bool
		if h.Ratio, known = ratios[value]; !known {
			return fmt.Errorf("%w: colour space %.20q", ErrUnsupported, value)
		}
		h.Mono = value == "mono"
	case 'X':
		if value == "COLORRANGE=FULL" {
			h.FullRange = true
		}
	}
	return err
}

func size(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 30)
	if err != nil {
		return 0, fmt.Errorf("a Y4M of the size %.20q", text)
	}
	return int(n), nil
}

// readLine reads a line of bounded length, without its end.
func readLine(r *bufio.Reader, most int) (string, error) {
	var line []byte
	for len(line) < most {
		b, err := r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if b == '\n' {
			return string(line), nil
		}
		line = append(line, b)
	}
	return "", errors.New("a line of a Y4M is too long")
}

// FrameBytes is the size of a frame's samples.
func (h Header) FrameBytes() int {
	n, cw, ch := h.planes()
	return n + 2*cw*ch
}

// planes returns the number of samples of luma, and the size of each plane of colours in the file.
func (h Header) planes() (luma, cw, ch int) {
	if h.Mono {
		return h.W * h.H, 0, 0
	}
	across, down := 1, 1
	switch h.Ratio {
	case image.YCbCrSubsampleRatio420:
		across, down = 2, 2
	case image.YCbCrSubsampleRatio422:
		across = 2
	case image.YCbCrSubsampleRatio411:
		across = 4
	case image.YCbCrSubsampleRatio440:
		down = 2
	}
	return h.W * h.H, (h.W + across - 1) / across, (h.H + down - 1) / down
}

// Reader reads the frames behind a header.
type Reader struct {
	Header
	r     *bufio.Reader
	frame *image.YCbCr // reused
	begun bool         // the samples of a frame come next
	lost  bool         // a mark is to be found first
}

// NewReader takes one frame's memory, of which the caller has checked that it may.
func NewReader(r *bufio.Reader, h Header) *Reader {
	m := image.NewYCbCr(image.Rect(0, 0, h.W, h.H), h.Ratio)
	if h.Mono {
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = 128, 128
		}
	}
	return &Reader{Header: h, r: r, frame: m}
}

// Next goes to the next frame, leaving out the samples of one that was not read. It returns io.EOF at the end, and
// io.ErrUnexpectedEOF where the file ends within a frame.
func (r *Reader) Next() error {
	if r.begun {
		r.begun = false
		if _, err := r.r.Discard(r.FrameBytes()); err != nil {
			return cut(err)
		}
	}
	if r.lost {
		if err := r.find(); err != nil {
			return err
		}
		r.lost = false
	}
	switch mark, err := r.r.Peek(len(frameMagic) + 1); {
	case len(mark) == 0:
		return err
	case err != nil:
		return cut(err)
	case !isMark(mark):
		r.lost = true
		return nil
	}
	_, err := readLine(r.r, longestLine)
	r.begun = err == nil
	if err != nil && err != io.ErrUnexpectedEOF {
		r.lost, err = true, nil
	}
	return err
}

func isMark(b []byte) bool {
	return len(b) > len(frameMagic) && string(b[:len(frameMagic)]) == frameMagic && (b[len(frameMagic)] == '\n' || b[len(frameMagic)] == ' ')
}

// find goes to the next mark, io.EOF if there is none.
func (r *Reader) find() error {
	for {
		b, err := r.r.Peek(4096)
		if len(b) <= len(frameMagic) {
			if err == nil || err == io.EOF {
				err = io.EOF
			}
			return err
		}
		at := bytes.Index(b, []byte(frameMagic))
		if at >= 0 && isMark(b[at:]) {
			_, err := r.r.Discard(at)
			return err
		}
		skip := len(b) - len(frameMagic)
		if at >= 0 {
			skip = min(skip, at+1)
		}
		if _, err := r.r.Discard(max(skip, 1)); err != nil {
			return err
		}
	}
}

// Frame reads the samples of the frame to which Next went, once. The picture is valid until the next call. A damaged frame is ErrLost.
func (r *Reader) Frame() (*image.YCbCr, error) {
	if r.lost {
		return nil, ErrLost
	}
	r.begun = false
	for _, plane := range r.each() {
		if _, err := io.ReadFull(r.r, plane); err != nil {
			return nil, cut(err)
		}
	}
	return r.frame, nil
}

// each returns the planes that are in the file.
func (r *Reader) each() [][]byte {
	if r.Mono {
		return [][]byte{r.frame.Y}
	}
	return [][]byte{r.frame.Y, r.frame.Cb, r.frame.Cr}
}

// cut says that the file ends within a frame.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
