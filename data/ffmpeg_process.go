package data

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// ffmpegPatience is how long ffmpeg may take for the next bytes that are waited for; after that it hangs.
var ffmpegPatience = 30 * time.Second

// ffmpegSource is an ffmpeg at work.
type ffmpegSource struct {
	ctx      context.Context
	end      context.CancelCauseFunc
	cmd      *exec.Cmd
	stdout   *bufio.Reader
	log      *ffmpegLog
	patience *patience
	lim      limits
	still    bool
	stop     closer  // of what it reads, if that is a stream
	frame    *Frames // the last that was read
	stamp    stamp   // of it
	read     int
	ahead    bool  // advance has not come to it yet
	ended    error // once the command has
}

// startFFmpeg starts a command and reads its first frame. The command and what it started are killed when ctx ends, when nothing comes
// for a long time, and when what comes is not wanted.
func startFFmpeg(ctx context.Context, ffmpeg string, args []string, in ffmpegInput, k kind, lim limits) (*ffmpegSource, error) {
	ctx, end := context.WithCancelCause(ctx)
	cmd := exec.CommandContext(ctx, ffmpeg, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		end(nil)
		return nil, err
	}
	s := &ffmpegSource{ctx: ctx, end: end, cmd: cmd, log: newFFmpegLog(k.moves()), lim: lim, still: !k.moves(), stop: in.stop}
	s.patience = newPatience(func() {
		end(fmt.Errorf("ffmpeg was stopped after %v without a sign of life; does it play the file?", ffmpegPatience))
	})
	s.stdout = bufio.NewReaderSize(watched{stdout, s.patience}, 1<<16)
	cmd.Stderr = s.log
	if in.stream != nil {
		cmd.Stdin = io.MultiReader(bytes.NewReader(in.head), feeding{in.stream, s.patience})
	}
	cmd.WaitDelay = 300 * time.Millisecond
	InOwnGroup(cmd)
	cmd.Cancel = func() error {
		defer stdout.Close() // which a process outside the group may hold open
		return killGroup(cmd.Process)
	}
	if err := cmd.Start(); err != nil {
		end(nil)
		return nil, ffmpegError(err.Error())
	}
	if err := s.next(); err != nil {
		if err == io.EOF {
			err = errors.New("ffmpeg found no frame in this file")
		}
		return nil, err
	}
	s.ahead = true
	return s, nil
}

// next reads a frame, and the end of the command where there is none.
func (s *ffmpegSource) next() error {
	if s.ended != nil {
		return s.ended
	}
	f, err := s.frameOrEOF()
	if err != nil {
		s.ended = s.finish(err)
		return s.ended
	}
	s.frame, s.stamp = f, s.log.stamp(s.read)
	s.read++
	return nil
}

func (s *ffmpegSource) frameOrEOF() (*Frames, error) {
	if _, err := s.stdout.Peek(1); err != nil {
		return nil, err
	}
	return readPPM(s.stdout, s.lim)
}

// finish waits for the command, whose output has ended with an error, io.EOF where that is between two frames, and says how it ended.
func (s *ffmpegSource) finish(readErr error) error {
	if readErr != io.EOF && !errors.Is(readErr, io.ErrUnexpectedEOF) {
		s.end(readErr) // it would block on the pipe
	}
	s.patience.waits(true)
	waitErr := s.cmd.Wait()
	s.patience.stop()
	defer s.end(nil)
	if errors.Is(waitErr, exec.ErrWaitDelay) { // something that it started holds its standard error
		_ = killGroup(s.cmd.Process)
		waitErr = nil
	}
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	cause := s.log.cause()
	if exit, ok := errors.AsType[*exec.ExitError](waitErr); ok && cause == nil {
		cause = ffmpegError(exit.Error())
	} else if !ok && waitErr != nil { // of reading the stream
		cause = waitErr
	}
	if s.read > 0 && readErr == io.EOF {
		if cause == nil {
			return io.EOF
		}
		frames, time := s.log.damage()
		return &CutError{frames, time, cause}
	}
	if cause == nil {
		cause = io.EOF
	}
	return cause
}

func (s *ffmpegSource) advance() (position, error) {
	if !s.ahead {
		if err := s.next(); err != nil {
			return position{}, err
		}
	}
	s.ahead = false
	return s.stamp.position, nil
}

func (s *ffmpegSource) decode() (*Frames, error) {
	if s.stamp.damaged {
		return s.frame, errConcealed
	}
	return s.frame, nil
}

// errConcealed is damage that a decoder has painted over as well as it could.
var errConcealed = errors.New("a damaged frame")

func (s *ffmpegSource) info() FrameInfo {
	info := s.log.info()
	if info.Still = s.still; info.Still {
		info.Frames = 1
	}
	return info
}

func (s *ffmpegSource) close() {
	s.stop.close()
	if s.ended == nil {
		s.ended = s.finish(errClosed)
	}
}

var errClosed = errors.New("closed")

// ffmpegError is what ffmpeg said last.
type ffmpegError string

func (e ffmpegError) Error() string {
	return fmt.Sprintf("ffmpeg: %.300s", strings.TrimSpace(string(e)))
}

// patience calls a function when one waits long for ffmpeg. That nobody reads, or that ffmpeg waits for its input, does not count.
type patience struct {
	mu               sync.Mutex
	timer            *time.Timer
	waiting, feeding bool
	stopped          bool
}

func newPatience(lost func()) *patience {
	p := &patience{timer: time.AfterFunc(math.MaxInt64, lost)}
	p.timer.Stop()
	return p
}

func (p *patience) set(state *bool, to bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*state = to
	if p.timer.Stop(); p.waiting && !p.feeding && !p.stopped {
		p.timer.Reset(ffmpegPatience)
	}
}

func (p *patience) waits(yes bool) { p.set(&p.waiting, yes) }
func (p *patience) stop()          { p.set(&p.stopped, true) }

// watched is read with patience.
type watched struct {
	io.Reader
	patience *patience
}

func (w watched) Read(b []byte) (int, error) {
	w.patience.waits(true)
	defer w.patience.waits(false)
	return w.Reader.Read(b)
}

// feeding is what ffmpeg is given to read.
type feeding struct {
	io.Reader
	patience *patience
}

func (f feeding) Read(b []byte) (int, error) {
	f.patience.set(&f.patience.feeding, true)
	defer f.patience.set(&f.patience.feeding, false)
	return f.Reader.Read(b)
}
