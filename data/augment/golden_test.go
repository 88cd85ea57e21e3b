package augment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// testdata/make_augment.py made what this file compares with.

func readPNG(t *testing.T, name string) *data.Frames {
	t.Helper()
	f, err := data.OpenImage(t.Context(), filepath.Join("testdata", name), data.OpenOptions{})
	require.NoError(t, err)
	return f
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}

// strip is pictures below each other, each at the left.
type strip struct {
	*data.Frames
	top int
}

// next cuts out the next one.
func (s *strip) next(h, w int) []uint8 {
	one := Cut{Y: s.top, W: w, H: h}.Apply(s.View())
	s.top += h
	return one.Bytes
}

// Every operation gives Pillow's bytes.
func TestOperationsArePillows(t *testing.T) {
	picture := readPNG(t, "picture.png")
	narrow := picture.Clone()
	for i, v := range narrow.Pix {
		narrow.Pix[i] = v/7 + 100
	}
	var cases []struct {
		Source, Name  string
		Argument      float64
		Interpolation Interpolation
	}
	readJSON(t, "operations.json", &cases)
	want, tested := strip{Frames: readPNG(t, "operations.png")}, map[string]bool{}
	for _, c := range cases {
		f := map[string]*data.Frames{"picture": picture, "narrow": narrow}[c.Source].Clone()
		got := Operations{{c.Name, c.Argument, c.Interpolation}}.Apply(f.View())
		require.Equal(t, want.next(f.H, f.W), got.Bytes, "%+v", c)
		tested[c.Name] = true
	}
	require.Equal(t, want.H, want.top, "all are compared")
	for _, o := range operations {
		require.True(t, tested[o.name], o.name)
	}
}

// Crops are resized to Pillow's bytes, or in floats as PyTorch does.
func TestResizedIsPillowsOrTorchs(t *testing.T) {
	source := readPNG(t, "second.png")
	var cases []struct {
		Box           [4]int
		W, H          int
		Interpolation Interpolation
		Floats        []float32
	}
	readJSON(t, "resized.json", &cases)
	want, tested := strip{Frames: readPNG(t, "resized.png")}, map[Interpolation]bool{}
	for _, c := range cases {
		d := Resized{data.Box{X: c.Box[0], Y: c.Box[1], W: c.Box[2], H: c.Box[3]}, c.H, c.W, c.Interpolation}
		got := d.Apply(source.View())
		require.Equal(t, []int{1, c.H, c.W}, []int{got.T, got.H, got.W})
		if c.Floats == nil {
			require.Equal(t, want.next(c.H, c.W), got.Bytes, "%+v", d)
		} else {
			require.Nil(t, got.Bytes)
			require.Equal(t, got, d.Apply(floats(source.View())), "of floats, the same")
			require.InDeltaSlice(t, c.Floats, got.Floats, 1e-6, "%+v", d)
		}
		tested[c.Interpolation] = true
	}
	require.Equal(t, want.H, want.top, "all are compared")
	require.Len(t, tested, 4)
}

// Where no crop fits, it is torchvision's.
func TestCentredCropIsTorchvisions(t *testing.T) {
	var cases []struct {
		H, W int
		Box  [4]int
	}
	readJSON(t, "boxes.json", &cases)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		got := ResizedCrop{Area: Range{0.9, 1}, Ratio: Range{3.0 / 4, 4.0 / 3}}.box(c.H, c.W, newRand(1))
		require.Equal(t, data.Box{X: c.Box[0], Y: c.Box[1], W: c.Box[2], H: c.Box[3]}, got)
	}
}

// normalised is what a model makes of a view.
func normalised(v data.View) []float32 {
	x := slices.Clone(v.Planar())
	n := len(x) / 3
	for i := range x {
		x[i] = (x[i] - data.Mean[i/n]) / data.Std[i/n]
	}
	return x
}

// Whole views with given choices are those of Pillow, PyTorch and torchvision in the published order.
func TestViewsAreAsPublished(t *testing.T) {
	var want struct {
		Noise           []float32 `json:"noise"`
		FinetunedVideo  []float32 `json:"finetuned_video"`
		PretrainedVideo []float32 `json:"pretrained_video"`
		FinetunedImage  []float32 `json:"finetuned_image"`
		PretrainedImage []float32 `json:"pretrained_image"`
	}
	readJSON(t, "views.json", &want)
	all := readPNG(t, "video.png")
	video := &data.Frames{T: 3, H: all.H / 3, W: all.W, Pix: all.Pix} // below each other is one after the other
	apply := func(f *data.Frames, changes ...Change) data.View {
		v := f.Clone().View()
		for _, c := range changes {
			v = c.Apply(v)
		}
		return v
	}
	image := &data.Frames{T: 1, H: video.H, W: video.W, Pix: video.Frame(0)}

	got := apply(data.Resize(video, 20, 20), Operations{{"Rotate", -13.5, Bicubic}, {"Color", 1.5, Bicubic}},
		Resized{data.Box{X: 5, Y: 2, W: 11, H: 13}, 16, 16, TensorBilinear}, Mirror{},
		Erased{Box: data.Box{X: 1, Y: 9, W: 6, H: 4}, Fill: Noise, Noise: want.Noise})
	require.InDeltaSlice(t, want.FinetunedVideo, normalised(got), 2e-6)

	got = apply(video, Cut{X: 3, Y: 0, W: 16, H: 16}, Resized{data.Box{W: 16, H: 16}, 19, 19, TensorBilinear},
		Resized{data.Box{X: 4, Y: 1, W: 14, H: 11}, 16, 16, TensorBilinear})
	require.InDeltaSlice(t, want.PretrainedVideo, got.Floats, 3e-7)

	got = apply(data.Resize(image, 19, 19), Cut{X: 2, Y: 1, W: 16, H: 16}, Mirror{},
		Operations{{"ShearY", 0.2, Bilinear}, {"Equalize", 0, Bilinear}}, Erased{Box: data.Box{X: 5, Y: 3, W: 4, H: 7}, Fill: Zero})
	require.Len(t, got.Bytes, 16*16*3)
	require.InDeltaSlice(t, want.FinetunedImage, got.Planar(), 1e-7)

	got = apply(image, Resized{data.Box{X: 4, Y: 3, W: 26, H: 22}, 16, 16, Bicubic}, Mirror{})
	require.Len(t, got.Bytes, 16*16*3)
	require.InDeltaSlice(t, want.PretrainedImage, got.Planar(), 1e-7)
}
