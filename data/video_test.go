package data

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ppms is a source of PPM images.
type ppms struct {
	r     *bufio.Reader
	lim   limits
	frame *Frames
}

func (p *ppms) advance() (_ position, err error) {
	if _, err := p.r.Peek(1); err != nil {
		return position{}, err
	}
	p.frame, err = readPPM(p.r, p.lim)
	return position{}, err
}

func (p *ppms) decode() (*Frames, error) { return p.frame, nil }
func (p *ppms) info() FrameInfo          { return FrameInfo{} }
func (p *ppms) close()                   {}

func readPPMs(t *testing.T, stream string, opt OpenOptions, lim limits) ([]*Frames, error) {
	return collect(t.Context(), &ppms{r: bufio.NewReader(strings.NewReader(stream)), lim: lim}, opt, lim)
}

// PPM images as ffmpeg might write them: what is no image of 8 bits, or cut off, is refused.
func TestPPMsThatAreRefused(t *testing.T) {
	const whole = "P6\n2 1\n255\nabcdef"
	for _, c := range []struct {
		stream string
		frames int
		want   string
	}{
		{whole + whole, 2, ""}, {"", 0, "no frames in this file"},
		{whole + "P6\n2 1\n65535\nabcdef", 1, "frames of 2×1 pixels (65535 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n0 1\n255\n", 0, "frames of 0×1 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n1 0\n255\n", 0, "frames of 1×0 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n7 1\n255\n", 0, "frames of 7×1 pixels (255 levels); the limit is 6 pixels of 255 levels"},
		{"P6\n3 2\n255\nabcdefghijklmnopqr", 1, ""},
		{"P6\n1 1\n255\nabc", 0, "ffmpeg: it decodes a part of 1×1 pixels alone"},
		{whole + "P", 1, "unexpected EOF"}, {whole + "P6\n2", 1, "unexpected EOF"}, {whole + "P6\n2 1\n255\nabc", 1, "unexpected EOF"},
		{whole + "P6\n1 2\n255\nabcdef", 1, "frame 1 has 1×2 pixels, the first 2×1"},
	} {
		frames, err := readPPMs(t, c.stream, OpenOptions{}, limits{pixels: 6, bytes: 36, frames: 2, work: 6, least: 2})
		if c.want == "" {
			require.Len(t, frames, c.frames, "%q", c.stream)
			require.NoError(t, err, "%q", c.stream)
		} else {
			require.EqualError(t, err, c.want, "%q", c.stream)
		}
	}
}
