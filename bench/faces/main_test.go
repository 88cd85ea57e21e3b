package main

import (
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// As many images of each class as asked for, of many sizes, some of them grey, in either format.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "faces")
	require.NoError(t, run([]string{dir, "3", "7", "0", "1", "2", "9", "3", "4"}))
	d, err := data.OpenLists(data.Lists{StaticList: filepath.Join(dir, "list.txt"), StaticRoot: dir})
	require.NoError(t, err)
	counts := make([]int, 7)
	forms, sizes, grey := map[string]int{}, map[image.Point]bool{}, 0
	for _, item := range d.Image.Items {
		counts[item.Label]++
		file, err := os.Open(filepath.Join(dir, item.Name))
		require.NoError(t, err)
		config, form, err := image.DecodeConfig(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.True(t, strings.HasSuffix(item.Name, map[string]string{"jpeg": ".jpg", "png": ".png"}[form]))
		forms[form]++
		sizes[image.Pt(config.Width, config.Height)] = true
		if m, err := data.OpenImage(t.Context(), filepath.Join(dir, item.Name), data.OpenOptions{}); err == nil && colourless(m.Pix) {
			grey++
		}
	}
	require.Equal(t, []int{7, 0, 1, 2, 9, 3, 4}, counts)
	require.Equal(t, map[string]int{"jpeg": 13, "png": 13}, forms)
	require.Greater(t, len(sizes), 20)
	require.Greater(t, grey, 4)
	require.Less(t, grey, 16)
}

func colourless(pix []uint8) bool {
	for i := 0; i < len(pix); i += 3 {
		if pix[i] != pix[i+1] || pix[i] != pix[i+2] {
			return false
		}
	}
	return true
}

// A set has the same images again, each of another person who shows its class, and another seed has other ones.
func TestDraw(t *testing.T) {
	counts := []int{2, 0, 3, 1, 0, 0, 2}
	a, again, other := newFaces(5, counts), newFaces(5, counts), newFaces(6, counts)
	require.NotEqual(t, []int{0, 0, 2, 2, 2, 3, 6, 6}, a.labels, "mixed")
	require.ElementsMatch(t, []int{0, 0, 2, 2, 2, 3, 6, 6}, a.labels)
	people := map[string]bool{}
	for i := range a.labels {
		item := a.item(i, a.sets[0])
		require.Equal(t, a.labels[i], item.Label)
		people[item.Name] = true
		m, err := a.draw(t.Context(), i)
		require.NoError(t, err)
		same, err := again.draw(t.Context(), i)
		require.NoError(t, err)
		require.Equal(t, m, same)
		different, err := other.draw(t.Context(), i)
		require.NoError(t, err)
		require.NotEqual(t, m, different)
	}
	require.Len(t, people, len(a.labels))
}

func TestUsage(t *testing.T) {
	require.EqualError(t, run([]string{"dir", "1", "2"}), "usage: faces DIR SEED COUNT…, with 7 counts")
	require.ErrorContains(t, run([]string{"dir", "1", "2", "3", "x", "5", "6", "7", "8"}), `parsing "x": invalid syntax`)
}
