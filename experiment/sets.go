package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"mien/data"
	"mien/data/drawn"
	"mien/recipe"
)

// Lists are the data flags of a command: files that name samples, and the folders in which they are.
type Lists struct {
	StaticList, StaticRoot   string
	DynamicList, DynamicRoot string
}

// Empty tells whether no list is given, so that drawn faces stand in.
func (l Lists) Empty() bool { return l.StaticList == "" && l.DynamicList == "" }

// Sets is a static and a dynamic set; either may be nil, not both.
type Sets struct{ Static, Dynamic data.Dataset }

const (
	// Faces drawn for training and for tests never share an identity.
	drawnTrainSeed = 1
	drawnTestSeed  = 1_000_003
	// drawnFrames is the length of a drawn clip.
	drawnFrames = 20
)

// Training is what a run learns from: Warm in its first train.drawn_epochs epochs, and then Main.
type Training struct {
	Warm, Main Sets
	Labels     map[data.Modality][]string // names of the classes

	memory *data.Budget // for decoded frames; validation takes what training leaves
}

// TrainingSets opens the lists and adds the recipe's drawn faces: before the lists, where the recipe warms up on them, and else
// beside them.
func TrainingSets(r recipe.Recipe, l Lists) (t Training, err error) {
	lists, err := openLists(l)
	if err != nil {
		return t, err
	}
	t.Labels = labelsOf(r, lists)
	t.memory = data.NewBudget(int64(r.Data.CacheMiB) << 20)
	var faces Sets
	size := r.Views.CacheSize
	if n := r.Data.DrawnPictures; n > 0 {
		faces.Static = relabel(drawn.Pictures(drawnTrainSeed, n, size), t.Labels)
	}
	if n := r.Data.DrawnClips; n > 0 {
		faces.Dynamic = relabel(drawn.Clips(drawnTrainSeed, n, drawnFrames, size), t.Labels)
	}
	faces, lists = faces.cached(t.memory, size), lists.cached(t.memory, size)
	lists = Sets{Static: repeat(lists.Static, r.Data.ListRepeat), Dynamic: repeat(lists.Dynamic, r.Data.ListRepeat)}
	switch {
	case l.Empty():
		t.Warm, t.Main = faces, faces
	case r.Train.DrawnEpochs > 0:
		t.Warm, t.Main = faces, lists
	default:
		t.Main = Sets{Static: join(lists.Static, faces.Static), Dynamic: join(lists.Dynamic, faces.Dynamic)}
	}
	if t.Main.Static == nil && t.Main.Dynamic == nil {
		return t, errors.New("nothing to learn from: give --static-list or --dynamic-list, or a recipe with drawn faces")
	}
	return t, cmp.Or(checkLabels(r, t.Warm), checkLabels(r, t.Main))
}

// labelsOf names the classes of both heads: in the order of the lists, where these say it.
func labelsOf(r recipe.Recipe, lists Sets) map[data.Modality][]string {
	labels := map[data.Modality][]string{
		data.Image: data.DefaultLabels(data.Image, r.Model.ImageClasses),
		data.Video: data.DefaultLabels(data.Video, r.Model.VideoClasses),
	}
	for _, d := range lists.each() {
		if own := labels[d.Modality()]; len(own) == len(d.Classes()) {
			copy(own, d.Classes())
		}
	}
	return labels
}

// TestSets opens the lists, or draws faces where none is given. An evaluation reads a sample once, so that nothing is kept.
func (m *Model) TestSets(l Lists) (Sets, error) {
	return testSets(m.Recipe, m.Labels, l, data.NewBudget(0))
}

func testSets(r recipe.Recipe, labels map[data.Modality][]string, l Lists, memory *data.Budget) (Sets, error) {
	s, err := openLists(l)
	if err != nil {
		return s, err
	}
	if s.Static == nil && s.Dynamic == nil {
		if r.Data.DrawnTest == 0 {
			return s, errors.New("nothing to evaluate on: give --static-list or --dynamic-list")
		}
		s.Static = relabel(drawn.Pictures(drawnTestSeed, r.Data.DrawnTest, r.Model.ImageSize), labels)
		s.Dynamic = relabel(drawn.Clips(drawnTestSeed, r.Data.DrawnTest, drawnFrames, r.Model.ImageSize), labels)
	}
	return s.cached(memory, r.Model.ImageSize), checkLabels(r, s)
}

func openLists(l Lists) (s Sets, err error) {
	if l.StaticList != "" {
		if s.Static, err = data.ReadStaticList(l.StaticList, l.StaticRoot); err != nil {
			return s, err
		}
	}
	if l.DynamicList != "" {
		s.Dynamic, err = data.ReadDynamicList(l.DynamicList, l.DynamicRoot)
	}
	return s, err
}

// cached keeps the decoded frames of both sets in memory, at the size from which views are cut.
func (s Sets) cached(memory *data.Budget, size int) Sets {
	for _, d := range []*data.Dataset{&s.Static, &s.Dynamic} {
		if *d != nil {
			*d = data.Cache(*d, memory, size, size)
		}
	}
	return s
}

// checkLabels makes a label that the model has no class for an error before any work begins. Pre-training ignores labels.
func checkLabels(r recipe.Recipe, s Sets) error {
	if r.Kind == recipe.Pretrain {
		return nil
	}
	for _, d := range s.each() {
		classes := r.Model.VideoClasses
		if d.Modality() == data.Image {
			classes = r.Model.ImageClasses
		}
		for i := range d.Len() {
			if d.Label(i) >= classes {
				return fmt.Errorf("%s has label %d, but the model's %s head has classes 0 to %d", d.Name(i), d.Label(i), d.Modality(), classes-1)
			}
		}
	}
	return nil
}

// each returns the sets that are there, static first.
func (s Sets) each() []data.Dataset {
	var all []data.Dataset
	for _, d := range []data.Dataset{s.Static, s.Dynamic} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}

// of returns the set of a modality.
func (s Sets) of(m data.Modality) data.Dataset {
	if m == data.Image {
		return s.Static
	}
	return s.Dynamic
}

// relabelled is a set whose classes are numbered in another order.
type relabelled struct {
	data.Dataset
	classes []string
}

// relabel gives drawn faces the labels by which a model calls their classes. Where it lacks one, they keep their own.
func relabel(faces data.Dataset, labels map[data.Modality][]string) data.Dataset {
	names := labels[faces.Modality()]
	for _, class := range faces.Classes() {
		if !slices.Contains(names, class) {
			return faces
		}
	}
	return relabelled{faces, names}
}

func (r relabelled) Classes() []string { return r.classes }

func (r relabelled) Label(i int) int {
	return slices.Index(r.classes, r.Dataset.Classes()[r.Dataset.Label(i)])
}

// repeated is a set whose samples count several times, to hold their own beside a larger one.
type repeated struct {
	data.Dataset
	times int
}

// repeat repeats d, which may be nil.
func repeat(d data.Dataset, times int) data.Dataset {
	if d == nil || times <= 1 {
		return d
	}
	return repeated{d, times}
}

func (r repeated) Len() int                      { return r.Dataset.Len() * r.times }
func (r repeated) Name(i int) string             { return r.Dataset.Name(i % r.Dataset.Len()) }
func (r repeated) Label(i int) int               { return r.Dataset.Label(i % r.Dataset.Len()) }
func (r repeated) Open(i int) (data.Clip, error) { return r.Dataset.Open(i % r.Dataset.Len()) }

// joined is one set after another.
type joined struct{ first, second data.Dataset }

// join puts b after a; either may be nil.
func join(a, b data.Dataset) data.Dataset {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return joined{a, b}
}

func (j joined) at(i int) (data.Dataset, int) {
	if n := j.first.Len(); i >= n {
		return j.second, i - n
	}
	return j.first, i
}

func (j joined) Modality() data.Modality { return j.first.Modality() }
func (j joined) Len() int                { return j.first.Len() + j.second.Len() }
func (j joined) Classes() []string       { return j.first.Classes() }

func (j joined) Name(i int) string {
	d, k := j.at(i)
	return d.Name(k)
}

func (j joined) Label(i int) int {
	d, k := j.at(i)
	return d.Label(k)
}

func (j joined) Open(i int) (data.Clip, error) {
	d, k := j.at(i)
	return d.Open(k)
}
