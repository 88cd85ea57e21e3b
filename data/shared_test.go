package data

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// shared is the folder of real faces beside the repository; the test is skipped where it is absent.
func shared(t *testing.T, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "shared", "data", filepath.FromSlash(path))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: this test reads real images and videos kept beside the repository", path)
	}
	return path
}

func TestLondonLists(t *testing.T) {
	root := shared(t, "london")
	list := func(name string) string { return filepath.Join(root, "annotation", name) }
	counts := func(d *Dataset) map[int]int {
		n := map[int]int{}
		for i := range d.Items {
			n[d.Items[i].Label]++
		}
		return n
	}
	for _, half := range []string{"train", "test"} {
		static, err := readList(list("static_"+half+".txt"), root, Image, true)
		require.NoError(t, err)
		require.Equal(t, counts(static)[0], counts(static)[1])
		sample, err := static.Items[len(static.Items)-1].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, [3]int{1, 160, 160}, [3]int{f.T, f.H, f.W})

		dynamic, err := readList(list("dynamic_"+half+".csv"), filepath.Join(root, "clips"), Video, true)
		require.NoError(t, err)
		require.Equal(t, counts(dynamic)[0], counts(dynamic)[2])
		sample, err = dynamic.Items[0].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 20, sample.Len())
		f, err = sample.Read(t.Context(), Windows(sample.Len(), 16, 1, 2)[1].Indices(16))
		require.NoError(t, err)
		require.Equal(t, [3]int{16, 112, 112}, [3]int{f.T, f.H, f.W})
	}
	wrong, err := readList(list("dynamic_test.csv"), root, Video, true)
	require.NoError(t, err)
	_, err = (&Skips{Limit: 9}).Check(t.Context(), Sets{Video: wrong}, func(int, int) {})
	require.ErrorContains(t, err, "is "+root+" the folder that the list's names are relative to?")
}

func TestRealVideos(t *testing.T) {
	frames := map[string]int{
		"clips_unlabelled/face-demographics-walking.gif":       35,
		"clips_unlabelled/head-pose-face-detection-female.gif": 23,
		"h264/single_face.mp4":                                 72,
		"cremad/1001_DFA_ANG_XX.flv":                           67,
	}
	for path, n := range frames {
		t.Run(filepath.Base(path), func(t *testing.T) {
			path := shared(t, path)
			if filepath.Ext(path) != ".gif" {
				if _, err := exec.LookPath("ffmpeg"); err != nil {
					t.Skip("no ffmpeg on the PATH")
				}
			}
			sample, m, err := Open(t.Context(), path, OpenOptions{H: 64, W: 64})
			require.NoError(t, err)
			require.Equal(t, Video, m)
			require.Equal(t, n, sample.Len())
			f, err := sample.Read(t.Context(), []int{0, n - 1})
			require.NoError(t, err)
			require.NotEqual(t, f.Frame(0), f.Frame(1), "the video moves")
		})
	}
}
