package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
)

const (
	released = "../../testdata/golden/released_form.pth"
	facePNG  = "../../testdata/golden/face.png"
)

// Inputs that cannot be used are reported, the others go on, and the exit status says whether something was done.
func TestPredictGoesOn(t *testing.T) {
	dir := t.TempDir()
	damaged := filepath.Join(dir, "damaged.png")
	text, err := os.ReadFile(facePNG)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(damaged, text[:len(text)/2], 0o644))
	frames := filepath.Join(dir, "frames") // of which only the last is damaged, which is noticed when it is read
	require.NoError(t, os.Mkdir(frames, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(frames, "1.png"), text, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(frames, "2.png"), text[:len(text)/2], 0o644))

	args := []string{"predict", "--face", "none", "--model", released, "--stride", "1"}
	code, stdout, stderr := mien(append(args, damaged, facePNG, "nowhere.png", frames, facePNG)...)
	require.Equal(t, someBad, code)
	require.Equal(t, 2, strings.Count(stdout, facePNG))
	require.Equal(t, 3, strings.Count(stdout, "\n"))
	complaints := strings.Split(strings.TrimSpace(stderr), "\n")
	require.Len(t, complaints, 5)
	require.Contains(t, complaints[0], "frames: 2 numbered pictures of one size, read as one video")
	complaints = complaints[1:]
	require.True(t, strings.HasPrefix(complaints[0], "mien: "+damaged+": "), stderr)
	require.Equal(t, "mien: nowhere.png: no such file or directory", complaints[1])
	require.True(t, strings.HasPrefix(complaints[2], "mien: "+frames), stderr)
	require.Equal(t, "mien: 3 of 5 inputs failed", complaints[3])

	code, stdout, _ = mien(append(args, "--json", facePNG, damaged)...)
	require.Equal(t, someBad, code)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 2)
	var failed map[string]string
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &failed))
	require.Equal(t, damaged, failed["path"])
	require.Contains(t, complaints[0], damaged+": "+failed["error"])

	code, _, stderr = mien(append(args, "--json", damaged, "nowhere.png")...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "mien: 2 of 2 inputs failed\n")
	code, stdout, stderr = mien(append(args, "nowhere.png")...)
	require.Equal(t, 1, code)
	require.Equal(t, "mien: nowhere.png: no such file or directory\n", stderr)
	require.Empty(t, stdout)

	out := filepath.Join(dir, "results.csv")
	code, stdout, _ = mien(append(args, "--csv", out, damaged, facePNG)...)
	require.Equal(t, someBad, code)
	require.Equal(t, 2, strings.Count(stdout, "\n"))
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(text), "\n"), "all that there is to say")
}

// interrupting is an output that interrupts the command at one of its writes.
type interrupting struct {
	bytes.Buffer
	cancel context.CancelFunc
	at     int
}

func (w *interrupting) Write(p []byte) (int, error) {
	if w.at--; w.at == 0 {
		w.cancel()
	}
	return w.Buffer.Write(p)
}

// Results are written one by one, so that an interruption leaves those before it, and whole lines.
func TestInterruptedPredictKeepsLines(t *testing.T) {
	patient(t)
	for _, format := range []string{"--json", "--top=3"} {
		ctx, cancel := context.WithCancel(t.Context())
		stdout, stderr := &interrupting{cancel: cancel, at: 2}, bytes.Buffer{}
		args := append([]string{"predict", "--face", "none", "--model", released, format}, slices.Repeat([]string{facePNG}, 9)...)
		require.Equal(t, interrupted, execute(ctx, args, stdout, &stderr))
		require.Equal(t, "mien: interrupted\n", stderr.String())
		require.Zero(t, stdout.at)
		require.Equal(t, 2, strings.Count(stdout.String(), facePNG))
		require.True(t, strings.HasSuffix(stdout.String(), "\n"))
	}
}

// An interrupted file of results keeps a name that says so, and the next command leaves it alone. An empty one is removed.
func TestInterruptedPredictKeepsItsFile(t *testing.T) {
	patient(t)
	out := filepath.Join(t.TempDir(), "results.jsonl")
	predict := func(at int, paths ...string) (messages string) {
		ctx, cancel := context.WithCancel(t.Context())
		stderr := &interrupting{cancel: cancel, at: at} // at the first complaint
		args := append([]string{"predict", "--face", "none", "--model", released, "--json", "--out", out}, paths...)
		if at == 0 {
			cancel()
		}
		require.Equal(t, interrupted, execute(ctx, args, &bytes.Buffer{}, stderr))
		require.NoFileExists(t, out)
		return stderr.String()
	}
	require.Equal(t, "mien: interrupted\n", predict(0, facePNG))
	require.NoFileExists(t, out+".part")
	messages := predict(1, facePNG, "nowhere.png", facePNG)
	require.Equal(t, "mien: nowhere.png: no such file or directory\nmien: "+out+".part keeps the results so far\nmien: interrupted\n", messages)
	text, err := os.ReadFile(out + ".part")
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(text), "\n"))
	code, _, stderr := mien("predict", "--face", "none", "--model", released, "--out", out, facePNG)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "results.jsonl.part, of a command that was interrupted or still runs, exists: rename or remove it")
}

// A link is not replaced, wherever it points.
func TestPartOfALink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "results.csv")
	if err := os.Symlink(filepath.Join(dir, "gone"), link); err != nil {
		t.Skip("no links here")
	}
	_, err := createPart("--out", link)
	require.EqualError(t, err, "--out "+link+": it exists: choose another name, or remove it")
	require.NoFileExists(t, link+".part")
}

// An interruption ends the wait for a list on standard input.
func TestInterruptedWaitForInput(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	defer func(stdin *os.File) { os.Stdin = stdin }(os.Stdin)
	os.Stdin = r
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, interrupted, execute(ctx, []string{"predict", "--face", "none", "--model", released, "-"}, &bytes.Buffer{}, &bytes.Buffer{}))
}

// A backend that runs out of memory, and a full disk, end the command: what comes after is not tried.
func TestPredictEndsWithTheMachine(t *testing.T) {
	run := func(left int, stdout io.Writer) (error, string) {
		var stderr bytes.Buffer
		b := &scarce{cpu.New(), left}
		c := predictCmd{modelFlags: modelFlags{Model: released}, faceFlags: faceFlags{Face: wholeInputs}, Paths: []string{facePNG, "nowhere.png"}}
		return c.Run(&console{ctx: t.Context(), stdout: &checked{Writer: stdout}, stderr: &stderr, backend: b}), stderr.String()
	}
	ended := 0
	for left := 0; ; left += 10 {
		err, stderr := run(left, io.Discard)
		if _, bad := errors.AsType[*badInputs](err); bad {
			require.Equal(t, "mien: nowhere.png: no such file or directory\n", stderr)
			break
		}
		require.True(t, ofTheMachine(err), err)
		require.Empty(t, stderr)
		ended++
	}
	require.Greater(t, ended, 10)
	err, stderr := run(1<<30, &full{})
	require.EqualError(t, err, "standard output: no space left on device")
	require.Empty(t, stderr)
}

// scarce is a backend that runs out of memory after a number of allocations.
type scarce struct {
	engine.Backend
	left int
}

func (s *scarce) Alloc(bytes int) (engine.Buffer, error) {
	if s.left--; s.left < 0 {
		return nil, errors.New("it is full")
	}
	return s.Backend.Alloc(bytes)
}

// A row has a cell for every column, also where a head has fewer classes than are asked for.
func TestAnswers(t *testing.T) {
	p := infer.Prediction{Path: "x", Modality: data.Image, Labels: []string{"a", "b"}, Probabilities: []float64{0.25, 0.75}}
	row := answers(p, 3, func(probability float64) string { return fmt.Sprint(probability) })
	require.Equal(t, []string{"x", "image", "b", "0.75", "a", "0.25", "", ""}, row)
	require.Len(t, row, len(columns(3, "label", "probability", "_")))
}
