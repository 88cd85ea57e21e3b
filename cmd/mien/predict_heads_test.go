package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/system"
)

// headed is a model of which only the numbers of classes are known.
type headed struct {
	system.Classifier
	image, video int
}

func (h headed) Classes(m data.Modality) int { return data.ByModality(m, h.image, h.video) }

// withHeads returns a model with so many classes, which are called 0, 1 and so on.
func withHeads(image, video int) *infer.Model {
	labels := map[data.Modality][]string{data.Image: data.Unnamed(image), data.Video: data.Unnamed(video)}
	return &infer.Model{Description: modelfile.Description{Labels: labels}, Net: headed{image: image, video: video}}
}

// --labels renames the head with as many classes, and --head chooses of two, never one with another number of them.
func TestRename(t *testing.T) {
	three, five := []string{"a", "b", "c"}, []string{"v", "w", "x", "y", "z"}
	for _, c := range []struct {
		image, video int
		labels       []string
		head         string
		renamed      data.Modality
		want         string
	}{
		{3, 5, three, "", data.Image, ""},
		{3, 5, five, "", data.Video, ""},
		{5, 3, five, "image", data.Image, ""},
		{5, 3, three, "video", data.Video, ""},
		{3, 3, three, "image", data.Image, ""},
		{3, 3, three, "video", data.Video, ""},
		{0, 3, three, "", data.Video, ""},
		{3, 5, three, "video", "", "--labels names 3 classes: the model's heads have 3 (image) and 5 (video)"},
		{3, 5, five, "image", "", "--labels names 5 classes: the model's heads have 3 (image) and 5 (video)"},
		{4, 7, three, "", "", "--labels names 3 classes: the model's heads have 4 (image) and 7 (video)"},
		{3, 3, three, "", "", "--labels names 3 classes, and both heads have as many: say which one with --head image or --head video"},
		{3, 5, nil, "image", "", "--head says which head --labels is for: give --labels, too"},
		{3, 5, nil, "", "", ""},
	} {
		name := fmt.Sprintf("%+v", c)
		m, want := withHeads(c.image, c.video), withHeads(c.image, c.video).Labels
		err := (&predictCmd{Labels: c.labels, Head: c.head}).rename(m)
		if c.want == "" {
			require.NoError(t, err, name)
		} else {
			require.EqualError(t, err, c.want, name)
		}
		if c.renamed != "" {
			want[c.renamed] = c.labels
		}
		require.Equal(t, want, m.Labels, name)
	}
}

// --top is at most as many as the larger head has classes, whichever it is. Without it, JSON has no list of them, and a table one.
func TestTopOfTheLargerHead(t *testing.T) {
	for _, m := range []*infer.Model{withHeads(3, 5), withHeads(5, 3), withHeads(5, 0), withHeads(0, 5)} {
		for _, c := range []struct {
			top   *uint
			json  int
			table int
		}{{nil, 0, 1}, {new(uint(1)), 1, 1}, {new(uint(4)), 4, 4}, {new(uint(5)), 5, 5}, {new(uint(6)), 5, 5}} {
			got, err := (&predictCmd{JSON: true, Top: c.top}).results(io.Discard, m, nil, nil)
			require.NoError(t, err)
			require.Equal(t, allResults{&jsonResults{json.NewEncoder(io.Discard), c.json}}, got)
			files := &partFiles{}
			got, err = (&predictCmd{CSV: filepath.Join(t.TempDir(), "x"), Top: c.top}).results(io.Discard, m, nil, files)
			require.NoError(t, err)
			require.Equal(t, allResults{newTableResults(io.Discard, c.table, m, nil), &csvResults{w: files.all[0], top: c.table}}, got)
		}
	}
}
