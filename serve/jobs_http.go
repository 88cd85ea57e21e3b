package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"mien/data"
)

// What clients can do with jobs.

// postJob takes a video and begins a job: 202 and where to look for it.
func (s *Server) postJob(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	asked := s.readQuestion(q, asRow, skipped, asWhole)
	sel := data.Selection{FPS: q.real("fps", 1000), Every: q.number("every", 1, 1_000_000, 0), Start: q.real("start", 1e6), End: q.real("end", 1e6)}
	if sel.End > 0 && sel.End <= sel.Start {
		q.wrong("end must be after start")
	}
	preview := q.number("preview", 0, 1, 0) == 1
	if err := q.end(); err != nil {
		return err
	}
	leave, err := s.enter(r)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.jobs.reserve(); err != nil {
		return s.refused(err)
	}
	j, err := s.acceptJob(w, r, asked, sel, preview)
	if err != nil {
		s.jobs.unreserve()
		return err
	}
	w.Header().Set("Location", "/v1/jobs/"+j.id)
	writeJSON(w, http.StatusAccepted, j.status())
	return nil
}

func (s *Server) acceptJob(w http.ResponseWriter, r *http.Request, asked question, sel data.Selection, preview bool) (*job, error) {
	if err := begin(w, r, s.Limits.Video, s.Limits.VideoTime); err != nil {
		return nil, err
	}
	if err := ignoreUnsupported(http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Limits.VideoTime + s.Limits.AnswerTime))); err != nil {
		return nil, err
	}
	file, err := readUpload(r)
	if err != nil {
		return nil, err
	}
	dir, of, err := s.jobs.receive(file)
	if err != nil {
		return nil, err
	}
	if err := arrived(w); err != nil {
		return nil, err
	}
	return s.jobs.start(file.name, dir, of, asked, sel, preview)
}

func (s *Server) getJob(w http.ResponseWriter, r *http.Request) error {
	j, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, j.status())
	return nil
}

// deleteJob ends a job, if it has not ended, and removes its results.
func (s *Server) deleteJob(w http.ResponseWriter, r *http.Request) error {
	j, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	s.jobs.remove(j.id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// heartbeat is how long a client hears nothing at most.
const heartbeat = 15 * time.Second

// jobEvents sends what is found as it is found: frame, clip and track, progress after each chunk, and end. Whoever was cut off goes on with
// the header Last-Event-ID.
func (s *Server) jobEvents(w http.ResponseWriter, r *http.Request) error {
	j, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	at, err := lastEvent(r, j)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	conn := http.NewResponseController(w)
	for {
		size, ended, grown := j.events.length()
		if err := ignoreUnsupported(conn.SetWriteDeadline(time.Now().Add(2 * heartbeat))); err != nil {
			return nil
		}
		if _, err := io.Copy(w, j.events.part(at, size)); err != nil {
			return nil // the client has gone, or the job
		}
		at = size
		if err := sendProgress(w, conn, j, at, ended); err != nil || ended {
			return nil
		}
		select {
		case <-grown:
		case <-time.After(heartbeat):
		case <-r.Context().Done():
			return nil
		case <-s.jobs.ctx.Done():
			return nil
		}
	}
}

// lastEvent returns from where on in the events a client wants to hear them.
func lastEvent(r *http.Request, j *job) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, nil
	}
	at, err := strconv.ParseInt(text, 10, 64)
	if size, _, _ := j.events.length(); err != nil || at < 0 || at > size {
		return 0, malformed("Last-Event-ID is none of this job's")
	}
	return at, nil
}

// sendProgress sends how far a job is. The id is from where on to go on.
func sendProgress(w io.Writer, conn *http.ResponseController, j *job, at int64, ended bool) error {
	name := "progress"
	if ended {
		name = "end"
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "id: %d\n", at)
	writeEvent(&text, name, j.status())
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	return ignoreUnsupported(conn.Flush())
}

// results returns a job whose results are there.
func (s *Server) results(r *http.Request) (*job, error) {
	j, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !j.finished() {
		return nil, newProblem(http.StatusConflict, "not_finished", "the job is not finished: its events say when it is")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fetched = time.Now()
	return j, nil
}

// jobCSV sends the table: a row a face and frame.
func (s *Server) jobCSV(w http.ResponseWriter, r *http.Request) error {
	j, err := s.results(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = io.Copy(w, j.table.all()) // a client that has gone
	return nil
}

// jobResult is what stands around the frames, clips and tracks of a job.
type jobResult struct {
	Format string    `json:"format"`
	Kind   string    `json:"kind"`
	Job    jobStatus `json:"job"`
	Model  modelCard `json:"model"`
}

// jobJSON sends one object: what is found is copied from the events, of which there may be more than fit into memory.
func (s *Server) jobJSON(w http.ResponseWriter, r *http.Request) error {
	j, err := s.results(r)
	if err != nil {
		return err
	}
	head, err := json.Marshal(jobResult{answerFormat, "video", j.status(), s.card()})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	out.Write(bytes.TrimSuffix(head, []byte("}")))
	for _, list := range []struct{ key, event string }{{"frames", "frame"}, {"clips", "clip"}, {"tracks", "track"}} {
		fmt.Fprintf(out, ",\n%q: [", list.key)
		if err := copyEvents(out, j.events.all(), list.event); err != nil {
			break // the client has gone, or the job
		}
		out.WriteString("]")
	}
	out.WriteString("}\n")
	_ = out.Flush()
	return nil
}

// copyEvents writes what events of one name say, with commas between them.
func copyEvents(out *bufio.Writer, events io.Reader, name string) error {
	in, matches, comma := bufio.NewReader(events), false, ""
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if event, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			matches = string(bytes.TrimSpace(event)) == name
		} else if text, ok := bytes.CutPrefix(line, []byte("data: ")); ok && matches {
			out.WriteString(comma + "\n")
			if _, err := out.Write(bytes.TrimSpace(text)); err != nil {
				return err
			}
			comma = ","
		}
	}
}

// jobFrame sends a small picture of a frame, if the job was asked for previews.
func (s *Server) jobFrame(w http.ResponseWriter, r *http.Request) error {
	j, err := s.jobs.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	name := r.PathValue("frame")
	n, err := strconv.Atoi(name)
	p := j.shown()
	if err != nil || p == nil {
		return newProblem(http.StatusNotFound, "no_such_frame", "there is no picture of frame %q", displayName(name))
	}
	picture, err := p.get(n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = io.Copy(w, picture)
	return nil
}
