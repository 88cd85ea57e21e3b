//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestInterruptedConvertWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.safetensors")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, interrupted, execute(ctx, []string{"convert", "../../testdata/golden/released_form.pth", path}, &stdout, &stderr))
	require.Equal(t, "mien: interrupted\n", stderr.String())
	require.NoFileExists(t, path)
}

// A run that is interrupted says how to go on.
func TestInterruptedRunSaysHowToGoOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, interrupted, execute(ctx, []string{"finetune", "--recipe", "s4d-tiny", "--out", dir}, &stdout, &stderr))
	_, messages, _ := strings.Cut(stderr.String(), "mien: ") // after the table of what it learns from
	require.Equal(t, "run folder "+dir+" keeps the finished epochs: continue with --resume\nmien: interrupted\n", messages)
	require.Empty(t, stdout.String())
}

// fullPipe returns the end of a pipe to which nothing more can be written.
func fullPipe(t *testing.T) *os.File {
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close(); writer.Close() })
	fd := int(writer.Fd())
	require.NoError(t, syscall.SetNonblock(fd, true))
	for _, size := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = syscall.Write(fd, make([]byte, size))
		}
		require.ErrorIs(t, err, syscall.EAGAIN)
	}
	require.NoError(t, syscall.SetNonblock(fd, false))
	return writer
}

// A command that ignores its context, such as while writing to a pipe that nobody reads, ends at the second signal.
func TestSecondSignalKills(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.safetensors")
	cmd := exec.Command(command(t), "convert", "../../testdata/golden/released_form.pth", path)
	cmd.Stdout = fullPipe(t)
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()
	require.Eventually(t, func() bool { // then it reports that it is done
		_, err := os.Stat(path)
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	for deadline := time.After(time.Minute); ; {
		cmd.Process.Signal(syscall.SIGTERM) // a background shell may have made the command ignore an interrupt
		select {
		case err := <-ended:
			require.ErrorContains(t, err, "signal: terminated")
			return
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			t.Fatal("still running")
		}
	}
}
