package data

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// looped reads head and then body again and again.
type looped struct {
	rest, body []byte
	times      int
}

func (l *looped) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.times == 0 {
			return 0, io.EOF
		}
		l.times--
		l.rest = l.body
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// heap is what is in use, garbage aside.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Thousands of frames need no more memory than some, in any format; all of them together would be hundreds of megabytes.
func TestMemoryIsBounded(t *testing.T) {
	const frames = 3000
	y4mHead, y4mFrame := []byte("YUV4MPEG2 W320 H240 F30:1 C420\n"), append([]byte("FRAME\n"), make([]byte, 320*240*3/2)...)
	aviFile, err := os.ReadFile(motionJPEG(t, 40))
	require.NoError(t, err)
	from := bytes.Index(aviFile, []byte("movi")) + 4
	to := from + bytes.Index(aviFile[from:], []byte("ix00"))
	copy(aviFile[4:], "\x00\x00\x00\x00") // as of a live recording
	gif := hostileGIF(1, 300)
	streams := map[string]io.Reader{
		"y4m": &looped{y4mHead, y4mFrame, frames},
		"avi": &looped{aviFile[:from], aviFile[from:to], frames},
		"gif": io.MultiReader(&looped{gif[:19], gif[19 : len(gif)-1], frames}, bytes.NewReader(gif[len(gif)-1:])),
	}
	if _, err := exec.LookPath("ffmpeg"); err == nil {
		ts, err := os.ReadFile(filepath.Join("testdata", "external", "video.ts"))
		require.NoError(t, err)
		streams["ffmpeg"] = &looped{nil, ts, 300}
	}
	for name, stream := range streams {
		t.Run(name, func(t *testing.T) {
			r, err := ReadFrames(t.Context(), name, stream, Selection{})
			require.NoError(t, err)
			defer r.Close()
			var early int64
			n, last := 0, 0.0
			for ; ; n++ {
				f, err := r.Next()
				if err != nil {
					break
				}
				require.GreaterOrEqual(t, f.Time, last)
				last = f.Time
				if n == 100 {
					early = heap()
				}
			}
			late := heap()
			t.Log(n, "frames", early, late)
			if name != "ffmpeg" {
				require.Equal(t, frames, n)
			}
			require.Greater(t, n, 1000)
			require.Less(t, late-early, int64(1<<20))
		})
	}
}
