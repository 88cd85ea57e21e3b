// Package serve answers over HTTP what package pipeline finds in pictures and videos, and has a page for people. It opens no connection
// itself, takes no path and no address as input, and keeps nothing: pictures are in memory until they are answered, videos of jobs in a
// folder that is removed with the server.
//
// A request goes through these files: route.go (which handler), guard.go (who may ask), body.go (what has come), predict.go, jobs.go or
// infer.go (what is asked), worker.go (the one goroutine that computes).
package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"mien/data"
)

// Config is what a server is of.
type Config struct {
	Card   Card
	Limits Limits
	Token  string   // that requests must have; "" is none
	Hosts  []string // names by which the server is called, besides addresses and localhost
	Local  bool     // only this machine can connect
	Log    *slog.Logger
}

// Card says what model answers.
type Card struct {
	Name    string // in addresses, too
	SHA256  string
	Version string                     // of mien
	Kernels string                     // that compute
	Labels  map[data.Modality][]string // of the heads that answer, in their order
	Frames  int                        // of a clip
	Size    int                        // pixels of what the model sees, in height and width
	Caveat  string
}

// Server is an HTTP server of one model.
type Server struct {
	Config
	log     *slog.Logger
	guard   guard
	metrics *metrics
	worker  *worker
	jobs    *jobs
	started time.Time

	memory   *budget // bytes of bodies
	decoded  *budget // pixels
	decoders *budget // pictures that are being decoded
	films    *budget // clips that are open through files
	queue    *budget // places of requests that have no answer yet
	clients  clients

	state    atomic.Int32
	inFlight atomic.Int64
}

// States of a server.
const (
	starting = iota
	ready
	draining
)

// newServer returns a server whose worker is not running yet.
func newServer(c Config, a analyzer) (*Server, error) {
	l := c.Limits
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Config: c, log: c.Log, guard: newGuard(c.Token, c.Hosts), metrics: newMetrics(), started: time.Now(),
		memory: newBudget(l.Memory), decoded: newBudget(int64(l.Decoded)), decoders: newBudget(decoders()), films: newBudget(decoders()),
		queue:   newBudget(int64(l.Queue)),
		clients: clients{most: l.PerClient, n: map[string]int{}}}
	s.worker = newWorker(a, s.metrics, func(cause error) { s.log.Error("a mistake of the server", "cause", cause) })
	jobs, err := newJobs(s)
	if err != nil {
		return nil, err
	}
	s.jobs = jobs
	return s, nil
}

// clients counts the requests of each client that are under way.
type clients struct {
	mu   sync.Mutex
	most int
	n    map[string]int
}

// enter tells whether one more request of a client may be under way, and counts it.
func (c *clients) enter(client string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client != "" && c.n[client] >= c.most {
		return false
	}
	c.n[client]++
	return true
}

func (c *clients) leave(client string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n[client]--; c.n[client] == 0 {
		delete(c.n, client)
	}
}

// selfTest asks the model something and makes the server ready if it answers.
func (s *Server) selfTest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.AnswerTime)
	defer cancel()
	err := s.worker.do(ctx, "self-test", func(a analyzer) error { return a.SelfTest(ctx) })
	if err != nil {
		return fmt.Errorf("the self-test of the model failed: %w", err)
	}
	s.state.CompareAndSwap(starting, ready)
	return nil
}

// Close removes all files. The worker must have ended.
func (s *Server) Close() error {
	return os.RemoveAll(s.jobs.dir)
}

// ready returns nil if the model answers, and why it does not else.
func (s *Server) ready() error {
	switch s.state.Load() {
	case ready:
		return nil
	case draining:
		return unavailable("draining", "the server is ending")
	}
	return unavailable("not_ready", "the model is being tested")
}
