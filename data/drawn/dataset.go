package drawn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"mien/data"
)

// The sizes that a set accepts, in pixels.
const MinSize, MaxSize = 16, 1024

// Each kind of set has its own stream of random numbers, so that image i and video i of one seed differ. A style has another in each,
// beyond those of all samples, so that it does not change who is drawn.
const imageStream, videoStream, pairStream, styleStream = 0x70696374 << 32, 0x636c6970 << 32, 0x70616972 << 32, 1 << 31

// Images returns n square images of size pixels a side, each of another person, in the style of the zero value. Sample i shows the
// expression data.AffectNet7[i%7]. Sets of different seeds share no person: take one seed for training and another for tests.
func Images(seed uint64, n, size int) *data.Dataset { return Style{}.Images(seed, n, size) }

// Videos returns n videos of the given number of frames, each of another person who starts at rest, shows the
// expression data.DFEW[i%7] and lets go of it again. Videos draw only the frames that are read.
func Videos(seed uint64, n, frames, size int) *data.Dataset {
	return Style{}.Videos(seed, n, frames, size)
}

// Courses are the classes of [Reversed].
var Courses = []string{"onset", "offset"}

// expressions are what has an onset.
var expressions = slices.DeleteFunc(slices.Clone(data.DFEW), func(class string) bool { return class == "neutral" })

// Reversed returns n videos in pairs, each pair of another person: sample 2k is the onset of an expression, from rest until it is complete, and
// sample 2k+1 is the same frames in reverse, its offset. What disregards the order of frames, such as a mean over them, cannot tell the
// two classes apart. Pair k shows the k-th of the six expressions of data.DFEW, again and again.
func Reversed(seed uint64, n, frames, size int) *data.Dataset {
	return Style{}.Reversed(seed, n, frames, size)
}

// Images returns images in a style.
func (y Style) Images(seed uint64, n, size int) *data.Dataset {
	return imageSet(seed, size).in(y).first(n)
}

// Videos returns videos in a style.
func (y Style) Videos(seed uint64, n, frames, size int) *data.Dataset {
	return videoSet(seed, frames, size).in(y).first(n)
}

// Reversed returns onsets and offsets in a style, of which its framing counts.
func (y Style) Reversed(seed uint64, n, frames, size int) *data.Dataset {
	return pairSet(seed, frames, size).in(Style{Framing: y.Framing}).first(n)
}

// set draws the samples of a data.Dataset.
type set struct {
	modality     data.Modality
	classes      []string // one for each expression
	seed, stream uint64
	frames, size int
	style        Style
	pairs        bool // of an onset and its reverse
}

func imageSet(seed uint64, size int) *set {
	return &set{modality: data.Image, classes: data.AffectNet7, seed: seed, stream: imageStream, frames: 1, size: size}
}

func videoSet(seed uint64, frames, size int) *set {
	return &set{modality: data.Video, classes: data.DFEW, seed: seed, stream: videoStream, frames: frames, size: size}
}

func pairSet(seed uint64, frames, size int) *set {
	return &set{modality: data.Video, classes: Courses, seed: seed, stream: pairStream, frames: frames, size: size, pairs: true}
}

// in returns s in a style.
func (s *set) in(y Style) *set {
	s.style = y
	return s
}

func (s *set) first(n int) *data.Dataset {
	d := &data.Dataset{Modality: s.modality, Classes: s.classes}
	for i := range n {
		d.Items = append(d.Items, data.Item{Name: s.name(i), Label: slices.Index(s.classes, s.class(i)),
			Open: func(_ context.Context, opt data.OpenOptions) (data.Sample, error) { return s.open(i, opt) }})
	}
	return d
}

// class returns the class of sample i.
func (s *set) class(i int) string {
	shown := s.classes
	if len(s.style.Classes) > 0 {
		shown = s.style.Classes
	}
	return shown[i%len(shown)]
}

func (s *set) name(i int) string {
	class := s.class(i)
	return fmt.Sprintf("drawn/%s-%d/%05d-%s", s.modality, s.seed, i, strings.ToUpper(class[:1])+class[1:])
}

// person draws who is seen in sample i, and returns the random numbers that draw the course of the sample. Those of a pair are the same.
func (s *set) person(i int) (Face, *rand.Rand) {
	if s.pairs {
		i /= 2
	}
	stream := s.stream + uint64(i)
	rng := rand.New(rand.NewPCG(s.seed, stream))
	face := NewFace(rng)
	s.style.frame(&face.Conditions, rand.New(rand.NewPCG(s.seed, stream+styleStream)))
	return face, rng
}

// open draws the person and the course of sample i; frames are painted when read.
func (s *set) open(i int, opt data.OpenOptions) (data.Sample, error) {
	switch {
	case s.size < MinSize || s.size > MaxSize:
		return nil, fmt.Errorf("drawn faces: size %d is outside %d to %d pixels", s.size, MinSize, MaxSize)
	case s.frames < 1:
		return nil, fmt.Errorf("drawn faces: a video of %d frames; ask for at least 1", s.frames)
	}
	face, rng := s.person(i)
	shown := &Sample{face: face}
	switch {
	case s.modality == data.Image:
		shown.motion.rest = s.style.perform(rng, s.class(i))
	case s.pairs:
		shown.motion = newOnset(rng, expressions[i/2%len(expressions)], s.frames)
		shown.reversed = i%2 == 1
	default:
		shown.motion = s.style.newMotion(rng, s.class(i), s.frames)
	}
	shown.Sample = data.NewSample(s.name(i), s.frames, opt, func(_ context.Context, i int) (*data.Frames, error) {
		f := data.NewFrames(1, s.size, s.size)
		face, aus := shown.moment(i)
		render(f.Pix, &face, &aus, s.size, s.size)
		return f, nil
	})
	return shown, nil
}
