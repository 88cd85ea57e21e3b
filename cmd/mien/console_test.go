package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// full is a standard output on a full disk, as /dev/full is where there is one.
type full struct{ writes int }

func (f *full) Write([]byte) (int, error) {
	f.writes++
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
}

// Whatever a command prints, a full disk is reported, and nothing is written after the first error.
func TestFullStandardOutput(t *testing.T) {
	golden := "../../testdata/golden/"
	model, face := golden+"released_form.pth", golden+"face.png"
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("face.png 6\n"), 0o644))
	for name, args := range map[string][]string{
		"help":         {"--help"},
		"version":      {"--version"},
		"info":         {"info"},
		"info of one":  {"info", "--model", model},
		"info as JSON": {"info", "--model", model, "--json"},
		"convert":      {"convert", model, filepath.Join(t.TempDir(), "out.safetensors")},
		"bench":        {"bench", "gemm", "--m", "8", "--n", "8", "--k", "8"},
		"eval":         {"eval", "--model", model, "--static-list", list, "--static-root", golden},
		"predict":      {"predict", "--face", "none", "--model", model, face, face},
		"faces":        {"predict", "--model", model, photos + "portrait.png"},
		"as JSON":      {"predict", "--face", "none", "--model", model, "--json", face, face},
		"training":     {"finetune", "--recipe", "s4d-tiny", "--epochs", "1", "--out", filepath.Join(t.TempDir(), "run")},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout full
			var stderr bytes.Buffer
			require.Equal(t, 1, execute(t.Context(), args, &stdout, &stderr))
			require.Equal(t, 1, stdout.writes)
			lines := bytes.Split(bytes.TrimSpace(stderr.Bytes()), []byte("\n"))
			require.Equal(t, "mien: standard output: no space left on device", string(lines[len(lines)-1]), stderr.String())
		})
	}
}

// The same on a real device.
func TestFullDevice(t *testing.T) {
	device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /dev/full")
	}
	require.NoError(t, err)
	defer device.Close()
	var stderr bytes.Buffer
	require.Equal(t, 1, execute(context.Background(), []string{"info"}, device, &stderr))
	require.Equal(t, "mien: standard output: no space left on device\n", stderr.String())
}

// Progress and complaints go to one stream; a quiet command has complaints only. The clock is a fake one.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for quiet, want := range map[bool]string{
			false: "work: 5 of 9\nmien: bad\\x1b face\n",
			true:  "mien: bad\\x1b face\n",
		} {
			var stderr bytes.Buffer
			m := newMeter(&console{stderr: &stderr}, 9, "work", quiet)
			time.Sleep(time.Minute)
			m.Add(5)
			m.complain(errors.New("bad\x1b face"))
			m.Finish()
			require.Equal(t, want, stderr.String())
		}
	})
}

// A result is JSON, or a table whose cells a format gives.
func TestPrint(t *testing.T) {
	var b bytes.Buffer
	out := &console{stdout: &checked{Writer: &b}}
	require.NoError(t, out.print(true, map[string]int{"a": 1}, []string{"x"}, cells("%d\t%s", 2, "b")))
	require.NoError(t, out.print(false, nil, []string{"x", "y"}, cells("%d\t%s", 2, "b"), cells("z\t")))
	require.Equal(t, "{\"a\":1}\nx  y\n2  b\nz\n", b.String())
	require.False(t, isTerminal(&b))
}
