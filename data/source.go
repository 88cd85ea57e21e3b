package data

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// position is where in a video a frame is.
type position struct {
	index int
	time  float64 // as the file has it, NaN if it is missing, or untimed
}

// frameSource is one format of FrameReader.
type frameSource interface {
	// advance goes to the next frame. Behind the last one it returns io.EOF, or a CutError where the video ends too early.
	advance() (position, error)
	// decode returns the frame to which advance went, if it is wanted. An error is damage to this frame alone, unless it is a CutError.
	decode() (*Frames, error)
	// info is called when the first frame is decoded.
	info() FrameInfo
	// close may be called more than once.
	close()
}

// closer closes what a source reads; nil if there is nothing to close.
type closer func()

func (c closer) close() {
	if c != nil {
		c()
	}
}

// headBytes are read of a stream before it is known what it is. It is also more than what is on its way to an ffmpeg that gives up over
// its arguments, so that another call gets all of it.
const headBytes = 256 << 10

// openSource opens a file or folder. What it leaves of sel is not done by the source itself.
func openSource(ctx context.Context, path string, sel Selection, lim limits) (source frameSource, left Selection, err error) {
	info, err := stat(path)
	if err != nil {
		return nil, sel, err
	}
	if info.IsDir() {
		source, err = newFolder(ctx, path, sel)
		return source, sel, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, sel, pathError(path, err)
	}
	source, left, err = fileSource(ctx, f, sel, lim)
	if err != nil {
		f.Close()
		return nil, sel, pathError(path, err)
	}
	return source, left, nil
}

// fileSource takes over f unless it fails.
func fileSource(ctx context.Context, f *os.File, sel Selection, lim limits) (_ frameSource, left Selection, err error) {
	defer recoverDecoder(&err)
	close := func() { f.Close() }
	k, err := kindOf(f, f.Name())
	switch {
	case err != nil:
		return nil, sel, err
	case k != kind{}:
		return videoSource(ctx, f, k, sel, lim)
	}
	magic := make([]byte, 4)
	if n, _ := f.ReadAt(magic, 0); isGIF(magic[:n]) {
		source, err := openGIF(f, close, lim)
		return source, sel, err
	}
	source, err := newStill(ctx, f, close, lim)
	return source, sel, err
}

// videoSource opens what is perhaps read by ffmpeg.
func videoSource(ctx context.Context, f *os.File, k kind, sel Selection, lim limits) (_ frameSource, left Selection, err error) {
	if k.video && lim.frames == 1 {
		return nil, sel, errors.New("a video, not an image")
	}
	info, err := f.Stat()
	if err != nil {
		return nil, sel, err
	}
	head := make([]byte, min(headBytes, info.Size()))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, sel, err
	}
	if source, err := newContainer(head, f, info.Size(), func() { f.Close() }, lim); source != nil || err != nil {
		return source, sel, err
	}
	f.Close()
	return newFFmpeg(ctx, ffmpegInput{path: f.Name(), head: head}, k, sel, lim)
}

func readSource(ctx context.Context, r io.Reader, sel Selection, lim limits) (_ frameSource, left Selection, err error) {
	defer recoverDecoder(&err)
	in, stop := interruptible(ctx, r)
	defer func() {
		if err != nil {
			stop()
		}
	}()
	buffered := bufio.NewReaderSize(in, headBytes)
	head, err := buffered.Peek(headBytes)
	if err != nil && err != io.EOF {
		return nil, sel, err
	}
	if source, err := newContainer(head, buffered, 0, stop, lim); source != nil || err != nil {
		return source, sel, err
	}
	switch k := kindOfHead(head, ""); {
	case k != kind{}:
		head = bytes.Clone(head)
		_, _ = buffered.Discard(len(head))
		return newFFmpeg(ctx, ffmpegInput{head: head, stream: buffered, stop: stop}, k, sel, lim)
	case isGIF(head):
		source, err := newGIF(buffered, stop, lim)
		return source, sel, err
	}
	all, err := io.ReadAll(io.LimitReader(buffered, maxPictureBytes+1))
	switch {
	case err != nil:
		return nil, sel, err
	case len(all) > maxPictureBytes:
		return nil, sel, fmt.Errorf("a picture of more than the limit of %d MiB", maxPictureBytes>>20)
	}
	source, err := newStill(ctx, bytes.NewReader(all), stop, lim)
	return source, sel, err
}

func isGIF(head []byte) bool { return bytes.HasPrefix(head, []byte("GIF8")) }

// maxPictureBytes bounds a compressed picture that is read from a stream.
const maxPictureBytes = 256 << 20

// interruptible reads r so that the end of ctx, or stop, ends the wait for it. r may be left in a read for ever.
func interruptible(ctx context.Context, r io.Reader) (_ io.Reader, stop closer) {
	out, in := io.Pipe()
	ended := context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out, func() { ended(); out.Close() }
}

// still is a source of one picture.
type still struct {
	closer
	frames *Frames
	read   bool
	format string
}

func newStill(ctx context.Context, r io.ReadSeeker, close closer, lim limits) (frameSource, error) {
	frames, format, err := decodeStill(ctx, r, lim.pixels)
	if err != nil {
		return nil, err
	}
	return &still{closer: close, frames: frames, format: strings.ToUpper(format)}, nil
}

func (s *still) advance() (position, error) {
	if s.read {
		return position{}, io.EOF
	}
	s.read = true
	return position{0, untimed}, nil
}

func (s *still) decode() (*Frames, error) { return s.frames, nil }
func (s *still) info() FrameInfo          { return FrameInfo{Format: s.format, Still: true, Frames: 1} }

// folderSource is a source of the pictures of a folder, which may have several sizes.
type folderSource struct {
	closer
	ctx   context.Context
	paths []string
	at    int // of the next
}

func newFolder(ctx context.Context, dir string, sel Selection) (frameSource, error) {
	if sel.timed() {
		return nil, fmt.Errorf("%s: the pictures of a folder have no times: select each n-th", dir)
	}
	folder, err := ReadFolder(dir)
	if err != nil {
		return nil, err
	}
	return &folderSource{ctx: ctx, paths: folder.Pictures}, nil
}

func (p *folderSource) advance() (position, error) {
	if p.at == len(p.paths) {
		return position{}, io.EOF
	}
	p.at++
	return position{p.at - 1, untimed}, nil
}

func (p *folderSource) decode() (*Frames, error) {
	return OpenImage(p.ctx, p.paths[p.at-1], OpenOptions{})
}
func (p *folderSource) info() FrameInfo { return FrameInfo{Format: "folder", Frames: len(p.paths)} }
