package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// tree makes a folder with one-pixel images at the given paths and a list file in it.
func tree(t *testing.T, list string, images ...string) (listPath, root string) {
	t.Helper()
	root = t.TempDir()
	for _, p := range images {
		writePNG(t, filepath.Join(root, filepath.FromSlash(p)), NewFrames(1, 1, 1))
	}
	listPath = filepath.Join(root, "list.txt")
	require.NoError(t, os.WriteFile(listPath, []byte(list), 0o644))
	return listPath, root
}

// samples are a Dataset's names and labels.
func samples(d *Dataset) map[string]int {
	m := map[string]int{}
	for i := range d.Items {
		m[d.Items[i].Name] = d.Items[i].Label
	}
	return m
}

func TestStaticList(t *testing.T) {
	list, root := tree(t, "\xEF\xBB\xBF680/ab_aligned/face 0.bmp 3\r\n\r\nb.png\t0\r\n  c.jpg   11  \nb.png 0",
		"680/ab_aligned/face 0.png", "b.png", "c.jpg")
	d, err := readList(list, root, Image, true)
	require.NoError(t, err)
	require.Equal(t, Image, d.Modality)
	require.Equal(t, 4, len(d.Items), "duplicates stay")
	require.Nil(t, d.Classes)
	require.Empty(t, cmp.Diff(map[string]int{"680/ab_aligned/face 0.bmp": 3, "b.png": 0, "c.jpg": 11}, samples(d)))
	for i := range d.Items {
		sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, sample.Len())
	}
}

func TestDynamicLists(t *testing.T) {
	for _, c := range []struct{ list, id, class string }{
		{"video_name,label\n02522,5\n", "02522", "disgust"},
		{"path,id\r\nCrime/Angry/0063,5\r\n", "Crime/Angry/0063", "sadness"},
		{"\xEF\xBB\xBFvideo_name, labels\n\n\"03747\",5", "03747", "fear"},
	} {
		list, root := tree(t, c.list, c.id+"/1.png", c.id+"/2.png")
		d, err := readList(list, root, Video, true)
		require.NoError(t, err, c.list)
		require.Equal(t, Video, d.Modality)
		require.Equal(t, map[string]int{c.id: 5}, samples(d))
		require.Equal(t, c.class, d.Classes[5], "the header tells the order of the classes")
		sample, err := d.Items[0].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 2, sample.Len())
	}
}

func TestDynamicListNamesFiles(t *testing.T) {
	gif, err := os.ReadFile("testdata/images/animated.gif")
	require.NoError(t, err)
	list, root := tree(t, "video_name,label\na.gif,0\na,1\na.mp4,2\n")
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.gif"), gif, 0o644))
	d, err := readList(list, root, Video, true)
	require.NoError(t, err)
	for i := range d.Items {
		sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, 6, sample.Len())
	}
}

// A listed image or video is decoded at the size that is asked for. Of an animation, a list of images has the first frame.
func TestListedSamplesAtASize(t *testing.T) {
	gif, err := os.ReadFile("testdata/images/animated.gif") // 25×18
	require.NoError(t, err)
	list, root := tree(t, "path,label\na.gif,happiness\n")
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.gif"), gif, 0o644))
	whole, _, err := Open(t.Context(), filepath.Join(root, "a.gif"), OpenOptions{})
	require.NoError(t, err)
	first, err := whole.Read(t.Context(), []int{0})
	require.NoError(t, err)
	for m, length := range map[Modality]int{Image: 1, Video: 6} {
		d, err := readList(list, root, m, true)
		require.NoError(t, err)
		for _, opt := range []OpenOptions{{}, {H: 7, W: 5}} {
			sample, err := d.Items[0].Open(t.Context(), opt)
			require.NoError(t, err)
			require.Equal(t, length, sample.Len(), m)
			f, err := sample.Read(t.Context(), []int{0})
			require.NoError(t, err)
			require.Equal(t, opt.fit(first), f)
		}
	}
}

func TestAbsolutePathsIgnoreRoot(t *testing.T) {
	_, root := tree(t, "", "a.png")
	list := write(t, "list.txt", []byte(filepath.Join(root, "a.png")+" 0"))
	d, err := readList(list, "elsewhere", Image, true)
	require.NoError(t, err)
	_, err = d.Items[0].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
}

func TestBadStaticLists(t *testing.T) {
	long := strings.Repeat("a", 101)
	for _, c := range []struct{ list, want string }{
		{"", "no samples in this list"},
		{"# a.png 0\n\n", "no samples in this list"},
		{"path label\n", "no samples in this list"},
		{"a.png 0\na.png", `line 2: "a.png" is not of the form "path label", nor is there a CSV header such as path,label`},
		{"a.png,0", `line 1: "a.png,0" is not of the form "path label", nor is there a CSV header such as path,label`},
		{"a.png 0\n\na.png -1", `line 3: label "-1" is neither a whole number from 0 to 999 nor the name of a class`},
		{"# x\na.png 1e9", `line 2: label "1e9" is neither`},
		{"a.png 1000", `line 1: label "1000" is neither`},
		{"a.png happy,sad", `line 1: label "happy,sad" is neither`},
		{"a.png h\x01", `line 1: label "h\x01" is neither`},
		{"a.png h\xff", `line 1: label "h\xff" is neither`},
		{"a.png " + long, `line 1: label "aaaa`},
		{"a.png 0\na.png 1\na.png happy", `line 3: label "happy": a list has either numbers or names of classes`},
		{"a.png happy\na.png -1", `line 2: label "-1" is neither`},
		{"who,label\na.png,0", `line 1: "who,label" is not of the form`},
		{"a.png happy\na.png 0", `line 2: label "0": a list has either numbers or names of classes`},
		{"path,label\na.png,0\nb.png", "line 3: 1 columns instead of 2"},
		{"path,id\na.png,0", `line 1: "path,id" is not of the form`},
		{strings.Repeat("a", 1<<20), "line 1: too long for a list"},
		{"\x00 1", `line 1: "\x00" is not a name`},
		{"path,label\n ,1", `line 2: "" is not a name`},
	} {
		list, root := tree(t, c.list, "a.png", "sub/a.png")
		_, err := readList(list, root, Image, true)
		require.ErrorContains(t, err, list+": "+c.want, "%.50q", c.list)
		require.NotContains(t, err.Error(), "\n")
	}
	var many strings.Builder
	for i := range maxLabel + 2 {
		fmt.Fprintf(&many, "a.png name%d\n", i)
	}
	list, root := tree(t, many.String(), "a.png")
	_, err := readList(list, root, Image, true)
	require.EqualError(t, err, list+`: line 1001: label "name1000": a list has at most 1000 classes`)
}

func TestBadDynamicLists(t *testing.T) {
	const headers = `"video_name,label" (DFEW), "path,id" (FERV39K), "video_name,labels" (MAFW)`
	const must = "but must be " + headers + ", or name a column path and a column label"
	for _, c := range []struct{ list, want string }{
		{"", `the first line is "", ` + must},
		{"02522,5\n", `the first line is "02522,5", ` + must},
		{"who,label\n", `the first line is "who,label", ` + must},
		{"video_name,label\n", "no samples in this list"},
		{"video_name,label\na,1\nb", "line 3: 1 columns instead of 2"},
		{"video_name,label\na,1\nb,2,3", "line 3: 3 columns instead of 2"},
		{"video_name,label\na,", `line 2: label "" is neither a whole number`},
		{"video_name,label\na,-3", `line 2: label "-3" is neither a whole number`},
		{"video_name,label\n\"a,1", `parse error on line 2, column 5: extraneous or missing " in quoted-field`},
		{"path,label\na,1", "the labels are numbers, but of which classes? Write their names, or the header " + headers},
	} {
		list, root := tree(t, c.list, "a/0.png")
		_, err := readList(list, root, Video, true)
		require.ErrorContains(t, err, list+": "+c.want, c.list)
		require.NotContains(t, err.Error(), "\n")
		require.NotContains(t, err.Error(), "pre-training")
	}
}

// A list may have comments, blank lines and a header, and be a CSV with other columns.
func TestFormsOfStaticLists(t *testing.T) {
	want := map[string]int{"a b.png": 3, "c.png": 0}
	for _, list := range []string{
		"a b.png 3\nc.png 0\n",
		"# faces of May\n\nPath\tLabel\n  # two\na b.png 3\n#c.png 5\nc.png 0\n",
		"path,label\na b.png,3\nc.png,0\n",
		"# faces of May\r\n\r\nexpression, who, Image\r\n3,x,a b.png\r\n#5,x,c.png\r\n\r\n0,x,c.png",
		"subDirectory_filePath,face_x,expression\n\"a b.png\",10,3\nc.png,2,0\n",
	} {
		path, root := tree(t, list, "a b.png", "c.png")
		d, err := readList(path, root, Image, true)
		require.NoError(t, err, list)
		require.Equal(t, want, samples(d), list)
		require.Nil(t, d.Classes)
		require.False(t, d.Named)
		for i := range d.Items {
			require.NoError(t, d.Items[i].Check(t.Context()))
		}
	}
	path, root := tree(t, "# x\npath,label\n\na.png,0\n", "a.png")
	d, err := readList(path, root, Image, true)
	require.NoError(t, err)
	require.Equal(t, path+": line 4: a.png", d.Items[0].Place())
}

// Every name of a column is known in either kind of list, in any place and spelling, and those of paths to predictions, too.
func TestNamesOfColumns(t *testing.T) {
	labels := []string{"label", "labels", "class", "expression", "emotion"}
	for i, column := range []string{"path", "file", "filename", "image", "video", "video_name", "subdirectory_filepath"} {
		label := labels[i%len(labels)]
		for _, m := range []Modality{Image, Video} {
			list, root := tree(t, strings.ToUpper(label)+",who, "+column+"\nfear,x,a.png\nanger,y,b.png\n", "a.png", "b.png")
			d, err := readList(list, root, m, true)
			require.NoError(t, err, "%s %s", column, label)
			require.Equal(t, map[string]int{"a.png": slices.Index(d.Classes, "fear"), "b.png": slices.Index(d.Classes, "anger")}, samples(d))
		}
		paths, err := ReadPaths(strings.NewReader(column+",who\na.png,x\n"), "")
		require.NoError(t, err)
		require.Equal(t, []string{"a.png"}, paths, column)
		for _, m := range []Modality{Image, Video} {
			list, root := tree(t, column+"\na.png\n", "a.png")
			d, err := readList(list, root, m, false)
			require.NoError(t, err)
			require.Equal(t, []string{"a.png"}, names(d), "%s alone", column)
		}
	}
}

// Labels may be names: in the usual order of their classes if they are known, otherwise alphabetical, however the rows are sorted.
func TestNamedClasses(t *testing.T) {
	for _, c := range []struct {
		m       Modality
		names   string
		classes []string
	}{
		{Image, "sadness Happiness sadness", []string{"happiness", "sadness"}},
		{Image, "contempt anger neutral", []string{"neutral", "anger", "contempt"}},
		{Video, "neutral happiness", []string{"happiness", "neutral"}},
		{Video, "sadness anxiety", []string{"anxiety", "sadness"}},
		{Image, "tired awake Très-las awake", []string{"Très-las", "awake", "tired"}},
		{Image, "tired neutral", []string{"neutral", "tired"}},
	} {
		names := strings.Fields(c.names)
		for range 2 {
			list := "path,label\n"
			for i, name := range names {
				list += fmt.Sprintf("%d,%s\n", i, name)
			}
			path := write(t, "list.csv", []byte(list))
			d, err := readList(path, "", c.m, true)
			require.NoError(t, err)
			require.True(t, d.Named)
			require.Equal(t, c.classes, d.Classes)
			require.Equal(t, c.m, d.Modality)
			for i, name := range names {
				require.Equal(t, spelled(name), d.Classes[d.Items[i].Label])
			}
			slices.Reverse(names)
		}
	}
	for _, header := range []string{"video_name,label", "path,id"} { // names take precedence over the dataset's order
		d, err := readList(write(t, "list.csv", []byte(header+"\na,surprise\nb,fear\n")), "", Video, true)
		require.NoError(t, err)
		require.Equal(t, []string{"surprise", "fear"}, d.Classes)
		require.Equal(t, map[string]int{"a": 0, "b": 1}, samples(d))
	}
}

func TestMissingList(t *testing.T) {
	for _, m := range []Modality{Image, Video} {
		_, err := readList("no/list.txt", ".", m, true)
		require.EqualError(t, err, "no/list.txt: no such file or directory")
		_, err = readList(".", ".", m, true)
		require.EqualError(t, err, ".: a folder, not a list")
	}
}

// The class orders of the datasets' lists, label by label, as they come out of each.
func TestClassOrders(t *testing.T) {
	for header, want := range map[string]string{
		"video_name,label":  "happiness sadness neutral anger surprise disgust fear",
		"path,id":           "anger disgust fear happiness neutral sadness surprise",
		"video_name,labels": "anger anxiety contempt disappointment disgust fear happiness helplessness neutral sadness surprise",
	} {
		list, root := tree(t, header+"\na,0\n", "a/0.png")
		d, err := readList(list, root, Video, true)
		require.NoError(t, err)
		require.Equal(t, want, strings.Join(d.Classes, " "), header)
	}
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger", strings.Join(AffectNet7, " "))
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger contempt", strings.Join(AffectNet8, " "))
}

// Names of the datasets' classes may be written with capitals; all other names are taken as they stand.
func TestSpellingOfClasses(t *testing.T) {
	for _, c := range []struct {
		m    Modality
		want []string // in their usual order
	}{
		{Image, []string{"neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"}},
		{Video, []string{"happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear"}},
		{Video, []string{"anger", "anxiety", "contempt", "disappointment", "disgust", "fear", "happiness", "helplessness", "neutral", "sadness", "surprise"}},
		{Video, []string{"Tired", "anxiety", "disappointment", "helplessness"}},
		{Image, []string{"Tired", "tIRED", "tired"}},
	} {
		list, want := "path,label\n", map[string]int{}
		for label, name := range c.want {
			spellings := []string{name, strings.ToUpper(name[:1]) + name[1:], strings.ToUpper(name)}
			if strings.EqualFold(name, "tired") {
				spellings = []string{name}
			}
			for _, spelling := range spellings {
				id := fmt.Sprintf("%d %s", label, spelling)
				list += id + "," + spelling + "\n"
				want[id] = label
			}
		}
		d, err := readList(write(t, "list.csv", []byte(list)), "", c.m, true)
		require.NoError(t, err)
		require.Equal(t, c.want, d.Classes)
		require.Equal(t, want, samples(d))
	}
}

func TestDefaultLabels(t *testing.T) {
	require.Equal(t, "neutral happiness sadness surprise fear disgust anger", strings.Join(DefaultLabels(Image, 7), " "))
	require.Equal(t, "contempt", DefaultLabels(Image, 8)[7])
	require.Equal(t, "happiness sadness neutral anger surprise disgust fear", strings.Join(DefaultLabels(Video, 7), " "))
	require.Equal(t, "helplessness", DefaultLabels(Video, 11)[7])
	require.Equal(t, []string{"class_0", "class_1"}, DefaultLabels(Video, 2))
	require.Equal(t, "class_7", DefaultLabels(Video, 8)[7])
	DefaultLabels(Image, 7)[0] = "changed"
	require.Equal(t, "neutral", AffectNet7[0])
}

func FuzzParseStatic(f *testing.F) {
	f.Add([]byte("680/ab_aligned/face_det_000000.bmp 3\r\nb.png\t0\n"))
	f.Add([]byte("a 1\n\n b c 2 \n"))
	f.Add([]byte("#\npath label\na tired\n"))
	f.Add([]byte("# x\nexpression,y,image\n3,,a.png\n"))
	f.Fuzz(func(t *testing.T, text []byte) { checkRows(t, text, parseStatic) })
}

func FuzzParseDynamic(f *testing.F) {
	f.Add([]byte("video_name,label\n02522,5\n"))
	f.Add([]byte("path,id\r\nCrime/Angry/0063,0\r\n"))
	f.Add([]byte("video_name,labels\n\"03747\",10"))
	f.Fuzz(func(t *testing.T, text []byte) { checkRows(t, text, parseDynamic) })
}

func checkRows(t *testing.T, text []byte, parse func([]byte, func(row) error) ([]string, error)) {
	last := 0
	var classes []string
	var err error
	fuzzing.Bounded(t, 1<<20+1000*len(text), func() {
		classes, err = parse(text, func(r row) error {
			require.Greater(t, r.line, last)
			last = r.line
			id, label, name, err := r.check()
			if err == nil {
				require.NotEmpty(t, id)
				require.True(t, label >= -1 && label <= maxLabel)
				require.Equal(t, label < 0, name != "")
			}
			return err
		})
	})
	if err != nil {
		require.Nil(t, classes)
		require.NotContains(t, err.Error(), "\n")
	}
}

// A sample is found as written, with another extension, or with one added, in the order of the extensions.
func TestFindSample(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"a.png", "a.jpg", "b.mp4", "b.gif", "c.v2.webp", "d", "e.gif", "f/x.png", "g.txt.png", "h.PNG", "folder.png/x.png", "folder.jpg",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	for _, c := range []struct {
		m           Modality
		named, want string
	}{
		{Image, "a.png", "a.png"}, {Image, "a.bmp", "a.jpg"}, {Image, "a.gif", "a.jpg"}, {Image, "a", "a.jpg"}, {Image, "a.mp4", ""},
		{Image, "c.v2", "c.v2.webp"}, {Image, "c", ""}, {Image, "d", "d"}, {Image, "e.png", "e.gif"}, {Image, "f", ""},
		{Image, "g.txt", "g.txt.png"}, {Image, "h.PNG", "h.PNG"}, {Image, "a.PNG", "a.jpg"}, {Image, "b", "b.gif"},
		{Image, "folder.png", "folder.jpg"}, {Image, "a.jpeg", "a.jpg"}, {Image, "d.tiff", ""}, {Image, "c.v2.jxl", "c.v2.webp"},
		{Video, "b", "b.mp4"}, {Video, "b.avi", "b.mp4"}, {Video, "b.gif", "b.gif"}, {Video, "f", "f"}, {Video, "e.mp4", "e.gif"},
		{Video, "a", ""}, {Video, "a.png", "a.png"}, {Video, "a.gif", ""}, {Video, "b.webm", "b.mp4"}, {Video, "b.ts", "b.mp4"}, {Video, "e.m2ts", "e.gif"},
	} {
		want := c.want
		if want != "" {
			want = filepath.Join(root, want)
		}
		require.Equal(t, want, findSample(filepath.Join(root, c.named), c.m), "%s %s", c.m, c.named)
	}
}

// A missing file is an error that says where it is named, and where it was looked for.
func TestMissingSamples(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("list.csv", []byte("video_name,label\n\nsub/v,0\n"), 0o644))
	for _, c := range []struct {
		m                  Modality
		root, named, where string
	}{
		{Image, "", "image", "the current folder"}, {Image, "r", "image", "r"},
		{Video, "", "folder or video", "the current folder"}, {Video, "r", "folder or video", "r"},
	} {
		d, err := readList("list.csv", c.root, c.m, true)
		require.NoError(t, err)
		want := fmt.Sprintf("%s: no such %s (list.csv, line 3); is %s the folder that the list's names are relative to?",
			filepath.Join(c.root, "sub", "v"), c.named, c.where)
		_, err = d.Items[0].Open(t.Context(), OpenOptions{})
		require.EqualError(t, err, want)
		require.EqualError(t, d.Items[0].Check(t.Context()), want)
	}
}

// Samples of lists are opened at the size asked for, and are named by their paths.
func TestSamplesOfLists(t *testing.T) {
	list, root := tree(t, "a.png 0\nbad.png 1\n")
	writePNG(t, filepath.Join(root, "a.png"), grey(4, 6, 9))
	writePNG(t, filepath.Join(root, "v", "1.png"), grey(4, 6, 8))
	require.NoError(t, os.WriteFile(filepath.Join(root, "bad.png"), []byte("text"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "list.csv"), []byte("video_name,label\nv,0\n"), 0o644))
	s, err := OpenLists(Lists{list, root, filepath.Join(root, "list.csv"), root})
	require.NoError(t, err)
	for name, d := range map[string]*Dataset{"a.png": s.Image, "v": s.Video} {
		sample, err := d.Items[0].Open(t.Context(), OpenOptions{H: 3, W: 5})
		require.NoError(t, err)
		f, err := sample.Read(t.Context(), []int{0})
		require.NoError(t, err)
		require.Equal(t, grey(3, 5, map[string]uint8{"a.png": 9, "v": 8}[name]), f)
		_, err = sample.Read(t.Context(), []int{1})
		require.EqualError(t, err, filepath.Join(root, name)+": frame 1 asked for, but there are 1")
	}
	_, err = s.Image.Items[1].Open(t.Context(), OpenOptions{})
	require.EqualError(t, err, filepath.Join(root, "bad.png")+": not an image: neither JPEG, PNG, GIF, WebP nor BMP")
}

// The longest name, the largest number and the last column of a list.
func TestListsUpToTheirLimits(t *testing.T) {
	long := strings.Repeat("é", 50)
	for _, c := range []struct {
		text   string
		labels []int
	}{
		{"a.png 999\nb.png 0\n", []int{999, 0}}, {"a.png " + long + "\nb.png a\n", []int{1, 0}}, {"a.png label\nb.png a", []int{1, 0}},
		{"x,class,video\n1,5,a.png\n2,6,b.png", []int{5, 6}}, {"file,emotion\na.png, 7 \n b.png ,8", []int{7, 8}},
		{"filename,labels\na.png,7\nb.png,8", []int{7, 8}}, {"video_name label\na.png 1\nb.png 2", []int{1, 2}},
		{"a.png 1\npath label\n", nil},
	} {
		d, err := readList(write(t, "list", []byte(c.text)), "", Image, true)
		if c.labels == nil {
			require.ErrorContains(t, err, `line 2: label "label": a list has either numbers or names of classes`)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.labels, labelsOf(d), c.text)
		require.Equal(t, []string{"a.png", "b.png"}, names(d), c.text)
	}
	_, err := readList(write(t, "list", []byte("\"video_name,label\na,1")), "", Video, true)
	require.ErrorContains(t, err, "extraneous or missing")
	var many strings.Builder
	for i := range maxLabel + 1 {
		fmt.Fprintf(&many, "a.png name%d\n", i)
	}
	d, err := readList(write(t, "list", []byte(many.String())), "", Image, true)
	require.NoError(t, err, "a thousand names")
	require.Len(t, d.Classes, 1000)
	d, err = readList(write(t, "list.csv", []byte("label,who,path\nhappiness,x,a\n")), "", Video, true)
	require.NoError(t, err)
	require.Equal(t, &Dataset{Modality: Video, Classes: []string{"happiness"}, Named: true}, d.with(nil))
	require.Equal(t, []string{"a"}, names(d))
}

// A path that ends as an image does is a path alone, whatever spaces are in it.
func TestPathsWithSpacesEndAsImagesDo(t *testing.T) {
	want, list := map[string]int{}, ""
	for i, ext := range append(slices.Clone(imageExts), ".gif") {
		for j, e := range []string{ext, strings.ToUpper(ext)} {
			name := fmt.Sprintf("face %d of\t%d%s", i, j, e)
			want[name] = Unlabelled
			list += name + "\n"
			d, err := readList(write(t, "list.txt", []byte(name)), "", Image, false)
			require.NoError(t, err, name)
			require.Equal(t, map[string]int{name: Unlabelled}, samples(d), "alone in its list")
		}
	}
	d, err := readList(write(t, "list.txt", []byte(list)), "", Image, false)
	require.NoError(t, err)
	require.Equal(t, want, samples(d))
	require.Nil(t, d.Classes)
}

// A list without labels is a path a line, where labels are not needed; one with labels is read as ever.
func TestListsWithoutLabels(t *testing.T) {
	for _, c := range []struct {
		m          Modality
		list       string
		names      []string
		lines      []int
		labels     []int
		classes    []string
		unlabelled bool
	}{
		{Image, "b.png\n\n# x\nsub/a.png\r\n a photo.jpg \n", []string{"b.png", "sub/a.png", "a photo.jpg"}, []int{1, 4, 5}, []int{-1, -1, -1}, nil, true},
		{Image, "a photo.JPG\na,b.png\nb", []string{"a photo.JPG", "a,b.png", "b"}, []int{1, 2, 3}, []int{-1, -1, -1}, nil, true},
		{Image, "my face.gif\nb.png\nour cat.GIF", []string{"my face.gif", "b.png", "our cat.GIF"}, []int{1, 2, 3}, []int{-1, -1, -1}, nil, true},
		{Image, "\n# mine, from a phone\nb.png", []string{"b.png"}, []int{3}, []int{-1}, nil, true},
		{Image, "\n#mine\nb.png 3", []string{"b.png"}, []int{3}, []int{3}, nil, false},
		{Image, "image 3\nb.png 4", []string{"image", "b.png"}, []int{1, 2}, []int{3, 4}, nil, false},
		{Image, "path\nb.png", []string{"b.png"}, []int{2}, []int{-1}, nil, true},
		{Image, "b.png\npath", []string{"b.png", "path"}, []int{1, 2}, []int{-1, -1}, nil, true},
		{Image, "b.png 3\na.png 1", []string{"b.png", "a.png"}, []int{1, 2}, []int{3, 1}, nil, false},
		{Image, "b.png\t3\na.png\t1", []string{"b.png", "a.png"}, []int{1, 2}, []int{3, 1}, nil, false},
		{Image, "my face.gif 3\na.gif 1", []string{"my face.gif", "a.gif"}, []int{1, 2}, []int{3, 1}, nil, false},
		{Image, "image,label\nb.png,3", []string{"b.png"}, []int{2}, []int{3}, nil, false},
		{Video, "id1/x/00001\n# y\nsome clip.mp4", []string{"id1/x/00001", "some clip.mp4"}, []int{1, 3}, []int{-1, -1}, nil, true},
		{Video, "Video_Name\nid1", []string{"id1"}, []int{2}, []int{-1}, nil, true},
		{Video, "path,id\nid1,2", []string{"id1"}, []int{2}, []int{2}, FERV39K, false},
	} {
		list, root := tree(t, c.list)
		lists := ByModality(c.m, Lists{StaticList: list, StaticRoot: root}, Lists{DynamicList: list, DynamicRoot: root})
		s, err := OpenUnlabelled(lists)
		require.NoError(t, err, c.list)
		d := s.Of(c.m)
		require.Equal(t, []any{c.m, c.classes, false}, []any{d.Modality, d.Classes, d.Named})
		for i, item := range d.Items {
			require.Equal(t, []any{c.names[i], c.lines[i], c.labels[i], list}, []any{item.Name, item.Line, item.Label, item.List})
		}
		require.Len(t, d.Items, len(c.names))
		_, err = OpenLists(lists)
		if !c.unlabelled {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, list+": ")
		require.Regexp(t, "; a list without labels serves pre-training alone$", err.Error())
	}
	for m, text := range map[Modality]string{Image: "a.png\nb.png 3", Video: "id1\nid2,3"} {
		list, root := tree(t, text)
		_, err := readList(list, root, m, false)
		require.ErrorContains(t, err, `3" has a label, and the lines before have none: write labels in all lines, or in none`)
		require.ErrorContains(t, err, "line 2: ")
		require.NotContains(t, err.Error(), "pre-training")
	}
	for text, want := range map[string]string{"a.png 3\nb.png": "line 2: \"b.png\" is not of the form", "path,id\na.png,3": "line 1: \"path,id\" is not of the form",
		"path": "no samples in this list", "# x": "no samples in this list"} {
		list, root := tree(t, text)
		_, err := readList(list, root, Image, false)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "pre-training")
	}
	list, root := tree(t, "face.png\nnone.png", "face.png")
	d, err := readList(list, root, Image, false)
	require.NoError(t, err)
	require.NoError(t, d.Items[0].Check(t.Context()))
	require.ErrorContains(t, d.Items[1].Check(t.Context()), "none.png: no such image ("+list+", line 2)")
}
