package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"mien/data"
	"mien/face"
	"mien/infer"
)

// The life of a server: tests itself, answers, and ends when it is told to, after what is under way.

// Serve answers on a listener until the context ends, and then for as long as it takes to finish what is under way, at most
// Limits.DrainTime. No one else may use the model and the detector meanwhile.
func Serve(ctx context.Context, on net.Listener, c Config, m *infer.Model, d *face.Detector) error {
	return serve(ctx, on, c, model{m, d})
}

func serve(ctx context.Context, on net.Listener, c Config, a analyzer) (err error) {
	s, err := newServer(c, a)
	if err != nil {
		on.Close()
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	go s.worker.run(work)
	defer func() {
		s.jobs.stop()
		s.jobs.active.Wait()
		stop()
		<-s.worker.ended
		err = errors.Join(err, s.Close())
	}()
	h := s.server(work)
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(newLimited(on, c.Limits.Connections)) }()
	if err := s.selfTest(ctx); err != nil && ctx.Err() == nil {
		h.Close()
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return s.drain(h)
}

// server returns the HTTP server with its limits.
func (s *Server) server(base context.Context) *http.Server {
	l := s.Limits
	return &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: l.HeaderTime,
		IdleTimeout:       time.Minute,
		WriteTimeout:      l.BodyTime + l.AnswerTime + 30*time.Second,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// drain lets what is under way end, and refuses what comes.
func (s *Server) drain(h *http.Server) error {
	s.state.Store(draining)
	s.log.Info("ending, after what is under way", "at_most", s.Limits.DrainTime)
	ctx, cancel := context.WithTimeout(context.Background(), s.Limits.DrainTime)
	defer cancel()
	s.jobs.idle(ctx)
	_ = s.queue.take(ctx, int64(s.Limits.Queue)) // when all places are free, every request has its answer
	// Until here /readyz says why requests are refused; from here on nobody can connect.
	err := h.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("what is under way was cut off")
		err = h.Close()
	}
	return err
}

// jobLabels are the classes in the columns of a table: those of the head that reads single frames.
func (s *Server) jobLabels() []string {
	if labels := s.Card.Labels[data.Image]; labels != nil {
		return labels
	}
	return s.Card.Labels[data.Video]
}
