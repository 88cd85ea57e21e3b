package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
	"io"

	"mien/data/avi"
	"mien/data/y4m"
)

// Videos that are read without ffmpeg: Motion JPEG in AVI, and Y4M.

// newContainer opens such a video of size bytes, 0 where that is unknown. It takes over close unless it fails or returns nil, for a video that
// is another's.
func newContainer(head []byte, r io.Reader, size int64, close closer, lim limits) (frameSource, error) {
	begin := func() *bufio.Reader { return bufio.NewReader(bytes.NewReader(head)) }
	if v, err := avi.NewReader(begin(), 0); err == nil && v.IsMotionJPEG() {
		return newAVI(v.Video, r, close, lim)
	}
	switch h, err := y4m.ReadHeader(begin()); {
	case errors.Is(err, y4m.ErrUnsupported):
		return nil, nil
	case err == nil:
		return newY4M(h, r, size, close, lim)
	case y4m.Begins(head):
		return nil, err
	}
	return nil, nil
}

// aviSource decodes Motion JPEG.
type aviSource struct {
	*avi.Reader
	closer
	index int
	at    float64
	lim   limits
}

func newAVI(v avi.Video, r io.Reader, close closer, lim limits) (frameSource, error) {
	most := lim.pixels
	if v.W != 0 || v.H != 0 {
		if err := checkSize(v.W, v.H, lim.pixels); err != nil {
			return nil, err
		}
		most = v.W * v.H
	}
	// No encoder needs four bytes a pixel.
	video, err := avi.NewReader(bufio.NewReaderSize(r, 1<<16), 4*int64(most)+1<<16)
	if err != nil {
		return nil, err
	}
	return &aviSource{Reader: video, closer: close, index: -1, lim: lim}, nil
}

func (s *aviSource) advance() (position, error) {
	switch err := s.Next(); {
	case err == io.EOF:
		return position{}, err
	case err != nil:
		return position{}, s.cut(err)
	}
	s.index++
	s.at = untimed
	if s.FPS > 0 {
		s.at = s.Time()
	}
	return position{s.index, s.at}, nil
}

func (s *aviSource) cut(err error) error {
	return cutOff(err, s.index+1, s.at)
}

// cutOff says where a file ends too early, unless reading it failed for another reason.
func cutOff(err error, frames int, time float64) error {
	if err == io.ErrUnexpectedEOF {
		return &CutError{frames, time, errors.New("the file ends too early")}
	}
	return err
}

func (s *aviSource) decode() (frames *Frames, err error) {
	defer recoverDecoder(&err)
	b, err := s.Frame()
	if err == avi.ErrLost {
		return nil, err
	} else if err != nil {
		s.index--
		return nil, s.cut(err)
	}
	b = avi.Complete(b)
	config, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, decoderError(err)
	}
	if err := checkSize(config.Width, config.Height, s.lim.pixels); err != nil {
		return nil, err
	}
	if s.W != 0 && (config.Width != s.W || config.Height != s.H) { // such as one of two fields
		return nil, fmt.Errorf("%d×%d pixels in a video of %d×%d", config.Width, config.Height, s.W, s.H)
	}
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, decoderError(err)
	}
	return toRGB(m, color.YCbCrToRGB), nil
}

func (s *aviSource) info() FrameInfo {
	info := FrameInfo{Format: "Motion JPEG in AVI", Frames: s.Video.Frames, FPS: s.FPS}
	if s.FPS > 0 {
		info.Duration = float64(info.Frames) / s.FPS
	}
	return info
}

// y4mSource converts the frames of a Y4M.
type y4mSource struct {
	*y4m.Reader
	closer
	frames int // in the file, 0 where unknown
	index  int
	at     float64
}

func newY4M(h y4m.Header, r io.Reader, size int64, close closer, lim limits) (frameSource, error) {
	if err := checkSize(h.W, h.H, lim.pixels); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(r, 1<<16)
	if _, err := y4m.ReadHeader(in); err != nil {
		return nil, err
	}
	const mark = len("FRAME\n")
	return &y4mSource{
		Reader: y4m.NewReader(in, h), closer: close, index: -1,
		frames: int(max(0, size-int64(h.Bytes)) / int64(mark+h.FrameBytes())),
	}, nil
}

func (s *y4mSource) advance() (position, error) {
	switch err := s.Next(); {
	case err == io.EOF:
		return position{}, err
	case err != nil:
		return position{}, cutOff(err, s.index+1, s.at)
	}
	s.index++
	s.at = untimed
	if s.FPS > 0 {
		s.at = float64(s.index) / s.FPS
	}
	return position{s.index, s.at}, nil
}

func (s *y4mSource) decode() (*Frames, error) {
	m, err := s.Frame()
	switch {
	case err == y4m.ErrLost:
		return nil, err
	case err != nil:
		return nil, cutOff(err, s.index, s.at)
	case s.FullRange:
		return toRGB(m, color.YCbCrToRGB), nil
	}
	return toRGB(m, studioToRGB), nil
}

func (s *y4mSource) info() FrameInfo {
	info := FrameInfo{Format: "Y4M", Frames: s.frames, FPS: s.FPS}
	if s.FPS > 0 {
		info.Duration = float64(info.Frames) / s.FPS
	}
	return info
}
