package serve

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mien/data"
	"mien/pipeline"
)

// The life of one job.

// States of a job.
const (
	queued    = "queued"
	running   = "running"
	done      = "done"
	failed    = "failed"
	cancelled = "cancelled"
)

// videoFile is the name of a job's video, which does not say what it is: its contents do.
const videoFile = "video"

// job is a video that is read.
type job struct {
	id, source string
	dir        string
	of         *lease // of the disk
	asked      question
	selection  data.Selection
	preview    bool
	created    time.Time
	cancel     context.CancelFunc
	ended      chan struct{}
	events     *spool // what was found, as server-sent events
	table      *spool // as CSV
	previews   *previews

	mu      sync.Mutex
	state   string
	info    data.FrameInfo
	frames  int
	faces   int
	damaged int
	at      float64 // seconds of the video
	began   time.Time
	ends    time.Time
	damage  string // why the video ends early
	err     error
	fetched time.Time
}

// jobStatus is a job as JSON.
type jobStatus struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Source   string     `json:"source"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	Frames   int        `json:"frames"`           // looked at
	Total    int        `json:"total"`            // in the file, 0 if that is not known
	Time     float64    `json:"time"`             // of the last one, in seconds
	Duration float64    `json:"duration"`         // 0 if it is not known
	Faces    int        `json:"faces"`            // found, each in each frame
	Damaged  int        `json:"damaged"`          // frames
	FPS      float64    `json:"fps"`              // frames a second
	Complete bool       `json:"complete"`         // the whole video was read
	Damage   string     `json:"damage,omitempty"` // why it was not
	Error    *errorText `json:"error,omitempty"`
}

// status returns what a client may know.
func (j *job) status() jobStatus {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := jobStatus{ID: j.id, State: j.state, Source: j.source, Width: j.info.Width, Height: j.info.Height, Frames: j.frames,
		Total: j.info.Frames, Time: j.at, Duration: j.info.Duration, Faces: j.faces, Damaged: j.damaged,
		Complete: j.state == done && j.damage == "", Damage: j.damage}
	if !j.began.IsZero() {
		until := j.ends
		if until.IsZero() {
			until = time.Now()
		}
		s.FPS = float64(j.frames) / max(until.Sub(j.began).Seconds(), 1e-3)
	}
	if j.err != nil {
		s.Error = &errorText{"internal", "a mistake of the server; its log says more under this id", j.id}
		if p := asProblem(j.err); p != nil {
			s.Error.Code, s.Error.Message = p.code, p.message
		}
	}
	return s
}

// finished tells whether results are complete, for better or worse.
func (j *job) finished() bool {
	_, ended, _ := j.events.length()
	return ended
}

// fetchedAt tells whether and when the results of a finished job were fetched last.
func (j *job) fetchedAt() (time.Time, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fetched, !j.fetched.IsZero()
}

// remove removes all files.
func (j *job) remove() {
	j.events.file.Close()
	j.table.file.Close()
	if j.previews != nil {
		j.previews.file.Close()
	}
	os.RemoveAll(j.dir)
	j.of.release()
}

// runJob carries out a job when it is its turn.
func (s *Server) runJob(ctx context.Context, j *job) {
	err := s.jobs.running.take(ctx, 1)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, s.Limits.JobTime)
		err = s.safelyRead(ctx, j)
		cancel()
		s.jobs.running.give(1)
	}
	os.Remove(filepath.Join(j.dir, videoFile))
	if err != nil && asProblem(err) == nil {
		s.log.Error("job failed", "job", j.id, "cause", err)
	}
	j.mu.Lock()
	j.ends, j.err = time.Now(), err
	switch {
	case err == nil:
		j.state = done
	case errors.Is(err, context.Canceled):
		j.state, j.err = cancelled, nil
	default:
		j.state = failed
	}
	j.mu.Unlock()
	j.table.end()
	j.events.end()
}

// safelyRead turns a panic of a decoder into an error of the job.
func (s *Server) safelyRead(ctx context.Context, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return s.readVideo(ctx, j)
}

// readVideo reads the video of a job and writes what is found.
func (s *Server) readVideo(ctx context.Context, j *job) error {
	m := &media{name: j.source, file: filepath.Join(j.dir, videoFile)}
	defer m.Close()
	var err error
	if m.FrameReader, err = data.OpenFrames(ctx, m.file, j.selection); err != nil {
		return s.undecodable(ctx, m, err)
	}
	info := m.Info()
	if err := s.room(ctx, m, info.Width, info.Height); err != nil {
		return err
	}
	if err := j.begin(info); err != nil {
		return err
	}
	labels := s.jobLabels()
	if err := j.writeTable(pipeline.Columns(labels)); err != nil {
		return err
	}
	cut, err := s.follow(ctx, m, j.asked.opt, func(frames []data.Frame, found pipeline.Results) error {
		return j.add(frames, found, labels)
	})
	if cut != nil {
		j.mu.Lock()
		j.damage = m.saying(cut)
		j.mu.Unlock()
	}
	return err
}

func (j *job) begin(info data.FrameInfo) (err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state, j.info, j.began = running, info, time.Now()
	if j.preview {
		j.previews, err = newPreviews(filepath.Join(j.dir, "previews"), j.of)
	}
	return err
}

// shown returns the previews, nil where there are none.
func (j *job) shown() *previews {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.previews
}

// add writes what a chunk adds: previews before what is said of them.
func (j *job) add(frames []data.Frame, found pipeline.Results, labels []string) error {
	if j.preview {
		if err := j.previews.add(frames); err != nil {
			return err
		}
	}
	var rows [][]string
	for _, f := range found.Frames {
		if f.Status != pipeline.NoFace || j.asked.noFace != skipped {
			rows = append(rows, f.Rows(j.source, labels)...)
		}
	}
	if err := j.writeTable(rows...); err != nil {
		return err
	}
	j.count(found.Frames)
	return j.writeEvents(j.asked.json(found))
}

func (j *job) count(frames []pipeline.Frame) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range frames {
		j.frames++
		if f.Time > j.at { // that of a picture is NaN
			j.at = f.Time
		}
		if f.Status == pipeline.OK {
			j.faces += len(f.Faces)
		}
		if f.Err != nil {
			j.damaged++
		}
	}
}

// writeTable adds rows of the CSV.
func (j *job) writeTable(rows ...[]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	_, err := j.table.Write(text.Bytes())
	return err
}

// writeEvents adds an event for each frame, clip and track.
func (j *job) writeEvents(found found) error {
	var text bytes.Buffer
	for _, f := range found.Frames {
		writeEvent(&text, "frame", f)
	}
	for _, c := range found.Clips {
		writeEvent(&text, "clip", c)
	}
	for _, t := range found.Tracks {
		writeEvent(&text, "track", t)
	}
	_, err := j.events.Write(text.Bytes())
	return err
}

// writeEvent writes a server-sent event. JSON has no line breaks.
func writeEvent(to *bytes.Buffer, name string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	fmt.Fprintf(to, "event: %s\ndata: %s\n\n", name, text)
}
