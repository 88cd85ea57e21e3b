// Longvideo measures memory and speed of predict on a video as long as one likes: a face that moves to and fro, as Y4M on a pipe.
//
//	go run ./bench/longvideo MIEN MODEL FRAMES
//
// MIEN is the command. It prints what memory it took when the first frames were read and at most, and frames a second in all, in the first
// tenth and in the last. It fails where memory grew by more than 64 MB, or speeds differ by more than 10 %; the machine must be idle for that.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"mien/data"
)

const (
	most  = 64 << 20 // bytes that memory may grow
	apart = 0.1      // share by which the speeds of the tenths may differ

	width, height, period = 160, 120, 120
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "longvideo:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: longvideo MIEN MODEL FRAMES")
	}
	n, err := strconv.Atoi(args[2])
	if err != nil || n < 1000 {
		return fmt.Errorf("%s: give at least 1000 frames", args[2])
	}
	frames, err := scene()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "longvideo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	command := exec.Command(args[0], "predict", "--quiet", "--model", args[1], "--json", "--csv", filepath.Join(dir, "faces.csv"), "-")
	command.Stderr = os.Stderr
	m, err := watch(command, frames, n)
	if err != nil {
		return err
	}
	return m.report(n)
}

// scene returns the frames of a period, as Y4M has them.
func scene() (frames [][]byte, err error) {
	face, err := data.OpenImage(context.Background(), "face/testdata/portrait.png", data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	for i := range period {
		at := 30 + int(math.Round(25*math.Sin(2*math.Pi*float64(i)/period)))
		f := data.NewFrames(1, height, width)
		for y := range face.H {
			copy(f.Pix[((y+10)*width+at)*3:], face.Pix[y*face.W*3:][:face.W*3])
		}
		frames = append(frames, append([]byte("FRAME\n"), planes(f)...))
	}
	return frames, nil
}

// planes returns a frame as Y′CbCr with halved chroma, in the range of video: ITU-R BT.601.
func planes(f *data.Frames) []byte {
	luma, chroma := make([]byte, width*height), [2][]byte{}
	for y := range height {
		for x := range width {
			p := f.Pix[(y*width+x)*3:]
			r, g, b := float64(p[0]), float64(p[1]), float64(p[2])
			luma[y*width+x] = byte(16 + 0.257*r + 0.504*g + 0.098*b)
			if x%2 == 0 && y%2 == 0 {
				chroma[0] = append(chroma[0], byte(128-0.148*r-0.291*g+0.439*b))
				chroma[1] = append(chroma[1], byte(128+0.439*r-0.368*g-0.071*b))
			}
		}
	}
	return append(append(luma, chroma[0]...), chroma[1]...)
}

// measured is what was seen of a run.
type measured struct {
	first, peak int64       // bytes of memory
	times       []time.Time // at which each hundredth was done
}

// watch runs the command on n frames.
func watch(command *exec.Cmd, frames [][]byte, n int) (m measured, err error) {
	in, err := command.StdinPipe()
	if err != nil {
		return m, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return m, err
	}
	if err := command.Start(); err != nil {
		return m, err
	}
	go feed(in, frames, n)
	done := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"type":"frame"`)) {
			continue
		}
		if done%(n/100) == 0 {
			m.sample(command.Process.Pid)
		}
		done++
	}
	m.times = append(m.times, time.Now())
	if err := cmp.Or(lines.Err(), command.Wait()); err != nil {
		return m, err
	}
	if done != n {
		return m, fmt.Errorf("%d frames of %d have a row", done, n)
	}
	return m, nil
}

// feed writes the video. A command that ends too early says so itself.
func feed(w io.WriteCloser, frames [][]byte, n int) {
	defer w.Close()
	buffered := bufio.NewWriterSize(w, 1<<20)
	defer buffered.Flush()
	fmt.Fprintf(buffered, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420jpeg\n", width, height)
	for i := range n {
		if _, err := buffered.Write(frames[i%len(frames)]); err != nil {
			return
		}
	}
}

func (m *measured) sample(pid int) {
	m.times = append(m.times, time.Now())
	bytes := resident(pid)
	if m.first == 0 {
		m.first = bytes
	}
	m.peak = max(m.peak, bytes)
}

// resident returns the memory of a process as Linux says it.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return n << 10 // from KiB
}

func (m measured) report(n int) error {
	speed := func(from, to int) float64 {
		return float64(n) * float64(to-from) / 100 / m.times[to].Sub(m.times[from]).Seconds()
	}
	first, last := speed(0, 10), speed(90, 100)
	fmt.Printf("memory: %d MB with the first frame, %d MB at most\n", m.first>>20, m.peak>>20)
	fmt.Printf("frames a second: %.1f in all, %.1f in the first tenth, %.1f in the last\n", speed(0, 100), first, last)
	if m.peak-m.first > most {
		return fmt.Errorf("memory grew by %d MB", (m.peak-m.first)>>20)
	}
	if math.Abs(last/first-1) > apart {
		return fmt.Errorf("the last tenth is %+.0f %% as fast", 100*(last/first-1))
	}
	return nil
}
