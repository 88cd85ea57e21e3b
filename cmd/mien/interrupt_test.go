//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// untilWritten is a context that ends when something appears in a folder.
type untilWritten struct {
	context.Context
	dir string
}

func (c untilWritten) Err() error {
	if files, err := os.ReadDir(c.dir); err != nil || len(files) > 0 {
		return context.Canceled
	}
	return nil
}

// patient lets interrupted commands end by themselves, however busy the machine is.
func patient(t *testing.T) {
	usual := grace
	grace = time.Minute
	t.Cleanup(func() { grace = usual })
}

// Interrupted before it begins, or while it writes, convert leaves nothing behind.
func TestInterruptedConvertWritesNothing(t *testing.T) {
	patient(t)
	dir := t.TempDir()
	before, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{before, untilWritten{t.Context(), dir}} {
		var stdout, stderr bytes.Buffer
		args := []string{"convert", "../../testdata/golden/released_form.pth", filepath.Join(dir, "out.safetensors")}
		require.Equal(t, interrupted, execute(ctx, args, &stdout, &stderr))
		require.Equal(t, "mien: interrupted\n", stderr.String())
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// A run that is interrupted before it has finished an epoch does not promise to keep any.
func TestInterruptedRunSaysHowToGoOn(t *testing.T) {
	patient(t)
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, interrupted, execute(ctx, []string{"finetune", "--recipe", "s4d-tiny", "--out", dir}, &stdout, &stderr))
	_, messages, _ := strings.Cut(stderr.String(), "mien: ") // after the table of what it learns from
	require.Equal(t, "run folder "+dir+" holds no finished epoch yet: --resume begins again\nmien: interrupted\n", messages)
	require.Empty(t, stdout.String())
}

// Where nobody reads standard output any more, SIGPIPE ends a command, as all programs of a pipeline.
func TestUnheard(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	defer w.Close()
	cmd := exec.Command(command(t), "licenses")
	cmd.Stdout = w
	require.Error(t, cmd.Run())
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.Equal(t, syscall.SIGPIPE, status.Signal())
	require.Equal(t, unheard, 128+int(status.Signal()))
}

// A run ends at Ctrl-C and at SIGTERM, with the status that shells give, and says what it keeps. While it lives no other works in its
// folder; one that is killed leaves no lock behind.
func TestSignalledRun(t *testing.T) {
	bin, dir := command(t), filepath.Join(t.TempDir(), "run")
	args := []string{"finetune", "--recipe", "s4d-tiny", "--epochs", "1000", "--out", dir}
	finished := func() (epochs int) { // as the latest checkpoint says
		names, err := filepath.Glob(filepath.Join(dir, "checkpoint-*.safetensors"))
		require.NoError(t, err)
		for _, name := range names {
			var n int
			fmt.Sscanf(filepath.Base(name), "checkpoint-%d", &n)
			epochs = max(epochs, n)
		}
		return epochs
	}
	for _, c := range []struct {
		signal os.Signal
		code   int
		last   string
	}{{syscall.SIGKILL, -1, ""}, {syscall.SIGTERM, terminated, "mien: terminated"}, {os.Interrupt, interrupted, "mien: interrupted"}} {
		var stderr bytes.Buffer
		cmd := exec.Command(bin, resumed(args, dir)...)
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		defer cmd.Process.Kill()
		before := finished()
		require.Eventually(t, func() bool { return finished() > before }, time.Minute, time.Millisecond)
		code, _, refused := mien(append(args, "--resume")...)
		require.Equal(t, 1, code)
		require.Contains(t, refused, fmt.Sprintf("mien: run folder %s is in use by process %d on ", dir, cmd.Process.Pid))
		require.NoError(t, cmd.Process.Signal(c.signal))
		cmd.Wait()
		require.Equal(t, c.code, cmd.ProcessState.ExitCode(), stderr.String())
		if c.last != "" {
			want := fmt.Sprintf("mien: run folder %s keeps the finished epochs (%d): continue with --resume\n%s\n", dir, finished(), c.last)
			require.Contains(t, stderr.String(), want)
		}
	}
}

// A command that does not look at its context ends soon after a signal.
func TestDeafCommand(t *testing.T) {
	for cause, want := range map[error]int{signalled{syscall.SIGTERM}: terminated, signalled{os.Interrupt}: interrupted, nil: interrupted} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var stderr bytes.Buffer
		out := &console{ctx: ctx, stderr: &stderr}
		start := time.Now()
		require.Equal(t, want, out.untilDone(func() int {
			cancel(cause)
			select {}
		}))
		require.Less(t, time.Since(start), 10*grace)
		require.Contains(t, stderr.String(), map[int]string{terminated: "mien: terminated", interrupted: "mien: interrupted"}[want])
	}
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
