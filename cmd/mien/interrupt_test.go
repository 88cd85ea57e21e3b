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

// A command that ignores its context, such as while reading a recipe from a pipe, ends at the second signal.
func TestSecondSignalKills(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "recipe.toml")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	cmd := exec.Command(command(t), "finetune", "--recipe", pipe, "--out", filepath.Join(t.TempDir(), "run"))
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()
	require.Eventually(t, func() bool { // a pipe can be opened for writing once it is being read
		writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { writer.Close() })
		}
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
