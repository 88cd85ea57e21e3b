package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/engine/cpu"
	"mien/face"
	"mien/infer"
)

// Many clients at once, of whom some are good and some are not: see bench/serve-load.

var (
	loadTime = flag.Duration("load", 0, "how long TestLoad lasts; 0 is some requests of each client")
	loadSize = flag.Int("requests", 400, "requests of all clients of TestLoad together, where -load is 0")
	loadFrom = flag.Int("clients", 64, "clients of TestLoad")
	loadAt   = flag.String("at", "", "address of a server that TestLoad asks instead of one of its own")
)

// golden returns the model of the golden files and the detector.
func golden(t testing.TB) model {
	t.Helper()
	b := cpu.New()
	m, err := infer.Open("../testdata/golden/released_form.pth", b, nil)
	require.NoError(t, err)
	d, err := face.New(b)
	require.NoError(t, err)
	t.Cleanup(func() {
		d.Close()
		m.Close()
	})
	return model{m, d}
}

// load is what is asked for, and how it goes.
type load struct {
	*harness
	good    []question200
	tensors string // the address for them
	http    http.Client

	mu       sync.Mutex
	answers  map[string]int
	refusals []time.Duration
	wrong    []string
}

// question200 is a request whose answer is known from when it was asked alone.
type question200 struct {
	path, kind string
	body       []byte
	want       any
}

func TestLoad(t *testing.T) {
	l := &load{harness: &harness{T: t, url: *loadAt}, answers: map[string]int{}}
	if *loadAt == "" {
		m := golden(t)
		l.harness = start(t, m, func(c *Config) {
			c.Card.Labels, c.Card.Frames = m.infer.Labels, m.infer.Recipe.Model.Frames
			c.Limits.Queue, c.Limits.Jobs = 24, 4
		})
	}
	require.Eventually(t, func() bool { return l.get("/readyz").status == http.StatusOK }, 10*time.Second, 10*time.Millisecond)
	l.http.Transport = &http.Transport{MaxIdleConnsPerHost: *loadFrom}
	l.ask200(t)
	l.run(*loadSize/4, int(min(*loadTime, 5*time.Second)/time.Millisecond)) // of everything some, before anything is measured
	before := l.settle(30)
	l.answers, l.refusals = map[string]int{}, nil
	l.run(*loadSize, int(*loadTime/time.Millisecond))
	after := l.settle(before["goroutines"] + 4)
	l.report(before, after)
	require.Empty(t, l.wrong)
	require.Positive(t, l.answers["good: 200"])
	require.Less(t, after["heap_bytes"], before["heap_bytes"]+16<<20, "more than buffers of sizes that the backend had not met before")
}

// ask200 asks each question once, alone.
func (l *load) ask200(t *testing.T) {
	var list modelList
	l.get("/v1/models").into(&list)
	l.tensors = "/v2/models/" + list.Models[0].Name + "/infer"
	form, kind := formOf("file", "me.png", read(t, "../face/testdata/portrait.png"))
	tensor := fmt.Appendf(nil, `{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,2,2,3],"data":%s}]}`, "[9,200,3,9,20,30,9,9,9,50,9,9]")
	l.good = []question200{{path: "/v1/predict", kind: kind, body: form}, {path: l.tensors, body: tensor},
		{path: "/v1/predict?max_faces=1&explain=1", body: read(t, "../face/testdata/fills.png")}, {path: "/v1/predict", body: gifOf(4, 40, 40)}}
	for _, name := range []string{"classroom", "two", "portrait", "small", "grey", "nobody", "walking"} {
		l.good = append(l.good, question200{path: "/v1/predict", body: read(t, "../face/testdata/"+name+".png")})
	}
	for i, q := range l.good {
		status, body, err := l.send(context.Background(), q.path, q.kind, bytes.NewReader(q.body))
		require.NoError(t, err)
		require.Equal(t, 200, status, string(body))
		l.good[i].want = untimed(body)
	}
}

// nothing is an unending body.
type nothing struct{}

func (nothing) Read(p []byte) (int, error) { return len(p), nil }

// untimed is an answer without what it took, and without the id of its request.
func untimed(body []byte) any {
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	delete(v, "timing_ms")
	return v
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

func (l *load) send(ctx context.Context, path, kind string, body io.Reader) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url+path, body)
	if err != nil {
		return 0, nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if limited, ok := body.(*io.LimitedReader); ok {
		r.ContentLength = limited.N
	}
	response, err := l.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
		l.fault("503 without Retry-After")
	}
	return response.StatusCode, text, err
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 10 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// run has all clients ask, so often together or, if that is not 0, for so many milliseconds.
func (l *load) run(requests, milliseconds int) {
	until := time.Now().Add(time.Duration(milliseconds) * time.Millisecond)
	var all sync.WaitGroup
	for client := range *loadFrom {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(client)))
			for i := 0; milliseconds > 0 && time.Now().Before(until) || milliseconds == 0 && i < requests / *loadFrom; i++ {
				l.one(rng)
			}
		})
	}
	all.Wait()
}

// one sends one request of some kind, seven of ten good ones.
func (l *load) one(rng *rand.Rand) {
	switch kind := rng.IntN(20); {
	case kind < 14:
		l.goodOne(l.good[rng.IntN(len(l.good))])
	case kind == 14:
		l.expect("garbage", 400, "/v1/predict", bytes.NewReader([]byte("\x89PNG\r\n\x1a\n garbage")))
	case kind == 15:
		l.expect("huge", 413, "/v1/predict", io.LimitReader(nothing{}, 32<<20+1))
	case kind == 16:
		l.expect("half a tensor", 400, l.tensors, bytes.NewReader([]byte(`{"inputs":[{"name":"image"`)))
	case kind == 17:
		l.vanish(rng)
	case kind == 18:
		l.slow(rng)
	default:
		l.job(rng)
	}
}

// goodOne asks what has a right answer: if it is answered, then so.
func (l *load) goodOne(q question200) {
	began := time.Now()
	status, body, err := l.send(context.Background(), q.path, q.kind, bytes.NewReader(q.body))
	took := time.Since(began)
	if err != nil {
		l.fault("good: %v", err)
		return
	}
	l.count("good", status, took)
	switch status {
	case http.StatusOK:
		if got := untimed(body); !equal(got, q.want) {
			l.fault("%s: %v, alone %v", q.path, got, q.want)
		}
	case http.StatusServiceUnavailable:
	default:
		l.fault("good: %d %s", status, body)
	}
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// count counts an answer, and keeps how long a refusal took.
func (l *load) count(kind string, status int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[fmt.Sprintf("%s: %d", kind, status)]++
	if status == http.StatusServiceUnavailable || status == http.StatusRequestEntityTooLarge {
		l.refusals = append(l.refusals, took)
	}
}

// expect asks what is refused. A server that has refused a body need not read it, and the client may see that alone.
func (l *load) expect(kind string, want int, path string, body io.Reader) {
	began := time.Now()
	status, text, err := l.send(context.Background(), path, "", body)
	if err != nil {
		l.count(kind, 0, 0)
		return
	}
	l.count(kind, status, time.Since(began))
	if status != want && status != http.StatusServiceUnavailable {
		l.fault("%s: %d %s", kind, status, text)
	}
}

// vanish leaves while the answer is under way.
func (l *load) vanish(rng *rand.Rand) {
	ctx, leave := context.WithTimeout(context.Background(), time.Duration(rng.IntN(20))*time.Millisecond)
	defer leave()
	q := l.good[rng.IntN(len(l.good))]
	status, _, _ := l.send(ctx, q.path, q.kind, bytes.NewReader(q.body))
	l.count("vanishing", status, 0)
}

// slow sends a part of a body, waits, and leaves.
func (l *load) slow(rng *rand.Rand) {
	ctx, leave := context.WithTimeout(context.Background(), time.Duration(20+rng.IntN(100))*time.Millisecond)
	defer leave()
	body, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.Close() }) // for which the client would wait
	go in.Write(make([]byte, 5000))
	status, _, _ := l.send(ctx, "/v1/predict", "", body)
	l.count("slow", status, 0)
}

// job begins a job and removes it at some time.
func (l *load) job(rng *rand.Rand) {
	status, text, err := l.send(context.Background(), "/v1/jobs?preview=1", "", bytes.NewReader(gifOf(3, 40, 40)))
	if err != nil {
		l.fault("job: %v", err)
		return
	}
	l.count("job", status, 0)
	var s jobStatus
	if status != http.StatusAccepted || json.Unmarshal(text, &s) != nil {
		return
	}
	time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
	r, _ := http.NewRequest(http.MethodDelete, l.url+"/v1/jobs/"+s.ID, nil)
	if response, err := l.http.Do(r); err == nil {
		response.Body.Close()
	}
}

// settle waits until nothing is under way and nothing is held, and until there are no more goroutines than so many:
// connections that were refused linger for half a second. It returns the metrics then.
func (l *load) settle(goroutines float64) (values map[string]float64) {
	l.Helper()
	l.http.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	idle := map[string]float64{"in_flight": 1, "queue_depth": 0, "queue_requests": 0, "body_bytes": 0, "decoded_pixels": 0, "disk_bytes": 0, "jobs": 0}
	require.Eventually(l, func() bool {
		runtime.GC() // of a server of this process
		values = map[string]float64{}
		for line := range strings.Lines(l.get("/metrics").body) {
			name, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "mien_"), " ")
			values[name], _ = strconv.ParseFloat(text, 64)
		}
		for name, want := range idle {
			if values[name] != want {
				return false
			}
		}
		return values["goroutines"] <= goroutines
	}, 20*time.Second, 100*time.Millisecond, "something is held")
	return values
}

// report says how it went.
func (l *load) report(before, after map[string]float64) {
	for _, kind := range slices.Sorted(maps.Keys(l.answers)) {
		l.Logf("%6d %s", l.answers[kind], kind)
	}
	if slices.Sort(l.refusals); len(l.refusals) > 0 {
		n := len(l.refusals)
		l.Logf("%d refusals: median %v, 99 %% within %v, all within %v", n, l.refusals[n/2], l.refusals[n*99/100], l.refusals[n-1])
	}
	for _, name := range []string{"goroutines", "heap_bytes", "resident_memory_bytes"} {
		l.Logf("%s: %.0f before, %.0f after", name, before[name], after[name])
	}
}
