package run

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/train"
	"mien/weights"
)

// toy is the smallest run in which every key of a recipe has an effect: three steps on images of 16 pixels and three on videos,
// twice.
func toy(t *testing.T, name string) recipe.Recipe {
	t.Helper()
	r, err := recipe.Load(name)
	require.NoError(t, err)
	m, d, v, tr := &r.Model, &r.Data, &r.Views, &r.Train
	m.ImageSize, m.PatchSize, m.Frames, m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio = 16, 8, 4, 2, 16, 2, 2, 2
	d.DrawnImages, d.DrawnVideos, d.DrawnTest, d.Stride = 12, 9, 0, 3
	v.Image.Decode, v.Video.Decode = 18, 18
	tr.Epochs, tr.WarmupEpochs, tr.ImageBatch, tr.VideoBatch, tr.VideoRepeat = 2, 0.5, 4, 6, 2
	tr.LR, tr.MinLR, tr.Clip, tr.WeightDecay, tr.LayerDecay = 1e-2, 1e-4, 0.5, 0.1, 0.8
	switch r.Kind {
	case recipe.Landmarks:
		m.LandmarkWidth, d.DrawnFraming, tr.LayerDecay = 2, 0, 0
		m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio = 0, 0, 0, 0, 0
	case recipe.Pretrain:
		m.DecoderDim, m.DecoderDepth, m.DecoderHeads = 8, 1, 2
		tr.ImageMask, tr.VideoMask, tr.LayerDecay = 0.5, 0.5, 0
	case recipe.Finetune:
		if m.Experts > 0 {
			m.Experts, m.TopK, m.Position, m.ExpertHidden = 4, 2, "later", 6
		}
		m.Load = 0 // which needs router noise
		tr.Replicas, tr.Mixup, tr.Cutmix, tr.CutmixShare = 2, 0.8, 1, 0.5
	}
	require.NoError(t, r.Check())
	return r
}

// landmarks writes a landmark network of some width, as drawn, and returns its file.
func landmarks(t *testing.T, width int) string {
	t.Helper()
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 7})
	mobilefacenet.NewTrunk(s, width)
	path := filepath.Join(t.TempDir(), fmt.Sprintf("landmarks-%d.safetensors", width))
	require.NoError(t, modelfile.Write(path, s.Params(), nil))
	return path
}

// watched is a Watcher that records a run.
type watched struct {
	steps     []train.Step
	evaluated []int
	notes     []string
	sources   []Source
	saved     []int // after how many epochs a checkpoint was
	total     int   // steps of the run
	done      int   // of them before it was resumed
	step      func()
}

func (w *watched) Checked(int, int)      {}
func (w *watched) Sources(s []Source)    { w.sources = s }
func (w *watched) Start(total, done int) { w.total, w.done = total, done }

func (w *watched) Step(s train.Step, _ data.Modality) {
	w.steps = append(w.steps, s)
	if w.step != nil {
		w.step()
	}
}

func (w *watched) Evaluated(epoch int, _ *infer.Report) { w.evaluated = append(w.evaluated, epoch) }
func (w *watched) Saved(epochs int)                     { w.saved = append(w.saved, epochs) }
func (w *watched) Print(line string)                    { w.notes = append(w.notes, line) }

// options returns the options of a run into a new folder.
func options(t *testing.T, r recipe.Recipe) Options {
	t.Helper()
	return Options{Recipe: r, Backend: cpu.New(), Out: filepath.Join(t.TempDir(), "run"), Watch: &watched{}}
}

// outcome is the result of a run: the values of its model, and its log.
type outcome struct{ model, log string }

// trained carries out a run and returns its outcome.
func trained(t *testing.T, o Options) outcome {
	t.Helper()
	_, err := Train(t.Context(), o)
	require.NoError(t, err)
	return outcomeOf(t, o)
}

// outcomeOf returns the outcome of a finished run.
func outcomeOf(t *testing.T, o Options) outcome {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(o.Out, logFile))
	require.NoError(t, err)
	return outcome{tensors(t, filepath.Join(o.Out, modelfile.Name)), string(log)}
}

// tensors returns a digest of the names, shapes and bits of a file's tensors; its metadata is ignored.
func tensors(t *testing.T, path string) string {
	t.Helper()
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	h := sha256.New()
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		values := make([]float32, engine.Elements(shape))
		require.NoError(t, f.Read(name, values))
		fmt.Fprintln(h, name, shape)
		require.NoError(t, binary.Write(h, binary.LittleEndian, values))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parameters reads all tensors of a weights file.
func parameters(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	f, err := weights.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all := map[string][]float32{}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		all[name] = make([]float32, engine.Elements(shape))
		require.NoError(t, f.Read(name, all[name]))
	}
	return all
}

// faceList writes lists of n images and as many videos, which are a golden face and the golden video.
func faceList(t *testing.T, n int) data.Lists {
	t.Helper()
	dir := t.TempDir()
	golden, err := filepath.Abs("../testdata/golden")
	require.NoError(t, err)
	l := data.Lists{StaticList: filepath.Join(dir, "static.txt"), StaticRoot: golden, DynamicList: filepath.Join(dir, "dynamic.csv"), DynamicRoot: golden}
	static, dynamic := "", "video_name,label\n"
	for i := range n {
		static += fmt.Sprintf("clip/%03d.png %d\n", 7*i, 3*i%7)
		dynamic += fmt.Sprintf("clip,%d\n", (2*i+3)%7)
	}
	require.NoError(t, os.WriteFile(l.StaticList, []byte(static), 0o644))
	require.NoError(t, os.WriteFile(l.DynamicList, []byte(dynamic), 0o644))
	return l
}
