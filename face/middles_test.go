package face

import (
	"math/cmplx"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/internal/annotated"
)

// A move is made where corners are narrow, in part where they are wider, and never farther than the bound.
func TestBelieved(t *testing.T) {
	for _, c := range []struct {
		move, want complex128
		spread     float64
	}{
		{3 + 4i, 3 + 4i, 0}, {3 + 4i, 3 + 4i, sharp}, {3 + 4i, 1.5 + 2i, (sharp + vague) / 2}, {3 + 4i, 0, vague}, {3 + 4i, 0, 1},
		{30 + 40i, 6 + 8i, 0}, {30 + 40i, 3 + 4i, (sharp + vague) / 2}, {0, 0, 0},
	} {
		require.InDelta(t, 0, cmplx.Abs(believed(c.move, 10, c.spread)-c.want), 1e-9, "%v", c)
	}
}

// Eyes are where package eyes finds them, up to the bound, and where they are in the mean if they are covered or too near each other.
func TestMiddles(t *testing.T) {
	d, f := own(t), picture(t, "portrait")
	first := best(t, f)
	got, err := d.middles(f, first, outwardCloser)
	require.NoError(t, err)
	require.True(t, got.Middle)
	require.Equal(t, first.Points[Nose:], got.Points[Nose:])
	left, right := first.Points[LeftEye].z(), first.Points[RightEye].z()
	apart := right - left
	mean := [...]complex128{left - outwardCloser*apart, right + cmplx.Conj(outwardCloser)*apart}
	for i, z := range mean {
		require.NotEqual(t, z, got.Points[i].z())
		inwards := (z - first.Points[i].z()) / apart
		require.Positive(t, imag(inwards), "YuNet sees eyes too high")
		require.Positive(t, real(inwards)*float64(1-2*i), "and too far apart")
		require.LessOrEqual(t, cmplx.Abs(got.Points[i].z()-z), bound*cmplx.Abs(apart)+1e-9)
	}
	blank := data.NewFrames(1, f.H, f.W)
	got, err = d.middles(blank, first, outwardCloser)
	require.NoError(t, err)
	for i, z := range mean {
		require.InDelta(t, 0, cmplx.Abs(got.Points[i].z()-z), 1e-9)
	}
	small := first
	for i := range small.Points {
		small.Points[i].X /= cmplx.Abs(apart) / (leastApart - 0.1)
		small.Points[i].Y /= cmplx.Abs(apart) / (leastApart - 0.1)
	}
	got, err = d.middles(f, small, outwardCloser)
	require.NoError(t, err)
	require.True(t, got.Middle)
	require.InDelta(t, 0, cmplx.Abs(got.Points[LeftEye].z()-mean[0]*complex((leastApart-0.1)/cmplx.Abs(apart), 0)), 1e-9)
}

// What YuNet sees outward of the middles of eyes is what it sees in the mean in the portraits of the sitters for training, and drawnAt has these
// middles where they are in the mean in faces that are aligned by its first look.
func TestOutward(t *testing.T) {
	portraits, test := londonPortraits(t)
	d, n := own(t), 0.
	var first, closer, at complex128
	for _, e := range portraits {
		if test(e) {
			continue
		}
		f, err := data.OpenImage(t.Context(), shared+"london/"+e.Picture, data.OpenOptions{})
		require.NoError(t, err)
		once := best(t, f)
		again, found, err := d.again(f, once)
		require.NoError(t, err)
		require.True(t, found)
		p, err := Drawn.Place(once, f.H, f.W)
		require.NoError(t, err)
		left, right := e.Middles()
		at += (p.Within(left) + 1 - cmplx.Conj(p.Within(right))) / 2
		first, closer, n = first+outward(e, once), closer+outward(e, again), n+1
	}
	require.EqualValues(t, 128, n)
	t.Logf("first look %.4f, second %.4f; the left eye of aligned faces at %.4f", first/complex(n, 0), closer/complex(n, 0), at/complex(n, 0))
	require.InDelta(t, 0, cmplx.Abs(at/complex(n, 0)-complex(drawnAt[LeftEye].X, drawnAt[LeftEye].Y)), 1e-3)
	require.InDelta(t, 0, cmplx.Abs(first/complex(n, 0)-outwardFirst), 1e-4)
	require.InDelta(t, 0, cmplx.Abs(closer/complex(n, 0)-outwardCloser), 1e-4)
}

// outward is where a face has its eyes, from their annotated middles, as a share of the distance between its own: the mean of the left eye and
// of the right one in a mirror.
func outward(e annotated.Eyes, f Face) complex128 {
	at, left, right := middlesOf(e), f.Points[LeftEye].z(), f.Points[RightEye].z()
	apart := right - left
	return ((left-at[LeftEye])/apart - cmplx.Conj((right-at[RightEye])/apart)) / 2
}

// londonPortraits returns those of all sitters, and tells which are for test.
func londonPortraits(t *testing.T) (portraits []annotated.Eyes, test func(annotated.Eyes) bool) {
	if files, _ := filepath.Glob(shared + "london/portraits/*/*.jpg"); len(files) == 0 || testing.Short() {
		t.Skip("no portraits beside this repository, or -short")
	}
	held, err := os.ReadFile(shared + "london/annotation/static_test.txt")
	require.NoError(t, err)
	learned, err := os.ReadFile(shared + "london/annotation/static_train.txt")
	require.NoError(t, err)
	portraits, err = annotated.Portraits()
	require.NoError(t, err)
	in := func(list []byte, e annotated.Eyes) bool { return strings.Contains(string(list), "/"+e.Sitter()+" ") }
	for _, e := range portraits {
		require.NotEqual(t, in(held, e), in(learned, e), "%s is of a sitter for training or for test", e.Picture)
	}
	return portraits, func(e annotated.Eyes) bool { return in(held, e) }
}

// The middles of eyes are near those that were annotated, in the portraits of all sitters of the London set, and so are those of aligned
// faces where they would be if they were aligned by the annotations. The network has learned from the sitters for training, the others are
// for test. Of a portrait the worse eye counts, in percent of the distance between the eyes.
func TestEyesOfSitters(t *testing.T) {
	portraits, isTest := londonPortraits(t)
	d, found, aligned, first := own(t), map[bool][]float64{}, map[bool][]float64{}, map[bool][]float64{}
	for _, e := range portraits {
		f, err := data.OpenImage(t.Context(), shared+"london/"+e.Picture, data.OpenOptions{})
		require.NoError(t, err)
		once := best(t, f)
		got, err := d.Closer(f, once)
		require.NoError(t, err)
		once, err = d.Eyes(f, once)
		require.NoError(t, err)
		test := isTest(e)
		found[test] = append(found[test], worse(e, got.Points[LeftEye].z(), got.Points[RightEye].z(), middlesOf(e)))
		aligned[test] = append(aligned[test], misaligned(t, e, got))
		first[test] = append(first[test], misaligned(t, e, once))
	}
	for name, c := range map[string]struct {
		off                      []float64
		n                        int
		mean, median, of95, most float64
	}{
		"found, training": {found[false], 128, 1, 0.9, 1.7, 2.4}, "found, test": {found[true], 32, 1.6, 1.6, 2.6, 2.8},
		"aligned, training": {aligned[false], 128, 0.8, 0.7, 1.3, 1.7}, "aligned, test": {aligned[true], 32, 1.2, 1.1, 2, 2.5},
		"first look, training": {first[false], 128, 0.8, 0.7, 1.4, 2.2}, "first look, test": {first[true], 32, 1.2, 1.2, 2, 2.3},
	} {
		slices.Sort(c.off)
		require.Len(t, c.off, c.n, name)
		mean, within := 0., 0
		for _, v := range c.off {
			mean += v / float64(c.n)
			if v <= 3 {
				within++
			}
		}
		at := func(share float64) float64 { return c.off[int(share*float64(c.n-1)+0.5)] }
		t.Logf("%s: mean %.2f %%, median %.2f %%, 95 of 100 within %.2f %%, all within %.2f %%; %d of %d within 3 %%",
			name, mean, at(0.5), at(0.95), at(1), within, c.n)
		require.LessOrEqual(t, mean, c.mean, name)
		require.LessOrEqual(t, at(0.5), c.median, name)
		require.LessOrEqual(t, at(0.95), c.of95, name)
		require.LessOrEqual(t, at(1), c.most, name)
	}
}

// misaligned is how far the worse eye of an aligned face is from where alignment by the annotations has it.
func misaligned(t *testing.T, e annotated.Eyes, got Face) float64 {
	want := got
	for i, z := range middlesOf(e) {
		want.Points[i] = Point{real(z), imag(z)}
	}
	here, err := Drawn.Place(got, 448, 448) // of any picture
	require.NoError(t, err)
	there, err := Drawn.Place(want, 448, 448)
	require.NoError(t, err)
	left, right := drawnAt[LeftEye], drawnAt[RightEye]
	return worse(e, here.At(left.X, left.Y), here.At(right.X, right.Y), [2]complex128{there.At(left.X, left.Y), there.At(right.X, right.Y)})
}

func middlesOf(e annotated.Eyes) (at [2]complex128) {
	at[LeftEye], at[RightEye] = e.Middles()
	return at
}

// worse is how far the worse of two eyes is from where it should be, in percent of the distance between the annotated eyes.
func worse(e annotated.Eyes, left, right complex128, want [2]complex128) float64 {
	return 100 * max(cmplx.Abs(left-want[LeftEye]), cmplx.Abs(right-want[RightEye])) / e.Apart()
}
