package serve

import (
	"bytes"
	"context"
	"errors"
	"image"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"mien/data"
)

// Decoding of what has come.

// decoders is how many pictures are decoded at a time, and how many films are open.
func decoders() int64 { return int64(max(2, runtime.NumCPU())) }

// media is a picture or video that is open. Its Close removes what it needed.
type media struct {
	*data.FrameReader
	name    string // as the client calls it
	file    string // that holds it, if one does
	release []func()
}

// Close gives back all that was taken.
func (m *media) Close() error {
	var err error
	if m.FrameReader != nil {
		err = m.FrameReader.Close()
	}
	for _, release := range m.release {
		release()
	}
	return err
}

// openBody opens a picture or clip that is in memory. Where the pixels are known beforehand, room for them is waited for first.
func (s *Server) openBody(ctx context.Context, name string, body []byte) (m *media, err error) {
	m = &media{name: name}
	defer func() {
		if err != nil {
			m.Close()
			m = nil
		}
	}()
	if len(body) == 0 {
		return m, malformed("the body is empty")
	}
	config, _, failed := image.DecodeConfig(bytes.NewReader(body))
	if failed == nil {
		if err := s.room(ctx, m, config.Width, config.Height); err != nil {
			return m, err
		}
		return m, s.openPicture(ctx, m, body)
	}
	if err := s.openFile(ctx, m, body); err != nil {
		return m, err
	}
	info := m.Info()
	return m, s.room(ctx, m, info.Width, info.Height)
}

// openPicture decodes a picture, or the first frame of a GIF. Only so many do at a time, but as many may wait for the model.
func (s *Server) openPicture(ctx context.Context, m *media, body []byte) (err error) {
	if err := s.decoders.take(ctx, 1); err != nil {
		return err
	}
	defer s.decoders.give(1)
	if m.FrameReader, err = data.ReadFrames(ctx, "the picture", bytes.NewReader(body), data.Selection{}); err != nil {
		return s.undecodable(ctx, m, err)
	}
	return nil
}

// openFile opens what only a file can be: ffmpeg must be able to seek. The file's name says nothing of what it is, as a playlist would by
// its own, which names other files.
// Each has a process of ffmpeg, so there are only so many at a time.
func (s *Server) openFile(ctx context.Context, m *media, body []byte) (err error) {
	if err := s.films.take(ctx, 1); err != nil {
		return err
	}
	m.release = append(m.release, func() { s.films.give(1) })
	m.file = filepath.Join(s.jobs.dir, "clip-"+newID())
	m.release = append(m.release, func() { os.Remove(m.file) })
	if err := os.WriteFile(m.file, body, 0o600); err != nil {
		return err
	}
	if m.FrameReader, err = data.OpenFrames(ctx, m.file, data.Selection{}); err != nil {
		return s.undecodable(ctx, m, err)
	}
	return nil
}

// room waits until pixels of this size may be in memory.
func (s *Server) room(ctx context.Context, m *media, width, height int) error {
	pixels := width * height
	if pixels > s.Limits.Pixels {
		return tooLarge("too_many_pixels", "%d×%d pixels: the limit is %d", width, height, s.Limits.Pixels)
	}
	if err := s.decoded.take(ctx, int64(pixels)); err != nil {
		return err
	}
	m.release = append(m.release, func() { s.decoded.give(int64(pixels)) })
	return nil
}

// undecodable is what a client is told of an input that cannot be read. Where the machine or the clock is at fault, it is not the input.
func (s *Server) undecodable(ctx context.Context, m *media, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, own := errors.AsType[*os.PathError](err); own {
		return err
	}
	s.metrics.undecoded.add(1)
	return newProblem(http.StatusBadRequest, "undecodable", "%s", m.saying(err))
}

// saying is an error's text without the name that the file has here.
func (m *media) saying(err error) string {
	if m.file == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), m.file, "the file")
}
