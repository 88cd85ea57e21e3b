package data

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Pictures and videos are told from lists of paths, and from what is neither, by their first bytes.
func TestRecognised(t *testing.T) {
	for _, name := range []string{"../testdata/golden/face.png", "../testdata/golden/clip/000.png"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, Recognised(text[:512]), name)
	}
	for _, head := range []string{"GIF89a\x40\x1F\x40\x1F\x80\x00\x00", "YUV4MPEG2 W4 H4\nFRAME\n", "RIFF\x00\x00\x00\x00AVI LIST", "\xFF\xD8\xFF\xE0", "\x00\x00\x00\x20ftypisom"} {
		require.True(t, Recognised([]byte(head)), head)
	}
	for _, head := range []string{"", "face.png\nclip.mp4\n", "path,label\na.jpg,3\n", "%PDF-1.7", "\x7FELF"} {
		require.False(t, Recognised([]byte(head)), head)
	}
}
