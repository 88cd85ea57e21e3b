package serve

import (
	"bytes"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// What the server says of itself.

type statusText struct {
	Status string `json:"status"`
}

// live answers as long as the process does.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, statusText{"ok"})
	return nil
}

// isReady answers whether requests are.
func (s *Server) isReady(w http.ResponseWriter, _ *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, statusText{"ready"})
	return nil
}

type versionText struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Kernels string `json:"kernels"`
	Threads int    `json:"threads"`
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, versionText{s.Card.Version, runtime.Version(), s.Card.Kernels, runtime.GOMAXPROCS(0)})
	return nil
}

// modelList is what /v1/models says. Limits are there for the page and for whoever wants to know before asking.
type modelList struct {
	Models []modelEntry `json:"models"`
	Limits limitList    `json:"limits"`
	Local  bool         `json:"local"` // only this machine can connect
}

type modelEntry struct {
	modelCard
	Size   int `json:"size"`   // pixels of what it sees, in height and width
	Frames int `json:"frames"` // of a clip
}

type limitList struct {
	Body   int64 `json:"body_bytes"`
	Video  int64 `json:"video_bytes"`
	Pixels int   `json:"pixels"`
	Frames int   `json:"frames"`
	Faces  int   `json:"max_faces"`
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) error {
	l := s.Limits
	writeJSON(w, http.StatusOK, modelList{[]modelEntry{{s.card(), s.Card.Size, s.Card.Frames}},
		limitList{l.Body, l.Video, l.Pixels, l.Frames, l.Faces}, s.Local})
	return nil
}

func (s *Server) showMetrics(w http.ResponseWriter, _ *http.Request) error {
	var text bytes.Buffer
	s.metrics.write(&text, s.gauges())
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(text.Bytes())
	return nil
}

// gauges are what is so at this moment.
func (s *Server) gauges() []gauge {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = setting.Value
			}
		}
	}
	build := labelled([]string{"version", "commit", "go", "kernels", "model"},
		[]string{s.Card.Version, commit, runtime.Version(), s.Card.Kernels, s.Card.Name})
	all := []gauge{
		{"queue_depth", "Pictures, chunks of videos and tensors that wait for the model.", "", float64(s.worker.waiting())},
		{"queue_requests", "Requests whose body has come and that have no answer yet.", "", float64(s.queue.used())},
		{"in_flight", "Requests under way.", "", float64(s.inFlight.Load())},
		{"jobs", "Jobs that are kept.", "", float64(s.jobs.kept())},
		{"body_bytes", "Bytes of bodies in memory.", "", float64(s.memory.used())},
		{"decoded_pixels", "Pixels of pictures and frames in memory.", "", float64(s.decoded.used())},
		{"disk_bytes", "Bytes of the files of jobs.", "", float64(s.jobs.disk.used())},
		{"goroutines", "Goroutines.", "", float64(runtime.NumGoroutine())},
		{"uptime_seconds", "Time since the start.", "", time.Since(s.started).Seconds()},
		{"build_info", "What runs here.", build, 1},
	}
	if bytes := residentBytes(); bytes > 0 {
		all = append(all, gauge{"resident_memory_bytes", "Memory of the process that is in RAM.", "", bytes})
	}
	return all
}
