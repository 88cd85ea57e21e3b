package drawn

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"mien/data"
)

// The sizes that a set accepts, in pixels.
const MinSize, MaxSize = 16, 1024

// Each kind of set has its own stream of random numbers, so that image i and video i of one seed differ.
const imageStream, videoStream = 0x70696374 << 32, 0x636c6970 << 32

// Images returns n square images of size pixels a side, each of another person. Sample i shows the expression
// data.AffectNet7[i%7]. Sets of different seeds share no person: take one seed for training and another for tests.
func Images(seed uint64, n, size int) data.Dataset {
	return &set{modality: data.Image, classes: data.AffectNet7, seed: seed, stream: imageStream, n: n, frames: 1, size: size}
}

// Videos returns n videos of the given number of frames, each of another person who starts at rest, shows the
// expression data.DFEW[i%7] and lets go of it again. Videos draw only the frames that are read.
func Videos(seed uint64, n, frames, size int) data.Dataset {
	return &set{modality: data.Video, classes: data.DFEW, seed: seed, stream: videoStream, n: n, frames: frames, size: size}
}

// set is a data.Dataset that draws what is asked for.
type set struct {
	modality        data.Modality
	classes         []string // one for each expression
	seed, stream    uint64
	n, frames, size int
}

func (s *set) Modality() data.Modality { return s.modality }

func (s *set) Len() int { return max(s.n, 0) }

func (s *set) Label(i int) int { return i % len(s.classes) }

func (s *set) Classes() []string { return s.classes }

func (s *set) Name(i int) string {
	class := s.classes[s.Label(i)]
	return fmt.Sprintf("drawn/%s-%d/%05d-%s", s.modality, s.seed, i, strings.ToUpper(class[:1])+class[1:])
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
	c := &sample{set: s, face: NewFace(rng)}
	if class := s.classes[s.Label(i)]; s.modality == data.Image {
		c.motion.rest = perform(rng, class)
	} else {
		c.motion = newMotion(rng, class, s.frames)
	}
	return c, nil
}

// sample is a data.Sample that paints the frames that are read.
type sample struct {
	set    *set
	face   Face
	motion motion
}

func (s *sample) Len() int { return s.set.frames }

func (s *sample) Read(indices []int) (*data.Frames, error) {
	size := s.set.size
	out := data.NewFrames(len(indices), size, size)
	for t, i := range indices {
		if i < 0 || i >= s.Len() {
			return nil, fmt.Errorf("drawn faces: no frame %d in a sample of %d", i, s.Len())
		}
		face, aus := Face{s.face.Identity, s.motion.conditions(s.face.Conditions, i)}, s.motion.action(i)
		render(out.Frame(t), &face, &aus, size, size)
	}
	return out, nil
}
