package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/data"
	"mien/data/drawn"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/system"
)

// The samples of a run: lists and drawn faces, for training and for validation, with labels in the order of the heads.
// Go on with plan.go.

const (
	// Drawn faces for training and for tests never share an identity.
	drawnTrainSeed = 1
	drawnTestSeed  = 1_000_003
	// drawnFrames is the length of a drawn video, but for onsets and offsets.
	drawnFrames = 20
)

// Labels are the names of the classes of each head.
type Labels map[data.Modality][]string

// Training is the training data of a run: Warm in its first train.drawn_epochs epochs, and then Main.
type Training struct {
	Warm, Main data.Sets
	Labels     Labels

	memory *data.Budget // for decoded frames; validation uses what training leaves
}

// TrainingSets opens the lists and adds the recipe's drawn faces: before the lists if the recipe warms up on them, otherwise
// joined to them.
func TrainingSets(r recipe.Recipe, s *system.System, l data.Lists) (t Training, err error) {
	open := data.OpenLists
	if r.Kind == recipe.Pretrain {
		open = data.OpenUnlabelled
	}
	lists, err := open(l)
	if err != nil {
		return t, err
	}
	if t.Labels, err = labelsOf(r, s, lists); err != nil {
		return t, err
	}
	if lists, err = inOrder(lists, t.Labels); err != nil {
		return t, err
	}
	t.memory = data.NewBudget(int64(r.Data.CacheMiB) << 20)
	if r.Kind == recipe.Landmarks {
		t.memory = data.NewBudget(0) // frames that are kept have no landmarks
	}
	image, video := r.Views.Image.Decode, r.Views.Video.Decode
	drawnImage := cmp.Or(image, r.Model.ImageSize) // a drawn face has no size of its own
	if err := checkReversed(r, t.Labels); err != nil {
		return t, err
	}
	drawn := drawFaces(r, drawnTrainSeed, faces{r.Data.DrawnImages, drawnImage}, faces{r.Data.DrawnVideos, video}, t.Labels)
	drawn, err = ofClasses(drawn, lists, t.Labels)
	if err != nil {
		return t, err
	}
	drawn, lists = drawn.CachedApart(t.memory, drawnImage, video), lists.CachedApart(t.memory, image, video)
	if lists, err = repeated(lists, r.Data.ListRepeat); err != nil {
		return t, err
	}
	switch {
	case l.Empty():
		t.Warm, t.Main = drawn, drawn
	case r.Train.DrawnEpochs > 0:
		t.Warm, t.Main = drawn, lists
	default:
		t.Main = data.Sets{Image: data.Join(lists.Image, drawn.Image), Video: data.Join(lists.Video, drawn.Video)}
	}
	switch {
	case len(t.Main.All()) > 0:
	case r.Kind == recipe.Landmarks:
		return t, errors.New("nothing to learn from: landmarks are learned from drawn faces: set data.drawn_images or data.drawn_videos")
	default:
		return t, errors.New("nothing to learn from: give --static-list or --dynamic-list, or a recipe with drawn faces")
	}
	return t, cmp.Or(checkLabels(r, t.Warm), checkLabels(r, t.Main))
}

// labelsOf names the classes of the heads: those of a list, if it has as many, which may be in another order or be the user's own.
func labelsOf(r recipe.Recipe, s *system.System, lists data.Sets) (Labels, error) {
	labels := Labels{}
	for m := range s.Heads(r) {
		labels[m] = data.DefaultLabels(m, r.Classes(m))
		if m == data.Video && r.Data.DrawnReversed && len(labels[m]) == len(drawn.Courses) {
			labels[m] = slices.Clone(drawn.Courses)
		}
	}
	for _, d := range lists.All() {
		own := labels[d.Modality]
		switch {
		case len(own) == len(d.Classes):
			copy(own, d.Classes)
		case own != nil && !contains(own, d.Classes):
			return nil, fmt.Errorf("%s has %d classes (%s), and the %s head of recipe %s has %d: set model.%s_classes to %d",
				d.Items[0].List, len(d.Classes), strings.Join(d.Classes, ", "), d.Modality, r.Name, len(own), d.Modality, len(d.Classes))
		}
	}
	return labels, nil
}

// contains reports whether all names are among classes.
func contains(classes, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(classes, name) })
}

// checkReversed returns an error for onsets and offsets that a head has other classes for.
func checkReversed(r recipe.Recipe, labels Labels) error {
	names := labels[data.Video]
	if !r.Data.DrawnReversed || r.Data.DrawnVideos == 0 || names == nil || contains(names, drawn.Courses) {
		return nil
	}
	return fmt.Errorf("data.drawn_reversed draws videos of %s, and the classes of the video head of recipe %s are %s: set model.video_classes to %d "+
		"and give no list of videos, or set data.drawn_videos to 0", strings.Join(drawn.Courses, " and "), r.Name, strings.Join(names, ", "), len(drawn.Courses))
}

// ofClasses returns the drawn faces of the classes that a list of the same modality names, if there is one.
func ofClasses(faces, lists data.Sets, labels Labels) (data.Sets, error) {
	return faces.Map(func(d *data.Dataset) (*data.Dataset, error) {
		if list := lists.Of(d.Modality); list == nil || list.Classes == nil || labels[d.Modality] == nil {
			return d, nil
		}
		some, _, err := data.Relabel(d, labels[d.Modality])
		if err != nil {
			err = fmt.Errorf("drawn faces beside %s: %w: set data.drawn_%ss to 0", lists.Of(d.Modality).Items[0].List, err, d.Modality)
		}
		return some, err
	})
}

// DrawnTest returns drawn faces to evaluate a model on, of people who are in no training set, in the modalities that it has
// learned.
func DrawnTest(d modelfile.Description) (data.Sets, error) {
	n := d.Recipe.Data.DrawnTest
	if n == 0 {
		return data.Sets{}, errors.New("the model's recipe draws no faces to evaluate on (data.drawn_test is 0): " +
			"give --static-list or --dynamic-list")
	}
	of := func(m data.Modality) faces {
		headless := len(d.Labels) > 0 && d.Labels[m] == nil // a pre-trained model has no heads and takes both modalities
		if headless || !d.Trained.Has(m) {
			return faces{}
		}
		return faces{n, d.Recipe.Model.ImageSize}
	}
	return drawFaces(d.Recipe, drawnTestSeed, of(data.Image), of(data.Video), d.Labels), nil
}

// faces are drawn images or videos.
type faces struct {
	n    int
	size int // pixels, height and width
}

// drawFaces returns sets of drawn faces, in the style of the recipe, whose classes are in the order of the heads.
func drawFaces(r recipe.Recipe, seed uint64, images, videos faces, labels Labels) (s data.Sets) {
	style := drawn.Style{Framing: r.Data.DrawnFraming, Faint: r.Data.DrawnFaint, Held: r.Data.DrawnHeld, Classes: r.Data.DrawnClasses}
	if images.n > 0 {
		s.Image = style.Images(seed, images.n, images.size)
	}
	switch {
	case videos.n > 0 && r.Data.DrawnReversed: // as long as a window, so that both of a pair show the same frames
		s.Video = style.Reversed(seed, videos.n, r.Model.Frames*r.Data.Stride, videos.size)
	case videos.n > 0:
		s.Video = style.Videos(seed, videos.n, drawnFrames, videos.size)
	}
	s, err := inOrder(s, labels)
	if err != nil {
		panic(err) // every label of drawn faces has a name
	}
	return s
}

// inOrder renumbers the labels of samples in the order of a model's classes. A set that names no classes, or one that the model
// lacks, keeps its own labels.
func inOrder(s data.Sets, labels Labels) (data.Sets, error) {
	return s.Map(func(d *data.Dataset) (*data.Dataset, error) {
		names := labels[d.Modality]
		if d.Classes == nil || !contains(names, d.Classes) {
			return d, nil
		}
		relabelled, _, err := data.Relabel(d, names)
		return relabelled, err
	})
}

// validationSets returns what to evaluate on during training, if anything. If the run trains on drawn faces only, faces of
// other people are drawn.
func validationSets(o Options, memory *data.Budget, d modelfile.Description) (data.Sets, error) {
	s, err := data.OpenLists(o.Validation)
	if o.Validation.Empty() && o.Train.Empty() && o.Recipe.Data.DrawnTest > 0 {
		s, err = DrawnTest(d)
	}
	return s.Cached(memory, o.Recipe.Model.ImageSize), err
}

// TestSets returns sets, on which a finished model is measured, in the order of its heads and without unreadable samples. Each is
// read once, so nothing is cached. note hears what was reordered or left out, checked of each sample whose files were checked.
func TestSets(ctx context.Context, m *infer.Model, s data.Sets, note func(string), checked func(done, total int)) (data.Sets, error) {
	s, notes, err := m.Match(s.Cached(data.NewBudget(0), m.Recipe.Model.ImageSize))
	for _, text := range notes {
		note(text)
	}
	if err != nil {
		return s, err
	}
	return m.Skips.Check(ctx, s, checked)
}

// checkLabels returns an error, before any work begins, for a label without a class in the model. Other runs ignore labels.
func checkLabels(r recipe.Recipe, sets data.Sets) error {
	if r.Kind != recipe.Finetune {
		return nil
	}
	for _, d := range sets.All() {
		classes := r.Classes(d.Modality)
		if classes == 0 {
			return fmt.Errorf("recipe %s has no head for %ss: leave them out, or set model.%s_classes", r.Name, d.Modality, d.Modality)
		}
		if err := infer.CheckLabels(d, classes); err != nil {
			return err
		}
	}
	return nil
}
