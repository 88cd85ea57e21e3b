package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/modelfile"
)

// croppedList is faceList of pictures in a folder that says how they were cut out, unless crop is "".
func croppedList(t *testing.T, crop string) (l data.Lists, dir string) {
	l, dir = faceList(t, 4), t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "images"), os.DirFS(l.StaticRoot)))
	if crop != "" {
		text := `{"format": "mien-crops-1", "crop": "` + crop + `"}`
		require.NoError(t, os.WriteFile(filepath.Join(dir, data.CropsFile), []byte(text), 0o666))
	}
	l.StaticRoot, l.DynamicRoot = filepath.Join(dir, "images"), filepath.Join(dir, "images")
	return l, dir
}

// cropOf is data.crop of a run's model.
func cropOf(t *testing.T, o Options) string {
	trained(t, o)
	f, err := modelfile.Open(o.Out)
	require.NoError(t, err)
	defer f.Close()
	d, err := modelfile.Describe(f)
	require.NoError(t, err)
	return d.Recipe.Data.Crop
}

// A model keeps how the pictures that it learned from were cut out, and a run goes on with that.
func TestCropOfLists(t *testing.T) {
	o := options(t, toy(t, "image-tiny"))
	o.Recipe.Model.Tubelet, o.Recipe.Model.VideoClasses, o.Recipe.Data.DrawnVideos = 1, 0, 0
	lists, _ := croppedList(t, "five-point")
	o.Train.StaticList, o.Train.StaticRoot = lists.StaticList, lists.StaticRoot
	require.Equal(t, "five-point", cropOf(t, o))
	o.Resume = true
	require.Equal(t, "five-point", cropOf(t, o))

	for want, change := range map[string]func(*Options){
		"":             func(o *Options) { o.Train = data.Lists{} },
		"box-rotation": func(o *Options) { o.Train, o.Recipe.Data.Crop = data.Lists{}, "box-rotation" },
		"eyes-nose": func(o *Options) { // as the list says that the run is measured on
			unknown, _ := croppedList(t, "")
			known, _ := croppedList(t, "eyes-nose")
			o.Train.StaticRoot, o.Validation = unknown.StaticRoot, data.Lists{StaticList: known.StaticList, StaticRoot: known.StaticRoot}
		},
		"none": func(o *Options) {
			unknown, _ := croppedList(t, "")
			o.Train.StaticRoot, o.Recipe.Data.Crop = unknown.StaticRoot, "none"
		},
	} {
		o := o
		o.Out, o.Resume = filepath.Join(t.TempDir(), "run"), false
		change(&o)
		require.Equal(t, want, cropOf(t, o))
	}
}

// A run on faces that are cut out in two ways, or in another than its recipe says, does not begin.
func TestCropsThatDiffer(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	five, dir := croppedList(t, "five-point")
	eyes, other := croppedList(t, "eyes-nose")
	o.Train = five
	o.Train.DynamicRoot = eyes.DynamicRoot
	two := "faces are cut out in two ways: " + filepath.Join(dir, "crops.json") + " says five-point, and " + filepath.Join(other, "crops.json") +
		" eyes-nose: cut all alike with `mien prepare`"
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, two)
	require.EqualError(t, Check(t.Context(), o, false), two)

	o.Train, o.Recipe.Data.Crop = five, "eyes-nose"
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, "data.crop of recipe s4d-tiny is eyes-nose, and the faces of the lists are cut out by five-point, as "+
		filepath.Join(dir, "crops.json")+" says: cut them out again with `mien prepare --crop eyes-nose`, or leave data.crop out")
	o.Train, o.Validation, o.Recipe.Data.Crop = five, eyes, ""
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "faces are cut out in two ways")
	require.NoDirExists(t, o.Out)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "crops.json"), []byte(`{"format": "mien-crops-9"}`), 0o666))
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "this version of mien reads mien-crops-1")
}
