package serve

import (
	"context"
	"errors"
	"fmt"
	"math"

	"mien/data"
	"mien/data/drawn"
	"mien/face"
	"mien/infer"
	"mien/pipeline"
)

// analyzer is what the worker asks, one thing at a time. Tests have their own.
type analyzer interface {
	// Faces reads pictures; the answer to one does not depend on the others.
	Faces(ctx context.Context, opt pipeline.Options, pictures []*data.Frames) ([]pipeline.Frame, error)
	// Follow begins a video.
	Follow(opt pipeline.Options) (follower, error)
	// Classify returns the class probabilities of a face that is cut out: one picture, or the frames of a clip.
	Classify(ctx context.Context, head data.Modality, f *data.Frames) ([]float64, error)
	// Explain says what the model looks at in a face.
	Explain(ctx context.Context, opt pipeline.Options, picture *data.Frames, f pipeline.Face) (explanation, error)
	// SelfTest asks about a known face.
	SelfTest(ctx context.Context) error
}

// follower is a video that is being read, chunk by chunk.
type follower interface {
	Add([]data.Frame) (pipeline.Results, error)
	Finish() (pipeline.Results, error)
}

// explanation is what the model looks at in one face, by patches: rows × columns of what it saw, the face as it was cut out.
type explanation struct {
	Face      int           `json:"face"`             // its place among the faces, from 1
	Rows      int           `json:"rows"`             // of patches, as many as columns
	Corners   [4][2]float64 `json:"corners"`          // of what the model saw, in the picture: upper left, upper right, lower left, lower right
	Attention []float64     `json:"attention"`        // of the last block, of each patch; the sum is 1
	Rollout   []float64     `json:"rollout"`          // through all blocks
	Experts   int           `json:"experts"`          // in a block
	TopK      int           `json:"top_k"`            // of them work on a patch
	Blocks    []int         `json:"blocks,omitempty"` // that have experts
	Routes    [][]int32     `json:"routes,omitempty"` // of each of these, the experts of each patch, the most certain first
}

// model is the analyzer of a detector and a model.
type model struct {
	infer    *infer.Model
	detector *face.Detector
}

func (m model) pipeline(opt pipeline.Options) (*pipeline.Pipeline, error) {
	return pipeline.New(m.infer, m.detector, opt)
}

func (m model) Faces(ctx context.Context, opt pipeline.Options, pictures []*data.Frames) ([]pipeline.Frame, error) {
	p, err := m.pipeline(opt)
	if err != nil {
		return nil, err
	}
	return p.Faces(ctx, pictures)
}

func (m model) Follow(opt pipeline.Options) (follower, error) {
	p, err := m.pipeline(opt)
	if err != nil {
		return nil, err
	}
	return p.Follow(), nil
}

func (m model) Classify(ctx context.Context, head data.Modality, f *data.Frames) ([]float64, error) {
	p, err := m.infer.Predict(ctx, "input", clip{f}, head)
	return p.Probabilities, err
}

// clip is frames as a sample.
type clip struct{ *data.Frames }

// Len implements data.Sample.
func (c clip) Len() int { return c.T }

// Read implements data.Sample.
func (c clip) Read(ctx context.Context, indices []int) (*data.Frames, error) {
	out := data.NewFrames(len(indices), c.H, c.W)
	for to, from := range indices {
		copy(out.Frame(to), c.Frame(from))
	}
	return out, ctx.Err()
}

func (m model) SelfTest(ctx context.Context) error {
	for _, head := range []data.Modality{data.Image, data.Video} {
		if m.infer.Answers(head) != nil {
			continue
		}
		p, err := m.face(ctx, head)
		if err != nil {
			return err
		}
		sum := 0.0
		for _, v := range p {
			sum += v
		}
		if !(math.Abs(sum-1) < 1e-3) {
			return fmt.Errorf("the probabilities of a face sum to %g, not to 1", sum)
		}
		return nil
	}
	return errors.New("the model has no head that answers")
}

// face classifies a drawn one.
func (m model) face(ctx context.Context, head data.Modality) ([]float64, error) {
	size := m.infer.Recipe.Model.ImageSize
	sample, err := drawn.Images(0, 1, size).Items[0].Open(ctx, data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	f, err := sample.Read(ctx, []int{0})
	if err != nil {
		return nil, err
	}
	return m.Classify(ctx, head, f)
}
