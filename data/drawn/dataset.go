package drawn

import (
	"fmt"
	"math/rand/v2"

	"mien/data"
)

// PictureOrder and ClipOrder say which expression each label stands for: the class orders of AffectNet-7 and DFEW.
var (
	PictureOrder = [NumExpressions]Expression{Neutral, Happiness, Sadness, Surprise, Fear, Disgust, Anger}
	ClipOrder    = [NumExpressions]Expression{Happiness, Sadness, Neutral, Anger, Surprise, Disgust, Fear}
)

// The sizes that a set accepts, in pixels.
const (
	MinSize = 16
	MaxSize = 1024
)

// Each kind of set has its own stream of random numbers, so that picture i and clip i of one seed differ.
const (
	pictureStream = 0x70696374 << 32
	clipStream    = 0x636c6970 << 32
)

// Pictures returns n square pictures of size pixels a side, each of another person. Sample i shows the expression
// PictureOrder[i%7]. Sets of different seeds share no person: take one seed for training and another for tests.
func Pictures(seed uint64, n, size int) data.Dataset {
	return &set{modality: data.Image, order: &PictureOrder, classes: data.AffectNet7, seed: seed, stream: pictureStream, n: n, frames: 1, size: size}
}

// Clips returns n clips of the given number of frames, each of another person who starts at rest, shows the
// expression ClipOrder[i%7] and lets go of it again. Clips draw only the frames that are read.
func Clips(seed uint64, n, frames, size int) data.Dataset {
	return &set{modality: data.Video, order: &ClipOrder, classes: data.DFEW, seed: seed, stream: clipStream, n: n, frames: frames, size: size}
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
func (s *set) Open(i int) (data.Clip, error) {
	switch {
	case i < 0 || i >= s.Len():
		return nil, fmt.Errorf("drawn faces: no sample %d in a set of %d", i, s.Len())
	case s.size < MinSize || s.size > MaxSize:
		return nil, fmt.Errorf("drawn faces: size %d is outside %d to %d pixels", s.size, MinSize, MaxSize)
	case s.frames < 1:
		return nil, fmt.Errorf("drawn faces: a clip of %d frames; ask for at least 1", s.frames)
	}
	rng := rand.New(rand.NewPCG(s.seed, s.stream+uint64(i)))
	face, expression := NewFace(rng), s.order[s.Label(i)]
	if s.modality == data.Image {
		return &picture{face: face, aus: expression.Perform(rng), size: s.size}, nil
	}
	return &clip{face: face, motion: newMotion(rng, expression, s.frames), frames: s.frames, size: s.size}, nil
}

// picture is a data.Clip of one frame.
type picture struct {
	face Face
	aus  AUs
	size int
}

func (p *picture) Len() int { return 1 }

func (p *picture) Read(indices []int) (*data.Frames, error) {
	if err := within(indices, 1); err != nil {
		return nil, err
	}
	out := data.NewFrames(len(indices), p.size, p.size)
	for t := range indices {
		render(out.Frame(t), &p.face, &p.aus, p.size, p.size)
	}
	return out, nil
}

// clip is a data.Clip that paints frames from its motion.
type clip struct {
	face         Face
	motion       motion
	frames, size int
}

func (c *clip) Len() int { return c.frames }

func (c *clip) Read(indices []int) (*data.Frames, error) {
	if err := within(indices, c.frames); err != nil {
		return nil, err
	}
	out := data.NewFrames(len(indices), c.size, c.size)
	for t, i := range indices {
		face, aus := c.face, c.motion.action(i)
		face.Conditions = c.motion.conditions(c.face.Conditions, i)
		render(out.Frame(t), &face, &aus, c.size, c.size)
	}
	return out, nil
}

// within checks frame numbers against the length of a clip.
func within(indices []int, n int) error {
	for _, i := range indices {
		if i < 0 || i >= n {
			return fmt.Errorf("drawn faces: no frame %d in a clip of %d", i, n)
		}
	}
	return nil
}
