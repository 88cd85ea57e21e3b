package train

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/nn"
	"mien/weights"
)

// steps takes n steps of dot; in one of them the second parameter has no gradient.
func steps(a *AdamW, b engine.Backend, n int, loss func(t *ag.Tape) *ag.Value) {
	for range n {
		tape := ag.NewTape(b)
		l := loss(tape)
		tape.Backward(l)
		a.Update(l.Data(), 0.1, 1).Free()
		tape.Close()
	}
}

// all returns the values of parameters, including frozen ones, moments and step counts.
func all(t *testing.T, a *AdamW, params []nn.Param) (numbers [][]float64) {
	for _, p := range params {
		numbers = append(numbers, values(t, p.Data()))
	}
	for i := range a.m {
		numbers = append(numbers, values(t, a.m[i]), values(t, a.v[i]))
	}
	return append(numbers, values(t, a.steps))
}

// A checkpoint holds frozen parameters, but no moments of them, and continues with the same ones frozen.
func TestCheckpointOfFrozenParameters(t *testing.T) {
	b := cpu.New()
	path := filepath.Join(t.TempDir(), "checkpoint")
	a, params, loss := dot(b, "second")
	engine.Write(params[1].Data(), []float32{77})
	steps(a, b, 3, loss)
	require.NoError(t, Save(path, params, a, Progress{Epoch: 3}))

	f, err := weights.Open(path)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"param.first", "m.first", "v.first", "param.second", "param.third", "m.third", "v.third", "checksum"}, f.Names())
	require.NoError(t, f.Close())

	again, restored, lossAgain := dot(b, "second")
	progress, err := Resume(path, restored, again)
	require.NoError(t, err)
	require.Equal(t, Progress{Epoch: 3}, progress)
	require.Equal(t, all(t, a, params), all(t, again, restored))
	require.Equal(t, []float64{77}, values(t, restored[1].Data()))
	steps(a, b, 4, loss)
	steps(again, b, 4, lossAgain)
	require.Equal(t, all(t, a, params), all(t, again, restored))
}

// A checkpoint with other frozen parameters, of another model, or damaged gives an error that says so.
func TestResumeErrors(t *testing.T) {
	b := cpu.New()
	dir := t.TempDir()
	path := filepath.Join(dir, "checkpoint")
	a, params, loss := dot(b, "second")
	steps(a, b, 1, loss)
	require.NoError(t, Save(path, params, a, Progress{}))
	resume := func(path string, freeze ...string) error {
		other, restored, _ := dot(b, freeze...)
		_, err := Resume(path, restored, other)
		return err
	}
	require.NoError(t, resume(path, "second"))
	require.EqualError(t, resume(path), path+": checkpoint of another model: its optimizer knows 2 parameters, not 3")
	require.EqualError(t, resume(path, "second", "third"), path+": checkpoint of another model: its optimizer knows 2 parameters, not 1")
	require.ErrorContains(t, resume(path, "first"), path+`: weights lack "m.second" [1]`)
	require.Error(t, resume(filepath.Join(dir, "none")))

	foreign := filepath.Join(dir, "foreign")
	for meta, want := range map[string]string{
		`{}`: "not a checkpoint of this version of mien",
		`{"format":"mien-checkpoint-2","progress":"{","steps":"[1,1]"}`:     "damaged checkpoint",
		`{"format":"mien-checkpoint-2","progress":"{}","steps":"[1,true]"}`: "damaged checkpoint",
		`{"format":"mien-checkpoint-2","progress":"{}","steps":"[1]"}`:      "checkpoint of another model",
		`{"format":"mien-checkpoint-2","progress":"{}","steps":"[1,1]"}`:    `weights lack "param.first"`,
	} {
		writeMeta(t, foreign, meta)
		err := resume(foreign, "second")
		require.ErrorContains(t, err, foreign+": ")
		require.ErrorContains(t, err, want)
	}
}

// The checksum of a checkpoint is the CRC-32C of its metadata and of the bits of its tensors.
func TestChecksum(t *testing.T) {
	sum := newSum(map[string]string{"progress": "a", "steps": "b"})
	sum.add([]float32{1, -2})
	want := crc32.Checksum([]byte("\"a\" \"b\"\x00\x00\x80\x3f\x00\x00\x00\xc0"), crc32.MakeTable(crc32.Castagnoli))
	require.Equal(t, []float32{float32(want / 65536), float32(want % 65536)}, sum.halves())
}

// A checkpoint with a flipped bit in any byte is refused, with its path.
func TestFlippedBytes(t *testing.T) {
	b := cpu.New()
	path := filepath.Join(t.TempDir(), "checkpoint")
	a, params, loss := dot(b, "second")
	steps(a, b, 2, loss)
	require.NoError(t, Save(path, params, a, Progress{Epoch: 2, Best: 61.5, HasBest: true, Run: "0123abcd"}))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	other, restored, _ := dot(b, "second")
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err := Resume(path, restored, other)
		require.ErrorContains(t, err, path+": ", "byte %d, %#x to %#x", at, whole[at], damaged[at])
		require.NotContains(t, err.Error(), "\n")
	}
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	_, err = Resume(path, restored, other)
	require.NoError(t, err)
}

// writeMeta writes a file of metadata and no tensors.
func writeMeta(t *testing.T, path, meta string) {
	header := `{"__metadata__":` + meta + `}`
	for len(header)%8 != 0 {
		header += " "
	}
	text := append([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}, header...)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

// watched is a backend that measures the Go heap at each transfer.
type watched struct {
	*enginetest.Counting
	most int // bytes
}

func (w *watched) look() {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	w.most = max(w.most, int(m.HeapAlloc))
}

func (w *watched) Upload(dst engine.Buffer, offset int, src []byte) {
	w.look()
	w.Counting.Upload(dst, offset, src)
}

func (w *watched) Download(dst []byte, src engine.Buffer, offset int) error {
	w.look()
	return w.Counting.Download(dst, src, offset)
}

// Saving reads each tensor once, one after the other, and resuming writes each once: neither holds more than one or two of
// them.
func TestCheckpointStreams(t *testing.T) {
	const n, size = 10, 1 << 16
	b := &watched{Counting: enginetest.NewCounting(cpu.New())}
	var params []nn.Param
	for i := range n {
		params = append(params, nn.Param{Name: fmt.Sprint(i), Value: ag.Param(engine.Filled(b, engine.Float32, float64(i), size))})
	}
	a := NewAdamW(b, params, 0.99, plain)
	path := filepath.Join(t.TempDir(), "checkpoint")
	once := enginetest.Traffic{Calls: 3*n + 1, Bytes: 4 * (3*n*size + n)}
	for what, do := range map[string]func(){
		"saving": func() { require.NoError(t, Save(path, params, a, Progress{Best: math.Pi})) },
		"resuming": func() {
			require.NoError(t, Save(path, params, a, Progress{Best: math.Pi}))
			b.Reset()
			p, err := Resume(path, params, a)
			require.NoError(t, err)
			require.Equal(t, math.Pi, p.Best)
		},
	} {
		b.Reset()
		b.most = 0
		b.look()
		before := b.most
		do()
		require.Equal(t, once, map[string]enginetest.Traffic{"saving": b.Downloads, "resuming": b.Uploads}[what])
		require.Less(t, b.most-before, 3*size*4, "%s holds many tensors", what)
	}
}

// If saving fails, the previous file stays intact.
func TestSaveKeepsTheOldFile(t *testing.T) {
	b := cpu.New()
	path := filepath.Join(t.TempDir(), "checkpoint")
	a, params, _ := dot(b)
	require.NoError(t, Save(path, params, a, Progress{Epoch: 1}))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Error(t, Save(path, append(params, params[0]), a, Progress{Epoch: 2}), "two parameters of one name")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Error(t, Save(path, params, a, Progress{Best: math.NaN()}), "JSON has no such number")
	after, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1)
}

// An error of the backend leaves no file.
func TestSaveOnALostBackend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	a, params, _ := dot(lost{cpu.New()})
	require.EqualError(t, Save(path, params, a, Progress{}), "device lost")
	require.NoFileExists(t, path)
	a.steps = engine.Zeros(cpu.New(), engine.Int32, 3)
	require.EqualError(t, Save(path, params, a, Progress{}), path+`: can't be written: tensor "param.first": device lost`)
	require.NoFileExists(t, path)
}

// A checkpoint names its format, its progress and its counts.
func TestCheckpointMetadata(t *testing.T) {
	b := cpu.New()
	path := filepath.Join(t.TempDir(), "checkpoint")
	a, params, loss := dot(b, "second")
	steps(a, b, 2, loss)
	require.NoError(t, Save(path, params, a, Progress{Epoch: 4, Best: 0.5, HasBest: true, Run: "0123"}))
	f, err := weights.Open(path)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "mien-checkpoint-2", "steps": "[2,2]",
		"progress": `{"epoch":4,"best":0.5,"has_best":true,"run":"0123"}`}, f.Metadata())
	require.NoError(t, f.Close())
}
