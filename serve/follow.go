package serve

import (
	"context"
	"errors"
	"io"
	"time"

	"mien/data"
	"mien/pipeline"
)

// Videos are read in chunks: while one is looked at nothing of the video is decoded, so that there is never more of it than a chunk.

// Frames of a chunk, fewer where they are large: other requests wait while the model looks at one.
const (
	chunkFrames = 8
	chunkPixels = 4_000_000
)

// follow reads a video to its end and hands on what each chunk adds, with its frames. complete is false if the video is cut off, which why
// says.
func (s *Server) follow(ctx context.Context, m *media, opt pipeline.Options, each func([]data.Frame, pipeline.Results) error) (why error, err error) {
	video, err := ask(ctx, s.worker, "begin", func(a analyzer) (follower, error) { return a.Follow(opt) })
	if err != nil {
		return nil, err
	}
	for ended := false; !ended; {
		chunk, cut, err := s.chunk(ctx, m)
		if err != nil {
			return nil, err
		}
		why, ended = cut, len(chunk) == 0
		found, err := s.add(ctx, video, chunk)
		if err != nil {
			return nil, err
		}
		if err := each(chunk, found); err != nil {
			return nil, err
		}
	}
	return why, nil
}

// add has a chunk looked at or, if it is empty, ends the video.
func (s *Server) add(ctx context.Context, video follower, chunk []data.Frame) (pipeline.Results, error) {
	found, err := ask(ctx, s.worker, "chunk", func(analyzer) (pipeline.Results, error) {
		if len(chunk) == 0 {
			return video.Finish()
		}
		return video.Add(chunk)
	})
	s.count(found.Frames)
	return found, err
}

// chunk decodes the next frames, none at the end. cut says why the video ends there if it should go on.
func (s *Server) chunk(ctx context.Context, m *media) (frames []data.Frame, cut, err error) {
	began, pixels := time.Now(), 0
	for len(frames) < chunkFrames && pixels < chunkPixels {
		f, err := m.Next()
		if err == io.EOF {
			break
		}
		if e, ok := errors.AsType[*data.CutError](err); ok {
			s.metrics.undecoded.add(1)
			return frames, e, nil
		}
		if err != nil {
			return nil, nil, s.undecodable(ctx, m, err)
		}
		if f.Frames != nil {
			pixels += f.W * f.H
		}
		frames = append(frames, f)
	}
	s.metrics.inference.observe(time.Since(began), "decode")
	return frames, nil, nil
}

// count counts what was found.
func (s *Server) count(frames []pipeline.Frame) {
	for _, f := range frames {
		s.metrics.frames.add(1, string(f.Status))
		if f.Status == pipeline.OK {
			s.metrics.faces.add(len(f.Faces))
		}
	}
}
