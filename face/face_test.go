package face

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
)

func own(t testing.TB) *Detector {
	d, err := New(cpu.New())
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// picture reads one of testdata.
func picture(t testing.TB, name string) *data.Frames {
	f, err := data.OpenImage(t.Context(), "testdata/"+name+".png", data.OpenOptions{})
	require.NoError(t, err)
	return f
}

// pictures are the names of all in testdata.
func pictures(t testing.TB) (names []string) {
	files, err := filepath.Glob("testdata/*.png")
	require.NoError(t, err)
	require.Len(t, files, 10)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".png"))
	}
	return names
}

// What cells say is what OpenCV computes, of pictures whose sides are no multiples of 32.
func TestGolden(t *testing.T) {
	want := golden.Open(t, "yunet.safetensors")
	golden.EachKernels(t, func(t *testing.T) {
		d := own(t)
		for _, name := range pictures(t) {
			tape := ag.NewInferenceTape(d.backend, engine.Full)
			f := picture(t, name)
			for level, cells := range d.cells(tape, f) {
				values, shape := want.Values(name + "." + []string{"8", "16", "32"}[level])
				require.Equal(t, append([]int{1, 1}, shape...), cells.Shape())
				got, err := engine.Read[float32](cells.Data())
				require.NoError(t, err)
				for i, v := range got {
					if at := i % perCell; at == class || at == object {
						got[i] = float32(sigmoid(v))
					}
				}
				require.InDeltaSlice(t, values, got, 1e-3, name)
			}
			tape.Close()
		}
	})
}

// The faces are those of OpenCV's numbers, decoded by NumPy: boxes, points and scores.
func TestGoldenFaces(t *testing.T) {
	want, d, counts := golden.Open(t, "yunet.safetensors"), own(t), map[string]int{}
	for _, name := range pictures(t) {
		found, err := d.Detect(picture(t, name), DefaultOptions)
		require.NoError(t, err)
		require.Len(t, found, 1)
		var got []float32
		for _, f := range found[0] {
			counts[name]++
			row := []float64{f.X, f.Y, f.Width, f.Height}
			for _, p := range f.Points {
				row = append(row, p.X, p.Y)
			}
			for _, v := range append(row, f.Score) {
				got = append(got, float32(v))
			}
		}
		values, _ := want.Values(name + ".faces")
		require.Len(t, got, len(values), name)
		if len(got) > 0 {
			require.InDeltaSlice(t, values, got, 0.01, name)
		}
	}
	require.Equal(t, map[string]int{"classroom": 4, "fills": 1, "grey": 1, "portrait": 1, "small": 1, "two": 1, "walking": 1}, counts)
}

// Frames of a batch are looked at each by itself.
func TestBatch(t *testing.T) {
	d, one := own(t), picture(t, "classroom")
	turned := one.Clone()
	data.Mirror(turned)
	frames := data.NewFrames(30, one.H, one.W) // more than are looked at together
	require.Greater(t, 30*one.H*one.W, maxPixels)
	for i := range 30 {
		copy(frames.Frame(i), []*data.Frames{one, turned, data.NewFrames(1, one.H, one.W)}[i%3].Pix)
	}
	found, err := d.Detect(frames, DefaultOptions)
	require.NoError(t, err)
	require.Len(t, found, 30)
	for i, want := range []*data.Frames{one, turned} {
		alone, err := d.Detect(want, DefaultOptions)
		require.NoError(t, err)
		require.Len(t, alone[0], 4)
		require.Equal(t, alone[0], found[i])
		require.Equal(t, alone[0], found[27+i])
	}
	require.Empty(t, found[29])
}

// A large picture is reduced, and boxes are in its own pixels; a face that is too small is found in an enlarged one.
func TestSizes(t *testing.T) {
	d, small := own(t), picture(t, "portrait")
	detect := func(f *data.Frames, change func(o *Options)) []Face {
		opt := DefaultOptions
		change(&opt)
		found, err := d.Detect(f, opt)
		require.NoError(t, err)
		return found[0]
	}
	asItIs := detect(small, func(*Options) {})
	require.Len(t, asItIs, 1)
	wide := detect(data.Resize(picture(t, "two"), 560, 1000), func(o *Options) { o.Longest = 200 })
	require.Len(t, wide, 1)
	near(t, detect(picture(t, "two"), func(*Options) {})[0], wide[0], 5, 5, 5)
	large := detect(data.Resize(small, 3000, 3000), func(*Options) {})
	require.Len(t, large, 1)
	near(t, detect(data.Resize(small, 640, 640), func(*Options) {})[0], large[0], 3000./640, 3000./640, 9)
	tiny := data.Resize(small, 36, 36) // its face is 12 pixels wide
	require.Empty(t, detect(tiny, func(*Options) {}))
	enlarged := detect(tiny, func(o *Options) { o.Least = 12 })
	require.Len(t, enlarged, 1)
	near(t, asItIs[0], enlarged[0], 0.36, 0.36, 1)
	require.Empty(t, detect(small, func(o *Options) { o.Least = 60 }), "seen at 30 pixels")
	require.Empty(t, detect(tiny, func(o *Options) { o.Least, o.Longest = 12, 36 }))
}

func TestStretch(t *testing.T) {
	f := Face{Box: Box{1, 2, 3, 4}, Score: 5, Points: [5]Point{{6, 7}}}
	f.stretch(2, 10)
	require.Equal(t, Face{Box: Box{2, 20, 6, 40}, Score: 5, Points: [5]Point{{12, 70}}}, f)
}

// near compares a face with one in a picture of another size.
func near(t *testing.T, one, other Face, x, y, pixels float64) {
	t.Helper()
	one.stretch(x, y)
	require.InDelta(t, one.X, other.X, pixels)
	require.InDelta(t, one.Y, other.Y, pixels)
	require.InDelta(t, one.Width, other.Width, 2*pixels)
	require.InDelta(t, one.Height, other.Height, 2*pixels)
	for i, p := range one.Points {
		require.Less(t, math.Hypot(p.X-other.Points[i].X, p.Y-other.Points[i].Y), 2*pixels)
	}
}

// The left eye is the one at the left of the picture, and the mouth is below the nose.
func TestPoints(t *testing.T) {
	for _, name := range []string{"portrait", "fills"} {
		found, err := own(t).Detect(picture(t, name), DefaultOptions)
		require.NoError(t, err)
		p := found[0][0].Points
		require.Less(t, p[LeftEye].X, p[Nose].X)
		require.Less(t, p[Nose].X, p[RightEye].X)
		require.Less(t, p[LeftMouth].X, p[RightMouth].X)
		require.Less(t, max(p[LeftEye].Y, p[RightEye].Y), p[Nose].Y)
		require.Less(t, p[Nose].Y, min(p[LeftMouth].Y, p[RightMouth].Y))
	}
}

// Score and Most choose among faces, and scores fall.
func TestChoice(t *testing.T) {
	d, opt := own(t), DefaultOptions
	all, err := d.Detect(picture(t, "classroom"), opt)
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(all[0], func(a, b Face) int { return int(math.Copysign(1, b.Score-a.Score)) }))
	opt.Most = 2
	two, err := d.Detect(picture(t, "classroom"), opt)
	require.NoError(t, err)
	require.Equal(t, all[0][:2], two[0])
	opt.Most, opt.Score = 100, all[0][2].Score
	three, err := d.Detect(picture(t, "classroom"), opt)
	require.NoError(t, err)
	require.Equal(t, all[0][:3], three[0])
}

// BenchmarkDetect times a picture on one core and on all.
func BenchmarkDetect(b *testing.B) {
	d := own(b)
	for name, size := range map[string][2]int{"320x240": {240, 320}, "640x480": {480, 640}} {
		f := data.Resize(picture(b, "classroom"), size[0], size[1])
		b.Run("size="+name, func(b *testing.B) {
			for b.Loop() {
				d.Detect(f, DefaultOptions)
			}
		})
	}
}
