package serve

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mien/data"
)

// The jobs that there are: videos that take longer than a client wants to wait.

// jobs keeps them by id, in a folder of its own.
type jobs struct {
	server  *Server
	dir     string
	ctx     context.Context // of all that run
	stop    context.CancelFunc
	disk    *budget
	running *budget

	mu     sync.Mutex
	all    map[string]*job
	places int // that are taken, also by videos which are still coming
	active sync.WaitGroup
}

func newJobs(s *Server) (*jobs, error) {
	dir, err := os.MkdirTemp("", "mien-serve-")
	if err != nil {
		return nil, err
	}
	js := &jobs{server: s, dir: dir, disk: newBudget(s.Limits.Disk), running: newBudget(int64(s.Limits.Running)), all: map[string]*job{}}
	js.ctx, js.stop = context.WithCancel(context.Background())
	return js, nil
}

// reserve takes a place for a job, if need be that of the finished one whose results were fetched longest ago.
func (js *jobs) reserve() error {
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.places >= js.server.Limits.Jobs {
		oldest := js.oldestFetched()
		if oldest == nil {
			return unavailable("jobs_full", "%d jobs are kept: DELETE some whose results you have", js.places)
		}
		js.drop(oldest)
	}
	js.places++
	return nil
}

func (js *jobs) oldestFetched() (oldest *job) {
	var since time.Time
	for _, j := range js.all {
		if at, ok := j.fetchedAt(); ok && (oldest == nil || at.Before(since)) {
			oldest, since = j, at
		}
	}
	return oldest
}

// unreserve gives back the place of a job that never came to be.
func (js *jobs) unreserve() {
	js.mu.Lock()
	defer js.mu.Unlock()
	js.places--
}

// drop forgets a job and ends it. js is locked.
func (js *jobs) drop(j *job) {
	if js.all[j.id] != j {
		return
	}
	delete(js.all, j.id)
	js.places--
	j.cancel()
	go func() {
		<-j.ended
		j.remove()
	}()
}

// get returns a job.
func (js *jobs) get(id string) (*job, error) {
	js.mu.Lock()
	defer js.mu.Unlock()
	j := js.all[id]
	if j == nil {
		return nil, newProblem(http.StatusNotFound, "no_such_job", "there is no job of this id, or it was removed")
	}
	return j, nil
}

// remove forgets a job, maybe because its time is over.
func (js *jobs) remove(id string) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if j := js.all[id]; j != nil {
		js.drop(j)
	}
}

// receive stores the video of a job that is about to begin.
func (js *jobs) receive(r io.Reader) (dir string, of *lease, err error) {
	of = &lease{of: js.disk}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
			of.release()
		}
	}()
	if dir, err = os.MkdirTemp(js.dir, "job-"); err != nil {
		return "", nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, videoFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return dir, nil, err
	}
	n, err := io.Copy(onDisk{file, of}, r)
	if err == io.ErrUnexpectedEOF {
		err = malformed("the body ends too early")
	}
	if err == nil && n == 0 {
		err = malformed("the body is empty")
	}
	return dir, of, errors.Join(err, file.Close())
}

// onDisk is a file that takes from a budget before it grows.
type onDisk struct {
	io.Writer
	of *lease
}

func (f onDisk) Write(p []byte) (int, error) {
	if !f.of.grow(int64(len(p))) {
		return 0, unavailable("disk", "there is no room for this video at the moment")
	}
	return f.Writer.Write(p)
}

// start begins a job, whose place is reserved.
func (js *jobs) start(name, dir string, of *lease, asked question, sel data.Selection, preview bool) (*job, error) {
	j := &job{id: newID(), source: name, dir: dir, of: of, asked: asked, selection: sel, preview: preview, created: time.Now(),
		state: queued, ended: make(chan struct{})}
	var err error
	if j.events, err = newSpool(filepath.Join(dir, "events"), of); err == nil {
		j.table, err = newSpool(filepath.Join(dir, "table"), of)
	}
	if err != nil {
		os.RemoveAll(dir)
		of.release()
		return nil, err
	}
	ctx, cancel := context.WithCancel(js.ctx)
	j.cancel = cancel
	js.mu.Lock()
	js.all[j.id] = j
	js.mu.Unlock()
	js.active.Go(func() {
		defer close(j.ended)
		defer cancel()
		js.server.runJob(ctx, j)
		time.AfterFunc(js.server.Limits.KeepTime, func() { js.remove(j.id) })
	})
	return j, nil
}

// idle waits until no job is under way, or the context ends.
func (js *jobs) idle(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		js.active.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// kept returns how many there are.
func (js *jobs) kept() int {
	js.mu.Lock()
	defer js.mu.Unlock()
	return len(js.all)
}
