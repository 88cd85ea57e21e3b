package run

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/engine/cpu"
	"mien/infer"
	"mien/mae"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/recipe"
	"mien/s4d"
	"mien/vit"
)

// A label without a class is reported once, even if warm-up and main part have the same sets.
func TestLabelsAreCheckedOnce(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	require.Positive(t, r.Data.DrawnImages)
	r.Model.ImageClasses = 2
	_, err = TrainingSets(r, &s4d.System, data.Lists{})
	require.ErrorContains(t, err, "head has classes 0 to 1")
	require.NotContains(t, err.Error(), "\n")
}

// A warm-up uses only drawn faces, in epochs of the usual length, and ends after the given number of epochs.
func TestDrawnEpochs(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.DrawnEpochs, r.Data.DrawnImages, r.Data.DrawnVideos = 1, 32, 8
	few := drawn.Images(5, 32, 36)
	warm := data.Sets{Image: few, Video: drawn.Videos(5, 8, drawnFrames, 36)}
	all := data.Sets{Image: data.Join(data.Repeat(drawn.Images(6, 32, 36), 3), few), Video: warm.Video}
	p, err := newPlan(r, Training{Main: all, Warm: warm})
	require.NoError(t, err)
	require.Equal(t, 128/r.Train.ImageBatch, p.images)
	for epoch, largest := range []int{31, 127} {
		samples := p.draw(data.Image, p.images*r.Train.ImageBatch, epoch)
		require.Len(t, samples, 128)
		top := 0
		for _, i := range samples {
			top = max(top, i)
		}
		require.Equal(t, largest, top, "epoch %d", epoch)
	}
	require.Equal(t, all.Image.Items[33].Label, all.Image.Items[1].Label, "a repeated sample keeps its label")
	require.Equal(t, all.Image.Items[96].Name, few.Items[0].Name)
}

// videoList writes a list of one video, a folder of 20 frames.
func videoList(t *testing.T, header string) data.Lists {
	dir := t.TempDir()
	l := data.Lists{DynamicList: filepath.Join(dir, "list.csv"), DynamicRoot: dir}
	require.NoError(t, os.WriteFile(l.DynamicList, []byte(header+"\nvideo,0\n"), 0o644))
	face, err := os.ReadFile("../testdata/golden/face.png")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "video"), 0o755))
	for i := range 20 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "video", fmt.Sprintf("%02d.png", i)), face, 0o644))
	}
	return l
}

// expression is the expression in the name of a drawn face, "" for any other sample.
func expression(name string) string {
	_, of, _ := strings.Cut(name, "drawn/")
	return strings.ToLower(of[strings.LastIndex(of, "-")+1:])
}

// The header of a list determines the order of the classes; drawn videos follow it, whether before or beside the lists.
func TestClassOrderOfLists(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	for header, classes := range map[string][]string{"video_name,label": data.DFEW, "path,id": data.FERV39K, "video_name,labels": data.MAFW} {
		r.Model.VideoClasses = len(classes)
		for r.Train.DrawnEpochs = range 2 {
			sets, err := TrainingSets(r, &s4d.System, videoList(t, header))
			require.NoError(t, err)
			require.Equal(t, classes, sets.Labels[data.Video])
			require.Equal(t, data.AffectNet7, sets.Labels[data.Image])
			test, err := DrawnTest(modelfile.Description{Recipe: r, Labels: sets.Labels})
			require.NoError(t, err)
			seen := 0
			for _, s := range []data.Sets{sets.Main, sets.Warm, test} {
				for _, d := range s.All() {
					for i := range d.Items {
						if name := expression(d.Items[i].Name); name != "" {
							require.Equal(t, sets.Labels[d.Modality][d.Items[i].Label], name)
							seen++
						}
					}
				}
			}
			require.Equal(t, r.Data.DrawnImages+r.Data.DrawnVideos+2*r.Data.DrawnTest, seen)
		}
	}
}

// namedList is a list of images with names for labels.
func namedList(t *testing.T, classes ...string) data.Lists {
	l := faceList(t, 1)
	l.DynamicList = ""
	text := ""
	for _, class := range classes {
		text += "face.png " + class + "\n"
	}
	require.NoError(t, os.WriteFile(l.StaticList, []byte(text), 0o644))
	return l
}

// A list with other classes than the head says which key to set.
func TestClassesOfAnotherNumber(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Model.VideoClasses = 8
	l := videoList(t, "path,id")
	_, err = TrainingSets(r, &s4d.System, l)
	require.EqualError(t, err, l.DynamicList+" has 7 classes (anger, disgust, fear, happiness, neutral, sadness, surprise), "+
		"and the video head of recipe s4d-tiny has 8: set model.video_classes to 7")
	l = namedList(t, "tired", "awake")
	_, err = TrainingSets(r, &s4d.System, l)
	require.EqualError(t, err, l.StaticList+" has 2 classes (awake, tired), and the image head of recipe s4d-tiny has 7: "+
		"set model.image_classes to 2")
	_, err = TrainingSets(toy(t, "s4d-tiny-pretrain"), &mae.System, l)
	require.NoError(t, err, "pre-training has no classes")
}

// A list's own classes become those of the head. Drawn faces join it only where they show one of them.
func TestOwnClasses(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Model.ImageClasses = 3
	l := namedList(t, "tired", "sadness", "awake", "tired")
	sets, err := TrainingSets(r, &s4d.System, l)
	require.NoError(t, err)
	require.Equal(t, []string{"awake", "sadness", "tired"}, sets.Labels[data.Image])
	require.Equal(t, data.DFEW, sets.Labels[data.Video])
	var labels []int
	for _, item := range sets.Main.Image.Items {
		labels = append(labels, item.Label)
	}
	require.Equal(t, []int{2, 1, 0, 2, 1, 1}, labels, "of 12 drawn faces two are sad")

	l = namedList(t, "tired", "awake")
	r.Model.ImageClasses = 2
	_, err = TrainingSets(r, &s4d.System, l)
	require.EqualError(t, err, "drawn faces beside "+l.StaticList+": none of the 12 images is of a class that is asked for: "+
		"their classes are neutral, happiness, sadness, surprise, fear, disgust, anger; asked for are awake, tired: set data.drawn_images to 0")
	r.Data.DrawnImages = 0
	sets, err = TrainingSets(r, &s4d.System, l)
	require.NoError(t, err)
	require.Len(t, sets.Main.Image.Items, 2)

	r.Model.ImageClasses = 7 // known names take their places among those of the head
	sets, err = TrainingSets(r, &s4d.System, namedList(t, "anger", "Happiness"))
	require.NoError(t, err)
	require.Equal(t, data.AffectNet7, sets.Labels[data.Image])
	require.Equal(t, []int{6, 1}, []int{sets.Main.Image.Items[0].Label, sets.Main.Image.Items[1].Label})
}

// A list without names numbers the classes of a head of any size; drawn faces, which have names, keep their numbers beside it.
func TestDrawnFacesBesideNumbers(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Model.ImageClasses = 9
	sets, err := TrainingSets(r, &s4d.System, faceList(t, 3))
	require.NoError(t, err)
	require.Equal(t, data.Unnamed(9), sets.Labels[data.Image])
	var labels []int
	for _, item := range sets.Main.Image.Items {
		labels = append(labels, item.Label)
	}
	require.Equal(t, []int{0, 3, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4}, labels)
}

// Drawn faces of the warm-up are refused like those of the rest if the model has no class or no head for them.
func TestLabelsOfTheWarmUp(t *testing.T) {
	lists := faceList(t, 2)
	for epochs := range 2 {
		for m, l := range map[data.Modality]data.Lists{
			data.Image: {StaticList: lists.StaticList, StaticRoot: lists.StaticRoot},
			data.Video: {DynamicList: lists.DynamicList, DynamicRoot: lists.DynamicRoot},
		} {
			r, other := toy(t, "s4d-tiny"), data.ByModality(m, data.Video, data.Image)
			r.Train.DrawnEpochs = epochs
			*data.ByModality(other, &r.Model.ImageClasses, &r.Model.VideoClasses) = 6
			_, err := TrainingSets(r, &s4d.System, l)
			require.ErrorContains(t, err, "head has classes 0 to 5", other)

			r.System = "vit"
			r.Model.ImageClasses, r.Model.VideoClasses = data.ByModality(m, 7, 0), data.ByModality(m, 0, 7)
			_, err = TrainingSets(r, &vit.System, l)
			require.EqualError(t, err, fmt.Sprintf("recipe s4d-tiny has no head for %ss: leave them out, or set model.%s_classes", other, other))
		}
	}
}

// A list whose classes are among those of a larger head is put into the head's order.
func TestListOfFewerClasses(t *testing.T) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Model.VideoClasses = len(data.MAFW)
	for r.Train.DrawnEpochs = range 2 {
		sets, err := TrainingSets(r, &s4d.System, videoList(t, "video_name,label"))
		require.NoError(t, err)
		require.Equal(t, data.MAFW, sets.Labels[data.Video])
		require.Equal(t, "happiness", data.MAFW[sets.Main.Video.Items[0].Label])
	}
}

// Lists are joined with drawn faces, repeated as the recipe says, or follow them.
func TestTrainingSets(t *testing.T) {
	r := toy(t, "s4d-tiny")
	lists := faceList(t, 2)
	for repeat, times := range map[int]int{0: 1, 1: 1, 5: 5} {
		r.Data.ListRepeat, r.Train.DrawnEpochs = repeat, 0
		sets, err := TrainingSets(r, &s4d.System, lists)
		require.NoError(t, err)
		require.Equal(t, []int{2*times + 12, 2*times + 9}, []int{len(sets.Main.Image.Items), len(sets.Main.Video.Items)})
		require.Equal(t, "clip/000.png", sets.Main.Image.Items[2*times-2].Name)
		require.Contains(t, sets.Main.Image.Items[2*times].Name, "drawn/")
		require.Equal(t, "clip", sets.Main.Video.Items[2*times-1].Name)
		require.Contains(t, sets.Main.Video.Items[2*times].Name, "drawn/")

		r.Train.DrawnEpochs = 1
		sets, err = TrainingSets(r, &s4d.System, lists)
		require.NoError(t, err)
		require.Equal(t, []int{2 * times, 2 * times}, []int{len(sets.Main.Image.Items), len(sets.Main.Video.Items)})
		require.Equal(t, []int{12, 9}, []int{len(sets.Warm.Image.Items), len(sets.Warm.Video.Items)})
	}
	sets, err := TrainingSets(r, &s4d.System, data.Lists{})
	require.NoError(t, err)
	require.Equal(t, []int{12, 9}, []int{len(sets.Main.Image.Items), len(sets.Main.Video.Items)})
	require.Equal(t, sets.Main, sets.Warm)
	r.Data.DrawnImages, r.Data.DrawnVideos = 0, 0
	_, err = TrainingSets(r, &s4d.System, data.Lists{})
	require.EqualError(t, err, "nothing to learn from: give --static-list or --dynamic-list, or a recipe with drawn faces")
	r = toy(t, "landmarks-tiny")
	r.Data.DrawnImages, r.Data.DrawnVideos = 0, 0
	_, err = TrainingSets(r, &mobilefacenet.System, data.Lists{})
	require.EqualError(t, err, "nothing to learn from: landmarks are learned from drawn faces: set data.drawn_images or data.drawn_videos")
}

// Test faces are of people who are in no training set, as many as the recipe says for each head.
func TestDrawnTest(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Data.DrawnTest, r.Views.Image.Decode = 8, r.Model.ImageSize
	sets, err := TrainingSets(r, &s4d.System, data.Lists{})
	require.NoError(t, err)
	test, err := DrawnTest(modelfile.Description{Recipe: r, Labels: sets.Labels})
	require.NoError(t, err)
	require.Equal(t, []int{8, 8}, []int{len(test.Image.Items), len(test.Video.Items)})
	pixels := func(d *data.Dataset, i int) []uint8 {
		sample, err := d.Items[i].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		return f.Pix
	}
	for i := range 8 {
		require.NotEqual(t, pixels(sets.Main.Image, i), pixels(test.Image, i))
	}
	test, err = DrawnTest(modelfile.Description{Recipe: r, Labels: Labels{data.Image: data.AffectNet7}})
	require.NoError(t, err)
	require.Nil(t, test.Video, "the model has no head for them")
	r.Data.DrawnTest = 0
	_, err = DrawnTest(modelfile.Description{Recipe: r, Labels: sets.Labels})
	require.EqualError(t, err, "the model's recipe draws no faces to evaluate on (data.drawn_test is 0): give --static-list or --dynamic-list")
}

// Faces are drawn in all of the recipe's style, for tests as for training, and have the size and length that is asked for.
func TestStyleOfDrawnFaces(t *testing.T) {
	r := toy(t, "s4d-tiny")
	d := &r.Data
	d.DrawnTest, d.DrawnFraming, d.DrawnFaint, d.DrawnHeld, d.DrawnClasses = 6, 0.75, 0.5, 0.25, []string{"sadness", "fear", "happiness"}
	sets, err := TrainingSets(r, &s4d.System, data.Lists{})
	require.NoError(t, err)
	test, err := DrawnTest(modelfile.Description{Recipe: r, Labels: sets.Labels})
	require.NoError(t, err)
	style := drawn.Style{Framing: 0.75, Faint: 0.5, Held: 0.25, Classes: d.DrawnClasses}
	read := func(item data.Item, frames []int) []uint8 {
		sample, err := item.Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), frames)
		require.NoError(t, err)
		return f.Pix
	}
	for _, c := range []struct{ got, want *data.Dataset }{
		{sets.Main.Image, style.Images(1, 12, r.Views.Image.Decode)}, {sets.Main.Video, style.Videos(1, 9, 20, r.Views.Video.Decode)},
		{test.Image, style.Images(1_000_003, 6, r.Model.ImageSize)}, {test.Video, style.Videos(1_000_003, 6, 20, r.Model.ImageSize)},
	} {
		require.Len(t, c.got.Items, len(c.want.Items))
		frames := data.ByModality(c.got.Modality, []int{0}, []int{0, 7, 19})
		for i, item := range c.got.Items {
			require.Equal(t, c.want.Items[i].Name, item.Name)
			require.True(t, bytes.Equal(read(c.want.Items[i], frames), read(item, frames)), item.Name)
		}
	}
}

// A pre-trained model, which has no heads, is tested on both modalities; one with a record on those that it knows.
func TestDrawnTestOfRecords(t *testing.T) {
	r := toy(t, "s4d-tiny-pretrain")
	r.Data.DrawnTest = 5
	both := Labels{data.Image: data.AffectNet7, data.Video: data.DFEW}
	for name, c := range map[string]struct {
		d              modelfile.Description
		images, videos bool
	}{
		"pre-trained": {modelfile.Description{}, true, true},
		"images":      {modelfile.Description{Labels: both, Trained: modelfile.Trained{data.Image: {Drawn: 1}}}, true, false},
		"videos":      {modelfile.Description{Trained: modelfile.Trained{data.Video: {Listed: 1}}}, false, true},
		"one head":    {modelfile.Description{Labels: Labels{data.Video: data.DFEW}}, false, true},
	} {
		c.d.Recipe = r
		test, err := DrawnTest(c.d)
		require.NoError(t, err)
		require.Equal(t, []bool{c.images, c.videos}, []bool{test.Image != nil, test.Video != nil}, name)
		for _, d := range test.All() {
			require.Len(t, d.Items, 5)
		}
	}
}

// Validation is on the lists that are given; without any, on drawn faces, but only if the run learns from nothing else.
func TestValidationSets(t *testing.T) {
	lists := faceList(t, 3)
	images := lists
	images.DynamicList, images.DynamicRoot = "", ""
	for name, c := range map[string]struct {
		train, validation data.Lists
		drawn             int
		want              []int // images, videos
	}{
		"drawn faces":                 {data.Lists{}, data.Lists{}, 4, []int{4, 4}},
		"none":                        {data.Lists{}, data.Lists{}, 0, []int{0, 0}},
		"lists to learn from":         {images, data.Lists{}, 4, []int{0, 0}},
		"lists to measure on":         {data.Lists{}, lists, 4, []int{3, 3}},
		"one list to measure on":      {data.Lists{}, images, 4, []int{3, 0}},
		"lists for both":              {images, lists, 4, []int{3, 3}},
		"lists for both, and no more": {images, lists, 0, []int{3, 3}},
	} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Train, o.Validation, o.Recipe.Data.DrawnTest = c.train, c.validation, c.drawn
		sets, err := validationSets(o, data.NewBudget(0), modelfile.Description{Recipe: o.Recipe})
		require.NoError(t, err)
		got := []int{0, 0}
		for _, d := range sets.All() {
			got[data.ByModality(d.Modality, 0, 1)] = len(d.Items)
		}
		require.Equal(t, c.want, got, name)
		requireSides(t, sets, o.Recipe.Model.ImageSize)
	}
	o := options(t, toy(t, "s4d-tiny"))
	o.Validation.StaticList = filepath.Join(t.TempDir(), "none.txt")
	_, err := validationSets(o, data.NewBudget(0), modelfile.Description{Recipe: o.Recipe})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// requireSides checks that samples are decoded at a size.
func requireSides(t *testing.T, sets data.Sets, side int) {
	t.Helper()
	for _, d := range sets.All() {
		sample, err := d.Items[0].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, [2]int{side, side}, [2]int{f.H, f.W})
	}
}

// What a finished model is measured on is decoded at its size.
func TestSizeOfTestSets(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	m, err := infer.Open("../testdata/golden/released_form.pth", b, nil)
	require.NoError(t, err)
	defer m.Close()
	lists, err := data.OpenLists(faceList(t, 2))
	require.NoError(t, err)
	sets, err := TestSets(t.Context(), m, lists, func(string) {}, func(int, int) {})
	require.NoError(t, err)
	require.Len(t, sets.All(), 2)
	requireSides(t, sets, m.Recipe.Model.ImageSize)
}

// What a finished model is measured on is matched with its heads, which is said, and goes on without as many unreadable samples as it may.
func TestTestSets(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	m, err := infer.Open("../testdata/golden/released_form.pth", b, nil)
	require.NoError(t, err)
	defer m.Close()
	l := videosOf(t, "path,id", data.FERV39K, "anger", "fear", "sadness")
	l.StaticList, l.StaticRoot = faceList(t, 3).StaticList, l.DynamicRoot
	text, err := os.ReadFile(l.StaticList)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.StaticList, append([]byte("gone.png 4\n"), text...), 0o644))
	lists, err := data.OpenLists(l)
	require.NoError(t, err)
	m.Skips = &data.Skips{Limit: 1}
	var notes, checked []string
	sets, err := TestSets(t.Context(), m, lists, func(line string) { notes = append(notes, line) },
		func(done, total int) { checked = append(checked, fmt.Sprint(done, " of ", total)) })
	require.NoError(t, err)
	require.Equal(t, []string{"the video head does not name its classes: labels of the list are taken by number"}, notes)
	require.Equal(t, []string{"1 of 4", "2 of 4", "3 of 4", "4 of 4", "1 of 3", "2 of 3", "3 of 3"}, checked)
	require.Equal(t, [2]int{1, 3}, [2]int{sets.Image.Skipped, len(sets.Image.Items)})
	require.Equal(t, []int{0, 2, 5}, []int{sets.Video.Items[0].Label, sets.Video.Items[1].Label, sets.Video.Items[2].Label})
	m.Skips = &data.Skips{}
	_, err = TestSets(t.Context(), m, lists, func(string) {}, func(int, int) {})
	require.ErrorContains(t, err, "1 of the 4 images of the list cannot be read (--skip-bad 1 or more goes on without): ")
}

// Pre-training learns from lists without labels, alone or beside drawn faces; fine-tuning and validation refuse them.
func TestListsWithoutLabels(t *testing.T) {
	lists := faceList(t, 4)
	for path, text := range map[string]string{lists.StaticList: "clip/000.png\nclip/007.png\nface.png\nclip/021.png\n", lists.DynamicList: "clip\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	for _, images := range []int{0, 3} {
		o := options(t, toy(t, "s4d-tiny-pretrain"))
		o.Train = lists
		o.Recipe.Data.DrawnImages, o.Recipe.Data.DrawnVideos, o.Recipe.Data.ListRepeat = images, 0, 3
		trained(t, o)
		sources := o.Watch.(*watched).sources
		require.Contains(t, sources, Source{"training", data.Image, lists.StaticList, 4, 0})
		require.Contains(t, sources, Source{"training", data.Video, lists.DynamicList, 1, 0})
		require.Equal(t, modelfile.Trained{data.Image: {Listed: 4, Drawn: images}, data.Video: {Listed: 1}}, described(t, o, modelfile.Name).Trained)
	}
	for _, validation := range []bool{false, true} {
		o := options(t, toy(t, "s4d-tiny"))
		if validation {
			o.Validation = lists
		} else {
			o.Train = lists
		}
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, lists.StaticList+`: line 1: "clip/000.png" is not of the form "path label", nor is there a CSV header such as `+
			"path,label; a list without labels serves pre-training alone")
		require.NoDirExists(t, o.Out)
	}
}
