package data

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
	"slices"
)

// Animated GIFs, composed frame by frame: a canvas and one frame are in memory, however long the animation is.

// gifBlocks walks through the blocks of a GIF.
type gifBlocks struct {
	scanner
	screen  []byte // signature, size, flags and the table of colours
	control [4]byte
	image   gifImage // the last that was found
}

// gifImage is an image block, up to where its pixels begin.
type gifImage struct {
	control    [4]byte // flags, delay in hundredths of a second, the transparent colour
	descriptor []byte  // from the separator to the code size: place, size, flags, colours
}

func readGIF(r *bufio.Reader) *gifBlocks {
	b := &gifBlocks{scanner: scanner{r: r}}
	head := b.next(13) // signature, width, height, flags, background, aspect
	b.screen = append(head, b.next(colourBytes(head[10]))...)
	return b
}

func (b *gifBlocks) size() (w, h int) {
	return int(binary.LittleEndian.Uint16(b.screen[6:])), int(binary.LittleEndian.Uint16(b.screen[8:]))
}

// find goes to the pixels of the next image.
func (b *gifBlocks) find() error {
	for b.err == nil {
		switch kind := b.next(1)[0]; {
		case b.err != nil:
		case kind == 0x21: // extension: a label, then sub-blocks
			b.extension(b.next(1)[0])
		case kind == 0x2C: // image: x, y, width, height, flags, colours, code size, sub-blocks
			d := append([]byte{kind}, b.next(9)...)
			d = append(d, b.next(colourBytes(d[9])+1)...)
			if b.image, b.control = (gifImage{b.control, d}), [4]byte{}; b.err == nil {
				return nil
			}
		case kind == 0x3B:
			return io.EOF
		default:
			b.err = errors.New("damaged GIF")
		}
	}
	if b.err == io.EOF { // the end is a block of its own
		b.err = io.ErrUnexpectedEOF
	}
	return b.err
}

// extension notes what a graphic control says of the next image.
func (b *gifBlocks) extension(label byte) {
	n := int(b.next(1)[0])
	if label == 0xF9 && n == len(b.control) {
		copy(b.control[:], b.next(n))
		n = int(b.next(1)[0])
	}
	for ; n != 0; n = int(b.next(1)[0]) {
		b.skip(n)
	}
}

// skipPixels goes to the end of the sub-blocks.
func (b *gifBlocks) skipPixels() {
	for n := b.next(1)[0]; n != 0; n = b.next(1)[0] {
		b.skip(int(n))
	}
}

// colourBytes is the length of the colour table specified by flags.
func colourBytes(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// scanGIF counts the frames of a GIF, hundredths of a second, and those of the shortest frame, without decoding pixels.
func scanGIF(r *bufio.Reader) (frames, hundredths, shortest int, err error) {
	b := readGIF(r)
	for err == nil {
		if err = b.find(); err == nil {
			frames++
			d := b.image.delay()
			if hundredths += d; frames == 1 || d < shortest {
				shortest = d
			}
			b.skipPixels()
		}
	}
	if err == io.EOF {
		err = nil
	}
	return frames, hundredths, shortest, err
}

// delay is how long the image is shown, in hundredths of a second. Less than two are a tenth of a second, as in browsers.
func (m gifImage) delay() int {
	if d := int(binary.LittleEndian.Uint16(m.control[1:])); d > 1 {
		return d
	}
	return 10
}

// disposal is what becomes of the image afterwards: one of package gif's.
func (m gifImage) disposal() byte { return m.control[0] >> 2 & 7 }

// decode has image/gif read the image block alone, as a file of one image. It returns nil if that is damaged.
func (b *gifBlocks) decode() (*image.Paletted, error) {
	control := append(append([]byte{0x21, 0xF9, 4}, b.image.control[:]...), 0)
	pixels := &subBlocks{scanner: &b.scanner, before: slices.Concat(b.screen, control, b.image.descriptor)}
	m, err := gif.Decode(pixels)
	pixels.finish()
	if err != nil {
		return nil, err
	}
	return m.(*image.Paletted), nil
}

// subBlocks reads some bytes, and then the sub-blocks of a GIF to their end.
type subBlocks struct {
	*scanner
	before []byte
	left   int // of the present sub-block
	ended  bool
}

func (s *subBlocks) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(s, b[:])
	return b[0], err
}

func (s *subBlocks) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case len(s.before) > 0:
		n := copy(p, s.before)
		s.before = s.before[n:]
		return n, nil
	case s.ended:
		return 0, io.EOF
	case s.left == 0:
		p[0] = s.next(1)[0]
		s.left, s.ended = int(p[0]), p[0] == 0
		return 1, s.err
	}
	n := min(s.left, len(p))
	s.left -= n
	copy(p, s.next(n))
	return n, s.err
}

// finish goes to the end of the sub-blocks.
func (s *subBlocks) finish() {
	s.skip(s.left)
	for !s.ended && s.err == nil {
		n := int(s.next(1)[0])
		s.ended = n == 0
		s.skip(n)
	}
}

// gifSource composes the frames of a GIF on a black canvas.
type gifSource struct {
	blocks *gifBlocks
	closer
	counted    FrameInfo
	scanned    error // of counting
	canvas     *Frames
	index      int // of the present frame
	at         float64
	hundredths int // at which the next one comes
	composed   bool
	disposed   func() // does what the last image wants done before the next
	looked     bool   // for the image behind the first
	ahead      error  // that the look has found
}

// openGIF counts the frames of a file first.
func openGIF(r io.ReadSeeker, close closer, lim limits) (*gifSource, error) {
	frames, hundredths, shortest, scanned := scanGIF(bufio.NewReader(r))
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	s, err := newGIF(r, close, lim)
	if err != nil {
		return nil, err
	}
	if s.scanned = scanned; scanned == nil {
		s.counted.Frames, s.counted.Duration = frames, float64(hundredths)/100
		if frames > 1 {
			s.counted.FPS = 100 / float64(shortest) // at which no frame is lost
		}
	}
	return s, nil
}

// newGIF begins with a GIF that is perhaps never at hand as a whole. It takes over close unless it fails.
func newGIF(r io.Reader, close closer, lim limits) (*gifSource, error) {
	b := readGIF(bufio.NewReader(r))
	if b.err != nil {
		return nil, decoderError(b.err)
	}
	w, h := b.size()
	if err := checkSize(w, h, lim.pixels); err != nil {
		return nil, err
	}
	return &gifSource{
		blocks: b, closer: close, counted: FrameInfo{Format: "GIF"}, canvas: NewFrames(1, h, w),
		index: -1, composed: true, disposed: func() {},
	}, nil
}

// fits tells, before anything is decoded, whether the file is whole and its frames may be in memory together: a file of a few KiB can hold
// thousands of large ones.
func (s *gifSource) fits(opt OpenOptions, lim limits) error {
	h, w, n := cmp.Or(opt.H, s.canvas.H), cmp.Or(opt.W, s.canvas.W), int64(s.counted.Frames)
	switch {
	case s.scanned != nil:
		return decoderError(s.scanned)
	case n > int64(lim.frames), n*int64(h)*int64(w)*3 > lim.bytes, n*int64(s.canvas.W)*int64(s.canvas.H) > lim.work:
		return fmt.Errorf("an animation of %d frames of %d×%d pixels is more than the limit of %d frames, %d MiB and %d million pixels: "+
			"cut it, or make it smaller", n, s.canvas.W, s.canvas.H, lim.frames, lim.bytes>>20, lim.work/1e6)
	}
	return nil
}

func (s *gifSource) advance() (position, error) {
	if !s.composed {
		s.compose()
	}
	if err := s.find(); err == io.EOF {
		return position{}, err
	} else if err != nil {
		return position{}, s.cut(err)
	}
	s.index++
	s.at = float64(s.hundredths) / 100
	s.hundredths += s.blocks.image.delay()
	s.composed = false
	return position{s.index, s.at}, nil
}

// cut says that the file ends behind the present frame, or is damaged for good.
func (s *gifSource) cut(cause error) error { return &CutError{s.index + 1, s.at, decoderError(cause)} }

func (s *gifSource) decode() (*Frames, error) {
	if err := s.compose(); err != nil {
		return nil, err
	}
	return s.canvas.Clone(), nil
}

// compose draws the present image. One that is damaged leaves the canvas as it is.
func (s *gifSource) compose() (err error) {
	defer recoverDecoder(&err)
	s.composed = true
	s.disposed()
	s.disposed = func() {}
	m, err := s.blocks.decode()
	switch {
	case s.blocks.err != nil:
		s.index--
		return s.cut(s.blocks.err)
	case err != nil:
		return decoderError(err)
	}
	before := s.canvas.Pix
	switch s.blocks.image.disposal() {
	case gif.DisposalPrevious:
		s.canvas.Pix = slices.Clone(before)
		s.disposed = func() { s.canvas.Pix = before }
	case gif.DisposalBackground: // to transparent, that is to black, as browsers do
		s.disposed = func() {
			for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
				clear(canvasRow(s.canvas, m.Rect, y))
			}
		}
	}
	draw(s.canvas, m)
	return nil
}

// find goes to the next image, where a look ahead has not done so.
func (s *gifSource) find() error {
	if s.looked {
		s.looked = false
		return s.ahead
	}
	return s.blocks.find()
}

// info looks for a second image where the frames of a stream were not counted before.
func (s *gifSource) info() FrameInfo {
	if s.counted.Frames == 0 {
		s.looked, s.ahead = true, s.blocks.find()
		if s.ahead == io.EOF && s.index == 0 {
			s.counted.Frames = 1
		}
	}
	s.counted.Still = s.counted.Frames == 1
	return s.counted
}

// draw paints m on canvas; transparent pixels leave the canvas unchanged.
func draw(canvas *Frames, m *image.Paletted) {
	palette := rgbPalette(m.Palette)
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		dst := canvasRow(canvas, m.Rect, y)
		for x, index := range m.Pix[m.PixOffset(m.Rect.Min.X, y):][:m.Rect.Dx()] {
			if c := palette[index]; c.A > 0 {
				dst[3*x], dst[3*x+1], dst[3*x+2] = c.R, c.G, c.B
			}
		}
	}
}

// canvasRow is the part of canvas row y that lies in r; the decoder has checked that r is inside.
func canvasRow(canvas *Frames, r image.Rectangle, y int) []uint8 {
	return canvas.Pix[(y*canvas.W+r.Min.X)*3 : (y*canvas.W+r.Max.X)*3]
}
