//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One Ctrl-C ends predict at once, whatever it is reading: an animation that takes minutes, an ffmpeg that hangs.
func TestInterruptedPredictEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n/bin/sleep 60 &\n/bin/sleep 60\n"), 0o755))
	video, animation := filepath.Join(dir, "a.mp4"), filepath.Join(dir, "a.gif")
	require.NoError(t, os.WriteFile(video, nil, 0o644))
	gif := []byte("GIF89a\x40\x1F\x40\x1F\x80\x00\x00\x00\x00\x00\xFF\xFF\xFF") // 8000×8000 pixels, two colours
	gif = append(gif, bytes.Repeat([]byte("\x2C\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"), 300)...)
	require.NoError(t, os.WriteFile(animation, append(gif, 0x3B), 0o644))
	for _, path := range []string{video, animation} {
		ctx, cancel := context.WithCancel(t.Context())
		var pressed time.Time
		time.AfterFunc(300*time.Millisecond, func() { pressed = time.Now(); cancel() })
		var stdout, stderr bytes.Buffer
		code := execute(ctx, []string{"predict", "--face", "none", "--model", "../../testdata/golden/released_form.pth", path}, &stdout, &stderr)
		require.Less(t, time.Since(pressed), 2*time.Second, path)
		require.Equal(t, interrupted, code, stderr.String())
		require.Equal(t, "mien: interrupted\n", stderr.String())
		require.Empty(t, stdout.String())
	}
}

// An interrupted video that ffmpeg writes has its end: mien waits for it longer than for other commands.
func TestInterruptedFFmpegEndsItsVideo(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "x.mp4")
	script := "#!/bin/sh\ncase \"$*\" in *-version) exit 1;; esac\nfor last; do :; done\ncat >/dev/null\nsleep 2\necho whole >\"${last#file:}\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{cancel: cancel, at: 3}, bytes.Buffer{}
	args := []string{"predict", "--quiet", "--model", released, "--json", "--annotated", path, numbered(t, 60)}
	require.Equal(t, interrupted, execute(ctx, args, stdout, &stderr))
	text, err := os.ReadFile(path + ".part")
	require.NoError(t, err)
	require.Equal(t, "whole\n", string(text))
}
