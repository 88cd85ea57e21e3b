package data

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What ffmpeg says on its standard error, a level before each line: messages, what the input is, and the number and time of each frame.

// stampGrace is how long one waits for the line of a frame that has come already, in case that the log is read a little later.
var stampGrace = 2 * time.Second

// stamp is what the log says of a frame.
type stamp struct {
	position
	damaged bool
}

// ffmpegLog is written to by ffmpeg.
type ffmpegLog struct {
	mu      sync.Mutex
	written chan struct{} // tells a waiting reader of a stamp
	line    []byte        // its beginning, as far as it has come
	level   string        // of the last line, to which lines without one belong

	unit     float64 // seconds, in which times are counted
	fps      float64
	duration float64
	mean     float64 // frames a second
	last     stamp   // of all frames
	seen     int     // frames, selected or not
	selects  bool    // there is a second row of stamps
	stamps   []stamp // of frames that are selected and not asked for yet
	first    int     // number of the first of them
	silent   bool    // there are none, or one did not come in time

	messages []byte // of errors, the end
	harmed   *stamp // the frame before the first of them
	corrupt  bool   // the next frame
}

func newFFmpegLog(stamps bool) *ffmpegLog {
	return &ffmpegLog{written: make(chan struct{}, 1), level: "error", last: stamp{position: position{-1, 0}}, silent: !stamps}
}

// longestLine of the log is kept.
const longestLine = 4096

func (l *ffmpegLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		end := bytes.IndexAny(rest, "\r\n")
		part := rest
		if end >= 0 {
			part = rest[:end]
		}
		l.line = append(l.line, part[:min(len(part), longestLine-len(l.line))]...)
		if end < 0 {
			break
		}
		l.hear(string(l.line))
		l.line = l.line[:0]
		rest = rest[end+1:]
	}
	return len(p), nil
}

// hear reads a line: "[context] [level] text".
func (l *ffmpegLog) hear(line string) {
	context, level, text := levelled(line)
	if level != "" {
		l.level = level
	}
	switch {
	case strings.TrimSpace(text) == "", strings.Contains(text, "to muxer"): // the second is about the order of what it writes
	case l.level == "panic", l.level == "fatal", l.level == "error":
		if l.harmed == nil {
			harmed := l.last
			l.harmed = &harmed
		}
		l.messages = append(append(l.messages, text...), '\n')
		l.messages = l.messages[max(0, len(l.messages)-longestLine):]
	case l.level == "warning":
		l.corrupt = l.corrupt || strings.Contains(text, "corrupt decoded frame")
	case strings.HasPrefix(context, "Parsed_showinfo_"):
		l.showinfo(strings.HasPrefix(context, "Parsed_showinfo_0 "), strings.TrimSpace(text))
	default:
		l.input(strings.TrimSpace(text))
	}
}

// input reads what is said of the file: "Duration: 00:00:06.40, …" and "Stream #0:0: Video: …, 26.40 fps, …".
//
// What was wrong before it has made up its mind about the streams is forgotten: it looked at sound, too, and will say again what is wrong with
// the pictures.
func (l *ffmpegLog) input(text string) {
	if text == "Stream mapping:" {
		l.messages, l.harmed, l.corrupt = nil, nil, false
	}
	var h, m int
	var s float64
	if n, _ := fmt.Sscanf(text, "Duration: %d:%d:%f", &h, &m, &s); n == 3 && l.duration == 0 {
		l.duration = float64(h*3600+m*60) + s
	}
	if before, _, found := strings.Cut(text, " fps"); found && l.mean == 0 && strings.Contains(before, "Video: ") {
		l.mean, _ = strconv.ParseFloat(before[strings.LastIndexByte(before, ' ')+1:], 64)
	}
}

// levelled divides a line; level is "" where it has none.
func levelled(line string) (context, level, text string) {
	for text = line; strings.HasPrefix(text, "["); {
		inside, rest, found := strings.Cut(text[1:], "] ")
		if !found {
			break
		}
		switch inside {
		case "panic", "fatal", "error", "warning", "info", "verbose", "debug":
			return context, inside, rest
		}
		context, text = inside, rest
	}
	return "", "", line
}

// showinfo reads what the filter of that name says: of all frames, and of those selected.
func (l *ffmpegLog) showinfo(all bool, text string) {
	var n, d, rate, per float64
	switch {
	case strings.HasPrefix(text, "config in"):
		if k, _ := fmt.Sscanf(text, "config in time_base: %f/%f, frame_rate: %f/%f", &n, &d, &rate, &per); k == 4 && d > 0 {
			if l.unit = n / d; per > 0 {
				l.fps = rate / per
			}
		}
		l.selects = l.selects || !all
		return
	case !strings.HasPrefix(text, "n:"):
		return
	}
	if all {
		l.last = stamp{position{l.seen, l.time(text)}, l.corrupt}
		l.seen++
		l.corrupt = false
	}
	if all != l.selects {
		l.stamps = append(l.stamps, l.last)
		select {
		case l.written <- struct{}{}:
		default:
		}
	}
}

// time reads "pts: 512 ", which is exact, while the seconds beside it have six digits.
func (l *ffmpegLog) time(text string) float64 {
	var pts int64
	_, text, _ = strings.Cut(text, "pts:")
	if n, _ := fmt.Sscanf(text, "%d", &pts); n == 1 && l.unit > 0 {
		return float64(pts) * l.unit
	}
	return math.NaN()
}

// stamp returns that of selected frame i, once for each frame in their order. A frame without one has the number that it would have in
// a video without a selection.
func (l *ffmpegLog) stamp(i int) stamp {
	for deadline := time.After(stampGrace); ; {
		l.mu.Lock()
		if skip := min(i-l.first, len(l.stamps)); skip > 0 { // which came too late
			l.stamps, l.first = l.stamps[skip:], l.first+skip
		}
		if len(l.stamps) > 0 {
			s := l.stamps[0]
			l.stamps, l.first = l.stamps[1:], l.first+1
			l.mu.Unlock()
			return s
		}
		silent := l.silent
		l.mu.Unlock()
		if silent {
			return stamp{position: position{i, math.NaN()}}
		}
		select {
		case <-l.written:
		case <-deadline:
			l.mu.Lock()
			l.silent = true
			l.mu.Unlock()
		}
	}
}

func (l *ffmpegLog) info() FrameInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return FrameInfo{Format: "ffmpeg", Frames: int(math.Round(l.duration * l.mean)), Duration: l.duration, FPS: l.fps}
}

// damage returns after how many frames there was the first message, and the time of the last of these.
func (l *ffmpegLog) damage() (frames int, time float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.harmed == nil {
		return l.last.index + 1, l.last.time
	}
	return l.harmed.index + 1, l.harmed.time
}

// cause is the last message, nil if there was none.
func (l *ffmpegLog) cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) > 0 {
		l.hear(string(l.line))
		l.line = nil
	}
	text := string(bytes.TrimSpace(l.messages))
	switch {
	case strings.Contains(text, "matches no streams"), strings.Contains(text, "does not contain any stream"):
		return errors.New("no pictures in this file, only sound or data")
	case text != "":
		return ffmpegError(text[strings.LastIndexByte(text, '\n')+1:])
	}
	return nil
}
