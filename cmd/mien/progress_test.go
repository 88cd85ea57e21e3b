package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
)

// slow is a standard output that takes a minute to write to, on a fake clock.
type slow struct{ bytes.Buffer }

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(time.Minute)
	return s.Buffer.Write(p)
}

// The progress of predict counts each input, of a folder its pictures, and those that cannot be used, too.
func TestProgressOfPredict(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(facePNG)
	require.NoError(t, err)
	for _, name := range []string{"ann.png", "ben.png"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // for threads that wait for work stop a fake clock
	b := newCPU()
	defer b.Close()
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		c := predictCmd{modelFlags: modelFlags{Model: released}, faceFlags: faceFlags{Face: wholeInputs}, Paths: []string{dir, "nowhere.png", facePNG}}
		var stdout slow
		err := c.Run(&console{ctx: t.Context(), stdout: &checked{Writer: &stdout}, stderr: &stderr, backend: b})
		require.EqualError(t, err, "1 of 4 inputs failed")
		require.Equal(t, "mien: "+dir+": 2 pictures without numbering, read one by one (--as-clip reads them as a video)\n"+
			"predicting: 1 of 4\npredicting: 2 of 4\nmien: nowhere.png: no such file or directory\npredicting: 4 of 4\n", stderr.String())
	})
}

// The progress of eval counts the samples of each set.
func TestProgressOfEval(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b := newCPU()
	defer b.Close()
	synctest.Test(t, func(t *testing.T) {
		m, err := infer.Open(released, b, nil)
		require.NoError(t, err)
		defer m.Close()
		set := &data.Dataset{Modality: data.Image}
		for range 11 {
			set.Items = append(set.Items, data.Item{Name: "face", Label: 3, Open: func(ctx context.Context, opt data.OpenOptions) (data.Sample, error) {
				time.Sleep(time.Minute)
				sample, _, err := data.Open(ctx, facePNG, opt)
				return sample, err
			}})
		}
		var stdout, stderr bytes.Buffer
		r, err := (&evalCmd{}).evaluate(&console{ctx: t.Context(), stdout: &checked{Writer: &stdout}, stderr: &stderr, backend: b}, m, data.Sets{Image: set})
		require.NoError(t, err)
		require.Equal(t, 11, r.Static.N)
		require.Equal(t, "evaluating images: 8 of 11\nevaluating images: 11 of 11\n", stderr.String())
	})
}
