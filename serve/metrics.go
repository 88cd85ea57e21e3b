package serve

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Metrics in the text format of Prometheus, version 0.0.4.

// metrics are what the server counts. Their names begin with mien_.
type metrics struct {
	requests  counter   // {route,code}
	seconds   histogram // {route}
	frames    counter   // {status}
	faces     counter
	undecoded counter   // files and frames that are damaged
	inference histogram // {stage}
	rejected  counter   // {reason}
}

func newMetrics() *metrics {
	answers := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	stages := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
	return &metrics{
		requests:  newCounter("requests_total", "Requests answered.", "route", "code"),
		seconds:   newHistogram("request_seconds", "Time from a request's headers to the end of its answer.", answers, "route"),
		frames:    newCounter("frames_total", "Pictures and frames of videos that were looked at.", "status"),
		faces:     newCounter("faces_total", "Faces found."),
		undecoded: newCounter("decode_errors_total", "Files and frames that could not be decoded."),
		inference: newHistogram("inference_seconds", "Time of one batch or chunk.", stages, "stage"),
		rejected:  newCounter("rejected_total", "Requests refused before they were looked at.", "reason"),
	}
}

// write writes all of them, and gauges: values of this moment.
func (m *metrics) write(w io.Writer, gauges []gauge) {
	for _, c := range []*counter{&m.requests, &m.frames, &m.faces, &m.undecoded, &m.rejected} {
		c.write(w)
	}
	m.seconds.write(w)
	m.inference.write(w)
	for _, g := range gauges {
		head(w, g.name, g.help, "gauge")
		fmt.Fprintf(w, "mien_%s%s %s\n", g.name, g.labels, number(g.value))
	}
}

// gauge is a value of this moment.
type gauge struct {
	name, help string
	labels     string // {a="b"}, or nothing
	value      float64
}

// counter counts what happened, by the values of its labels.
type counter struct {
	mu         sync.Mutex
	name, help string
	labels     []string
	values     map[string]float64 // by the labels as they are written
}

func newCounter(name, help string, labels ...string) counter {
	return counter{name: name, help: help, labels: labels, values: map[string]float64{}}
}

func (c *counter) add(n int, values ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[labelled(c.labels, values)] += float64(n)
}

func (c *counter) write(w io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	head(w, c.name, c.help, "counter")
	if len(c.labels) == 0 && len(c.values) == 0 {
		c.values[""] = 0
	}
	for _, labels := range slices.Sorted(maps.Keys(c.values)) {
		fmt.Fprintf(w, "mien_%s%s %s\n", c.name, labels, number(c.values[labels]))
	}
}

// histogram counts durations in seconds up to bounds.
type histogram struct {
	mu         sync.Mutex
	name, help string
	labels     []string
	bounds     []float64
	series     map[string]*series // by the labels as they are written
}

type series struct {
	counts []uint64 // up to each bound, and in all
	sum    float64
}

func newHistogram(name, help string, bounds []float64, labels ...string) histogram {
	return histogram{name: name, help: help, bounds: bounds, labels: labels, series: map[string]*series{}}
}

func (h *histogram) observe(took time.Duration, values ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := labelled(h.labels, values)
	s := h.series[key]
	if s == nil {
		s = &series{counts: make([]uint64, len(h.bounds)+1)}
		h.series[key] = s
	}
	seconds := took.Seconds()
	for i, bound := range h.bounds {
		if seconds <= bound {
			s.counts[i]++
		}
	}
	s.counts[len(h.bounds)]++
	s.sum += seconds
}

func (h *histogram) write(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head(w, h.name, h.help, "histogram")
	for _, labels := range slices.Sorted(maps.Keys(h.series)) {
		s, rest := h.series[labels], strings.TrimSuffix(strings.TrimPrefix(labels, "{"), "}")
		for i, count := range s.counts {
			bound := "+Inf"
			if i < len(h.bounds) {
				bound = number(h.bounds[i])
			}
			fmt.Fprintf(w, "mien_%s_bucket{%s,le=%q} %d\n", h.name, rest, bound, count)
		}
		fmt.Fprintf(w, "mien_%s_sum%s %s\nmien_%s_count%s %d\n", h.name, labels, number(s.sum), h.name, labels, s.counts[len(h.bounds)])
	}
}

func head(w io.Writer, name, help, kind string) {
	fmt.Fprintf(w, "# HELP mien_%s %s\n# TYPE mien_%s %s\n", name, help, name, kind)
}

// labelled returns labels with their values as they are written.
func labelled(labels, values []string) string {
	if len(labels) == 0 {
		return ""
	}
	var pairs []string
	for i, l := range labels {
		pairs = append(pairs, l+`="`+escapeLabel.Replace(values[i])+`"`)
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
