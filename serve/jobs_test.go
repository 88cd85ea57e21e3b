package serve

import (
	"bytes"
	"encoding/csv"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// begin begins a job and returns its id.
func (h *harness) begin(path string, video []byte) string {
	h.Helper()
	r := h.post(path, video)
	require.Equal(h, 202, r.status, r.body)
	var s jobStatus
	r.into(&s)
	require.Equal(h, "/v1/jobs/"+s.ID, r.header.Get("Location"))
	return s.ID
}

// finish waits for the end of a job and returns its events.
func (h *harness) finish(id string) string {
	h.Helper()
	r := h.get("/v1/jobs/" + id + "/events")
	require.Equal(h, "text/event-stream", r.header.Get("Content-Type"))
	require.Contains(h, r.body, "event: end\n")
	return r.body
}

// A video is read to its end: events as it goes, then JSON and CSV; then it is removed.
func TestJob(t *testing.T) {
	h := start(t, &toy{})
	form, kind := formOf("file", "a,b.gif", gifOf(20, 6, 6))
	r := h.ask(http.MethodPost, "/v1/jobs?preview=1", bytes.NewReader(form), "Content-Type", kind)
	var s jobStatus
	r.into(&s)
	id := s.ID
	events := h.finish(id)
	require.Equal(t, 20, strings.Count(events, "event: frame\n"))
	require.Equal(t, 1, strings.Count(events, "event: clip\n"))
	require.Equal(t, 1, strings.Count(events, "event: track\n"))

	h.get("/v1/jobs/" + id).into(&s)
	require.Equal(t, jobStatus{ID: id, State: done, Source: "a,b.gif", Width: 6, Height: 6, Frames: 20, Total: 20, Time: s.Time, Duration: s.Duration,
		Faces: 20, FPS: s.FPS, Complete: true}, s)
	require.InDelta(t, 1.9, s.Time, 1e-9)
	require.Positive(t, s.FPS)

	var result struct {
		Format string
		Kind   string
		Frames []struct{ Index int }
		Clips  []struct{ Face int }
		Tracks []struct{ Frames int }
		Job    jobStatus
	}
	h.get("/v1/jobs/" + id + "/result.json").into(&result)
	require.Equal(t, answerFormat, result.Format)
	require.Len(t, result.Frames, 20)
	require.Equal(t, 19, result.Frames[19].Index)
	require.Len(t, result.Clips, 1)
	require.Equal(t, 20, result.Tracks[0].Frames)
	require.True(t, result.Job.Complete)

	table := h.get("/v1/jobs/" + id + "/result.csv")
	require.Equal(t, "text/csv; charset=utf-8", table.header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(table.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 21)
	require.Equal(t, []string{"p_dark", "p_bright"}, rows[0][12:])
	require.Equal(t, "a,b.gif", rows[1][0])

	preview := h.get("/v1/jobs/" + id + "/frames/19").body
	require.Less(t, len(preview), 2*len(h.get("/v1/jobs/"+id+"/frames/0").body), "one picture alone")
	picture, err := jpeg.Decode(strings.NewReader(preview))
	require.NoError(t, err)
	require.Equal(t, 6, picture.Bounds().Dx())
	require.Equal(t, "no_such_frame", h.get("/v1/jobs/"+id+"/frames/20").code())
	require.Equal(t, "no_such_frame", h.get("/v1/jobs/"+id+"/frames/-1").code())
	require.Equal(t, "no_such_frame", h.get("/v1/jobs/"+id+"/frames/x").code())

	require.Equal(t, 204, h.ask(http.MethodDelete, "/v1/jobs/"+id, nil).status)
	require.Equal(t, 404, h.get("/v1/jobs/"+id).status)
	require.Eventually(t, func() bool { return len(files(t)) == 0 }, 5*time.Second, time.Millisecond, "its files are gone")
	require.Eventually(t, func() bool { return strings.Contains(h.get("/metrics").body, "mien_disk_bytes 0\n") }, 5*time.Second, time.Millisecond)
}

// files are those of all jobs.
func files(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*", "*", "*"))
	require.NoError(t, err)
	return found
}

// A picture is a job of one frame, which has no time.
func TestJobOfPicture(t *testing.T) {
	h := start(t, &toy{})
	id := h.begin("/v1/jobs", pictureOf(6, 6, 200))
	require.Equal(t, 1, strings.Count(h.finish(id), "event: frame\n"))
	var s jobStatus
	h.get("/v1/jobs/" + id).into(&s)
	require.Equal(t, []any{done, 1, 1, 0.0, true}, []any{s.State, s.Frames, s.Faces, s.Time, s.Complete})
	var result struct{ Frames []struct{ Faces []any } }
	h.get("/v1/jobs/" + id + "/result.json").into(&result)
	require.Len(t, result.Frames, 1)
	require.Len(t, result.Frames[0].Faces, 1)
}

// A client that was cut off goes on where it was.
func TestEventsGoOn(t *testing.T) {
	h := start(t, &toy{})
	id := h.begin("/v1/jobs", gifOf(20, 6, 6))
	whole := h.finish(id)
	_, rest, ok := strings.Cut(whole, "\nid: ")
	require.True(t, ok)
	last, _, _ := strings.Cut(rest, "\n")
	r := h.ask(http.MethodGet, "/v1/jobs/"+id+"/events", nil, "Last-Event-ID", last)
	require.Less(t, strings.Count(r.body, "event: frame\n"), 20)
	require.Contains(t, r.body, "event: end\n")
	for _, wrong := range []string{"-1", "99999999", "x"} {
		require.Equal(t, "malformed", h.ask(http.MethodGet, "/v1/jobs/"+id+"/events", nil, "Last-Event-ID", wrong).code())
	}
}

// A selection leaves frames out, and no_face=skip those without a face.
func TestJobSelects(t *testing.T) {
	h := start(t, &toy{})
	for path, frames := range map[string]int{"?every=5": 4, "?start=1&end=1.5": 5, "?fps=5": 10, "?no_face=skip": 20} {
		id := h.begin("/v1/jobs"+path, gifOf(20, 6, 6))
		require.Equal(t, frames, strings.Count(h.finish(id), "event: frame\n"), path)
	}
}

// Results are there when the job is done, not before; DELETE ends a job that is under way.
func TestCancelJob(t *testing.T) {
	h, a := held(t)
	id := h.begin("/v1/jobs", gifOf(20, 6, 6))
	<-a.began
	require.Equal(t, "not_finished", h.get("/v1/jobs/"+id+"/result.json").code())
	require.Equal(t, 409, h.get("/v1/jobs/"+id+"/result.csv").status)
	require.Equal(t, "no_such_frame", h.get("/v1/jobs/"+id+"/frames/0").code())
	require.Equal(t, 204, h.ask(http.MethodDelete, "/v1/jobs/"+id, nil).status)
	close(a.gate)
	require.Eventually(t, func() bool { return len(files(t)) == 0 }, 5*time.Second, time.Millisecond)
}

// A job that fails says why; one of damaged video keeps what was found.
func TestJobFails(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.Pixels = 1000 })
	for _, c := range []struct {
		video []byte
		code  string
	}{{[]byte("no video"), "undecodable"}, {gifOf(2, 40, 40), "too_many_pixels"}, {gifOf(2, panics, 4), "internal"}} {
		id := h.begin("/v1/jobs", c.video)
		h.finish(id)
		var s jobStatus
		h.get("/v1/jobs/" + id).into(&s)
		require.Equal(t, failed, s.State)
		require.False(t, s.Complete)
		require.Equal(t, c.code, s.Error.Code)
		require.NotContains(t, s.Error.Message, os.Getenv("TMPDIR"))
		h.get("/v1/jobs/" + id + "/result.json").into(&struct{ Frames []any }{})
	}
	whole := gifOf(20, 30, 30)
	id := h.begin("/v1/jobs", whole[:len(whole)*3/4])
	h.finish(id)
	var s jobStatus
	h.get("/v1/jobs/" + id).into(&s)
	require.Equal(t, done, s.State)
	require.False(t, s.Complete)
	require.NotEmpty(t, s.Damage)
	require.Greater(t, s.Frames, 5)
	require.Less(t, s.Frames, 20)
}

// There are only so many jobs; the oldest of those whose results were fetched makes room.
func TestJobsAreLimited(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.Jobs = 2 })
	first, second := h.begin("/v1/jobs", gifOf(1, 6, 6)), h.begin("/v1/jobs", gifOf(1, 6, 6))
	h.finish(first)
	h.finish(second)
	require.Equal(t, "jobs_full", h.post("/v1/jobs", gifOf(1, 6, 6)).code())
	h.get("/v1/jobs/" + second + "/result.csv")
	h.get("/v1/jobs/" + first + "/result.csv")
	third := h.begin("/v1/jobs", gifOf(1, 6, 6))
	require.Equal(t, 200, h.get("/v1/jobs/"+first).status)
	require.Equal(t, 404, h.get("/v1/jobs/"+second).status)
	require.Equal(t, 200, h.get("/v1/jobs/"+third).status)
	require.Equal(t, 400, h.post("/v1/jobs", nil).status, "a request that fails takes no place for ever")
	require.Equal(t, 202, h.post("/v1/jobs", gifOf(1, 6, 6)).status)
}

// Only so much of the disk is taken.
func TestDisk(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.Disk = 500 })
	require.Equal(t, "disk", h.post("/v1/jobs", make([]byte, 501)).code())
	require.Empty(t, files(t))
	id := h.begin("/v1/jobs", gifOf(1, 4, 4)[:400])
	h.finish(id)
	require.Equal(t, 204, h.ask(http.MethodDelete, "/v1/jobs/"+id, nil).status)
}

// Nobody's job is kept for ever.
func TestJobsAreForgotten(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.KeepTime = time.Millisecond })
	id := h.begin("/v1/jobs", gifOf(1, 6, 6))
	require.Eventually(t, func() bool { return h.get("/v1/jobs/"+id).status == 404 && len(files(t)) == 0 }, 5*time.Second, time.Millisecond)
}

// At the end, what runs is finished.
func TestDrainJobs(t *testing.T) {
	h, a := held(t)
	id := h.begin("/v1/jobs", gifOf(20, 6, 6))
	<-a.began
	events := make(chan string, 1)
	go func() { events <- h.get("/v1/jobs/" + id + "/events").body }()
	require.Eventually(t, func() bool { return strings.Contains(h.get("/metrics").body, "mien_in_flight 2\n") }, 5*time.Second, time.Millisecond)
	h.stop()
	require.Eventually(t, func() bool { return h.get("/readyz").status == 503 }, 5*time.Second, time.Millisecond)
	close(a.gate)
	require.Contains(t, <-events, `"state":"done"`)
}
