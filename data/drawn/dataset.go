package drawn

import (
	"fmt"
	"math/rand/v2"

	"mien/data"
)

// ImageOrder and VideoOrder say which expression each label stands for: the class orders of AffectNet-7 and DFEW.
var (
	ImageOrder = [NumExpressions]Expression{Neutral, Happiness, Sadness, Surprise, Fear, Disgust, Anger}
	VideoOrder = [NumExpressions]Expression{Happiness, Sadness, Neutral, Anger, Surprise, Disgust, Fear}
)

// The sizes that a set accepts, in pixels.
const (
	MinSize = 16
	MaxSize = 1024
)

// Each kind of set has its own stream of random numbers, so that image i and video i of one seed differ.
const (
	imageStream = 0x70696374 << 32
	videoStream = 0x636c6970 << 32
)

// Images returns n square images of size pixels a side, each of another person. Sample i shows the expression
// ImageOrder[i%7]. Sets of different seeds share no person: take one seed for training and another for tests.
func Images(seed uint64, n, size int) data.Dataset {
	return &set{modality: data.Image, order: &ImageOrder, classes: data.AffectNet7, seed: seed, stream: imageStream, n: n, frames: 1, size: size}
}

// Videos returns n videos of the given number of frames, each of another person who starts at rest, shows the
// expression VideoOrder[i%7] and lets go of it again. Videos draw only the frames that are read.
func Videos(seed uint64, n, frames, size int) data.Dataset {
	return &set{modality: data.Video, order: &VideoOrder, classes: data.DFEW, seed: seed, stream: videoStream, n: n, frames: frames, size: size}
}

// set is a data.Dataset that draws what is asked for.
type set struct {
	modality        data.Modality
	order           *[NumExpressions]Expression
	classes         []string // the names of order, as lists call them
	seed, stream    uint64
	n, frames, size int
}

func (s *set) Modality() data.Modality { return s.modality }

func (s *set) Len() int { return max(s.n, 0) }

func (s *set) Label(i int) int { return i % NumExpressions }

func (s *set) Classes() []string { return s.classes }

func (s *set) Name(i int) string {
	return fmt.Sprintf("drawn/%s-%d/%05d-%s", s.modality, s.seed, i, s.order[s.Label(i)])
}

// Open draws the person and the course of sample i; frames are painted when read.
func (s *set) Open(i int) (data.Sample, error) {
	switch {
	case i < 0 || i >= s.Len():
		return nil, fmt.Errorf("drawn faces: no sample %d in a set of %d", i, s.Len())
	case s.size < MinSize || s.size > MaxSize:
		return nil, fmt.Errorf("drawn faces: size %d is outside %d to %d pixels", s.size, MinSize, MaxSize)
	case s.frames < 1:
		return nil, fmt.Errorf("drawn faces: a video of %d frames; ask for at least 1", s.frames)
	}
	rng := rand.New(rand.NewPCG(s.seed, s.stream+uint64(i)))
	face, expression := NewFace(rng), s.order[s.Label(i)]
	if s.modality == data.Image {
		return &imageSample{face: face, aus: expression.Perform(rng), size: s.size}, nil
	}
	return &videoSample{face: face, motion: newMotion(rng, expression, s.frames), frames: s.frames, size: s.size}, nil
}

// imageSample is a data.Sample of one frame.
type imageSample struct {
	face Face
	aus  AUs
	size int
}

func (s *imageSample) Len() int { return 1 }

func (s *imageSample) Read(indices []int) (*data.Frames, error) {
	if err := within(indices, 1); err != nil {
		return nil, err
	}
	out := data.NewFrames(len(indices), s.size, s.size)
	for t := range indices {
		render(out.Frame(t), &s.face, &s.aus, s.size, s.size)
	}
	return out, nil
}

// videoSample is a data.Sample that paints frames from its motion.
type videoSample struct {
	face         Face
	motion       motion
	frames, size int
}

func (s *videoSample) Len() int { return s.frames }

func (s *videoSample) Read(indices []int) (*data.Frames, error) {
	if err := within(indices, s.frames); err != nil {
		return nil, err
	}
	out := data.NewFrames(len(indices), s.size, s.size)
	for t, i := range indices {
		face, aus := s.face, s.motion.action(i)
		face.Conditions = s.motion.conditions(s.face.Conditions, i)
		render(out.Frame(t), &face, &aus, s.size, s.size)
	}
	return out, nil
}

// within checks frame numbers against the length of a sample.
func within(indices []int, n int) error {
	for _, i := range indices {
		if i < 0 || i >= n {
			return fmt.Errorf("drawn faces: no frame %d in a sample of %d", i, n)
		}
	}
	return nil
}
