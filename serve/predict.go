package serve

import (
	"context"
	"net/http"
	"time"

	"mien/data"
	"mien/pipeline"
)

// POST /v1/predict: a picture or a short clip, answered at once.

func (s *Server) predict(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	asked := s.readQuestion(q, asRow, skipped, asError, asWhole)
	explain := q.number("explain", 1, s.Limits.Faces, 0)
	if err := q.end(); err != nil {
		return err
	}
	leave, err := s.enter(r)
	if err != nil {
		return err
	}
	defer leave()
	name, body, free, err := s.receive(w, r)
	if err != nil {
		return err
	}
	defer free()
	place, err := s.place()
	if err != nil {
		return err
	}
	defer place()
	ctx, cancel := context.WithTimeout(r.Context(), s.Limits.AnswerTime)
	defer cancel()
	a, err := s.answer(ctx, name, body, asked, explain)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, a)
	return nil
}

// enter refuses a request whose body need not come: the server is not ready, the queue is full, or the client has enough under way.
func (s *Server) enter(r *http.Request) (leave func(), err error) {
	if err := s.ready(); err != nil {
		return nil, s.refused(err)
	}
	if s.queue.used() >= int64(s.Limits.Queue) {
		return nil, s.refused(unavailable("queue_full", "the queue is full"))
	}
	from := client(r)
	if !s.clients.enter(from) {
		p := newProblem(http.StatusTooManyRequests, "too_many_requests", "%d requests of this client are under way", s.Limits.PerClient)
		p.after = time.Second
		return nil, s.refused(p)
	}
	return func() { s.clients.leave(from) }, nil
}

func (s *Server) refused(err error) error {
	s.metrics.rejected.add(1, asProblem(err).code)
	return err
}

// place takes a place in the queue.
func (s *Server) place() (leave func(), err error) {
	if !s.queue.try(1) {
		return nil, s.refused(unavailable("queue_full", "the queue is full"))
	}
	return func() { s.queue.give(1) }, nil
}

// receive reads the body to memory, which free gives back.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (name string, body []byte, free func(), err error) {
	if err := begin(w, r, s.Limits.Body, s.Limits.BodyTime); err != nil {
		return "", nil, nil, err
	}
	of := &lease{of: s.memory}
	file, err := readUpload(r)
	if err == nil {
		body, err = readAll(file, of)
	}
	if err == nil {
		err = arrived(w)
	}
	if err != nil {
		of.release()
		return "", nil, nil, err
	}
	return file.name, body, of.release, nil
}

// answer looks at what has come.
func (s *Server) answer(ctx context.Context, name string, body []byte, asked question, explain int) (*answer, error) {
	began := time.Now()
	m, err := s.openBody(ctx, name, body)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	a := &answer{Format: answerFormat, Source: name, Model: s.card()}
	a.Width, a.Height, a.Timing = m.Info().Width, m.Info().Height, map[string]milliseconds{"decode": since(began)}
	looked := time.Now()
	if m.Info().Still {
		a.Kind, err = "picture", s.picture(ctx, a, m, asked, explain)
	} else if a.Kind = "clip"; explain > 0 {
		err = malformed("explain is for pictures")
	} else {
		err = s.clip(ctx, a, m, asked)
	}
	a.Timing["analyse"], a.Timing["total"] = since(looked), since(began)
	return a, err
}

// picture answers for one picture.
func (s *Server) picture(ctx context.Context, a *answer, m *media, asked question, explain int) error {
	f, err := m.Next()
	if err == nil {
		err = f.Err
	}
	if err != nil {
		return s.undecodable(ctx, m, err)
	}
	found, err := s.worker.faces(ctx, asked.opt, f.Frames)
	if err != nil {
		return err
	}
	s.count([]pipeline.Frame{found})
	if found.Status == pipeline.NoFace && asked.noFace == asError {
		return noFace()
	}
	if explain > 0 {
		if err := s.explain(ctx, a, asked, f.Frames, found, explain); err != nil {
			return err
		}
	}
	a.found = asked.json(pipeline.Results{Frames: []pipeline.Frame{found}})
	return nil
}

func noFace() error {
	return newProblem(http.StatusUnprocessableEntity, "no_face", "there is no face in it")
}

// explain adds what the model looks at in the n-th face.
func (s *Server) explain(ctx context.Context, a *answer, asked question, picture *data.Frames, found pipeline.Frame, n int) error {
	if n > len(found.Faces) {
		return newProblem(http.StatusUnprocessableEntity, "no_face", "there are %d faces: there is no face %d to explain", len(found.Faces), n)
	}
	e, err := ask(ctx, s.worker, "explain", func(m analyzer) (explanation, error) {
		return m.Explain(ctx, asked.opt, picture, found.Faces[n-1])
	})
	e.Face, a.Explanation = n, &e
	return err
}

// clip answers for a short video.
func (s *Server) clip(ctx context.Context, a *answer, m *media, asked question) error {
	var all pipeline.Results
	faces := 0
	cut, err := s.follow(ctx, m, asked.opt, func(_ []data.Frame, more pipeline.Results) error {
		if len(all.Frames)+len(more.Frames) > s.Limits.Frames {
			return tooLarge("too_many_frames", "more than %d frames: POST it to /v1/jobs", s.Limits.Frames)
		}
		for _, f := range more.Frames {
			faces += len(f.Faces)
		}
		all.Frames, all.Clips, all.Summaries = append(all.Frames, more.Frames...), append(all.Clips, more.Clips...), append(all.Summaries, more.Summaries...)
		return nil
	})
	switch {
	case err != nil:
		return err
	case faces == 0 && asked.noFace == asError:
		return noFace()
	case cut != nil:
		a.Damage = m.saying(cut)
	}
	a.found = asked.json(all)
	return nil
}
