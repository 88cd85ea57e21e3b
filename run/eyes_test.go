package run

import (
	"math/cmplx"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
)

// landmarksOf returns those that a network finds in the aligned face of a picture.
func landmarksOf(t *testing.T, l *Locator, d *face.Detector, f *data.Frames) data.Landmarks {
	a, err := l.Align(f, d, l.size)
	require.NoError(t, err)
	found, err := l.mean(a.Frames(f))
	require.NoError(t, err)
	return a.Back(found)
}

// apart is how far the eyes of a crop are from those of another, as a share of their distance in that.
func apart(got, want data.Placement) float64 {
	left, right := want.At(0.295, 0.31), want.At(0.705, 0.31)
	return max(cmplx.Abs(got.At(0.295, 0.31)-left), cmplx.Abs(got.At(0.705, 0.31)-right)) / cmplx.Abs(right-left)
}

// Eyes that are aligned by what package face finds are near those that MobileFaceNet's landmarks align, in the portraits of all sitters of the
// London set. The landmarks are the mean of those in a picture and in its mirror image, as they are 2.5 % to one side in each. Places were
// measured, and eyes learned, on the sitters for training; the others are for test. Package face compares with eyes that were annotated.
func TestEyesOfSitters(t *testing.T) {
	const set = "../../shared/data/london/"
	files, err := filepath.Glob(set + "portraits/*/*.jpg")
	require.NoError(t, err)
	if len(files) == 0 || testing.Short() {
		t.Skip("no portraits beside this repository, or -short")
	}
	held, err := os.ReadFile(set + "annotation/static_test.txt")
	require.NoError(t, err)
	l, d := publishedNet(t), detector(t)
	first, closer := map[bool][]float64{}, map[bool][]float64{}
	for _, file := range files {
		f, err := data.OpenImage(t.Context(), file, data.OpenOptions{})
		require.NoError(t, err)
		mirror := f.Clone()
		data.Mirror(mirror)
		want, err := data.NewAlignment(data.MeanLandmarks([]data.Landmarks{landmarksOf(t, l, d, f), landmarksOf(t, l, d, mirror).Mirrored()}), f.H, f.W, 112)
		require.NoError(t, err)
		found, err := d.Detect(f, face.DefaultOptions)
		require.NoError(t, err)
		again, err := d.Closer(f, found[0][0])
		require.NoError(t, err)
		test := strings.Contains(string(held), filepath.Base(file))
		for all, one := range map[*map[bool][]float64]face.Face{&first: found[0][0], &closer: again} {
			got, err := face.Drawn.Place(one, f.H, f.W)
			require.NoError(t, err)
			(*all)[test] = append((*all)[test], 100*apart(got, want.Placement))
		}
	}
	for name, c := range map[string]struct {
		all                []float64
		n                  int
		median, of95, most float64
	}{
		"first, training": {first[false], 128, 5.8, 11.7, 13.9}, "first, test": {first[true], 32, 5.1, 10, 12.9},
		"closer, training": {closer[false], 128, 2.1, 3.7, 4.4}, "closer, test": {closer[true], 32, 2, 3.8, 6.6},
	} {
		slices.Sort(c.all)
		require.Len(t, c.all, c.n, name)
		at := func(share float64) float64 { return c.all[int(share*float64(c.n-1)+0.5)] }
		t.Logf("%s: median %.1f %%, 95 of 100 within %.1f %%, all within %.1f %%", name, at(0.5), at(0.95), at(1))
		require.LessOrEqual(t, at(0.5), c.median, name)
		require.LessOrEqual(t, at(0.95), c.of95, name)
		require.LessOrEqual(t, at(1), c.most, name)
	}
}
