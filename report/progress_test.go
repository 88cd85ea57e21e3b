package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestProgressOutsideATerminal(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, 10, "learning")
	p.Resume(2)
	p.Add(1)
	p.Describe("learning on")
	p.Print("epoch 1")
	require.Equal(t, "epoch 1\n", b.String())
	p.said = p.said.Add(-20 * time.Second)
	p.Add(1)
	require.Equal(t, "epoch 1\n", b.String(), "not as often as a bar")
	p.said = p.said.Add(-15 * time.Second)
	p.Add(1)
	require.Equal(t, "epoch 1\nlearning on: 5 of 10\n", b.String(), "half a minute after the last line, whatever was done in between")
	p.Add(5)
	p.Finish()
	require.Equal(t, "epoch 1\nlearning on: 5 of 10\n", b.String(), "nor again when all is done")
}

// A bar that is wider than its terminal wraps, and leaves a line behind each time it is drawn.
func TestBarFits(t *testing.T) {
	p := NewProgress(nil, 123456, "fine-tuning, épreuve 12, image 1.234, video 1.234")
	p.Resume(100_000)
	p.Add(1234)
	for columns := 1; columns < 200; columns++ {
		bar := p.bar(columns, time.Hour)
		require.LessOrEqual(t, utf8.RuneCountInString(bar), columns, bar)
	}
	require.Equal(t, "fine-tuning, épreuve 12… 101234/123456, 18h0m29s left", p.bar(53, time.Hour), "the rate is that of this process")
	require.Equal(t, "fine-tuning, épreuve 12, image 1.234, video 1.234 [================    ] 101234/123456, 18h0m29s left", p.bar(101, time.Hour))
	require.Equal(t, 24, strings.IndexByte(p.bar(200, time.Hour), ']')-strings.IndexByte(p.bar(200, time.Hour), '[')-1)
}

// On a terminal the bar is drawn over itself, taken away for a line, and drawn again.
func TestBarOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, 10, "learning")
	p.columns = func() int { return 60 }
	p.Add(1)
	require.Empty(t, b.String(), "it is not drawn more often than it can be read")
	p.said = time.Time{}
	p.Add(4)
	require.Equal(t, "\rlearning [============            ] 5/10, 0s left\x1b[K", b.String())
	b.Reset()
	p.columns, p.said = func() int { return 10 }, time.Now().Add(-time.Second)
	p.Add(0)
	require.Equal(t, "\r… 5/10, …\x1b[K", b.String(), "nine, as the last column may wrap")
	b.Reset()
	p.columns = func() int { return 60 }
	p.Print("epoch 1")
	p.Add(5)
	p.Finish()
	require.Equal(t, "\r\x1b[Kepoch 1\n\rlearning [========================] 10/10, 0s left\x1b[K\r\x1b[K", b.String())
}

func TestBarOfNothing(t *testing.T) {
	var none *Progress
	none.Finish()
	require.Equal(t, "reading [                        ] 0/0", NewProgress(nil, 0, "reading").bar(60, 0))
}

// Steps with a unit have a speed, and a total of 0 is not known.
func TestProgressOfFrames(t *testing.T) {
	p := NewProgress(nil, 0, "clip")
	p.Unit("frames")
	require.Equal(t, "clip 0", p.bar(60, 0))
	p.done = 50
	require.Equal(t, "clip 50, 25.0 frames/s", p.bar(60, 2*time.Second))
	require.Equal(t, "50 frames, 25.0 frames/s", p.line(2*time.Second))
	p.total = 100
	require.Equal(t, "clip [============            ] 50/100, 25.0 frames/s, 2s left", p.bar(70, 2*time.Second))
	require.Equal(t, "50 of 100 frames, 25.0 frames/s, 2s left", p.line(2*time.Second))
}
