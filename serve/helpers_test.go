package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
	"mien/pipeline"
)

// toy is an analyzer that finds one face in whatever is not black, and says of it how bright the first pixel is. Pictures of some widths
// make it fail.
type toy struct {
	mu      sync.Mutex
	gate    chan struct{} // if there is one, each batch waits until it is closed, or a value comes
	began   chan struct{} // if there is one, gets a value when a batch begins
	batches []int         // their sizes
}

const (
	panics = 13 // wide
	fails  = 17
)

var toyLabels = []string{"dark", "bright"}

func (a *toy) see(f *data.Frames) pipeline.Frame {
	switch f.W {
	case panics:
		panic("a bug")
	case fails:
		panic(errors.New("a bug of another kind"))
	}
	frame := pipeline.Frame{Width: f.W, Height: f.H, Status: pipeline.NoFace}
	p := float64(f.Pix[0]) / 255
	if p > 0 {
		one := pipeline.Face{Face: face.Face{Score: 0.9}, Crop: pipeline.Detected}
		one.Reading = pipeline.Reading{Head: data.Image, Label: "bright", Labels: toyLabels, Probabilities: []float64{1 - p, p}}
		frame.Status, frame.Faces = pipeline.OK, []pipeline.Face{one}
	}
	return frame
}

func (a *toy) wait(ctx context.Context) error {
	if a.began != nil {
		a.began <- struct{}{}
	}
	if a.gate == nil {
		return nil
	}
	select {
	case <-a.gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *toy) Faces(ctx context.Context, opt pipeline.Options, pictures []*data.Frames) (frames []pipeline.Frame, err error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.batches = append(a.batches, len(pictures))
	a.mu.Unlock()
	for _, p := range pictures {
		frames = append(frames, a.see(p))
	}
	return frames, nil
}

func (a *toy) Follow(pipeline.Options) (follower, error) { return &toyVideo{toy: a}, nil }

// toyVideo follows one face, which is a clip in the end.
type toyVideo struct {
	*toy
	last pipeline.Frame
}

func (v *toyVideo) Add(frames []data.Frame) (r pipeline.Results, err error) {
	if err := v.wait(context.Background()); err != nil {
		return r, err
	}
	for _, f := range frames {
		v.last = pipeline.Frame{Status: pipeline.Damaged}
		if f.Frames != nil {
			v.last = v.see(f.Frames)
		}
		v.last.Index, v.last.Time, v.last.Err = f.Index, f.Time, f.Err
		for i := range v.last.Faces {
			v.last.Faces[i].ID = 1
		}
		r.Frames = append(r.Frames, v.last)
	}
	return r, nil
}

func (v *toyVideo) Finish() (r pipeline.Results, err error) {
	if len(v.last.Faces) > 0 {
		reading := v.last.Faces[0].Reading
		r.Clips = []pipeline.Clip{{Face: 1, Last: v.last.Index, End: v.last.Time, Reading: reading}}
		r.Summaries = []pipeline.Summary{{Face: 1, Frames: v.last.Index + 1, Last: v.last.Index, End: v.last.Time, Reading: reading}}
	}
	return r, nil
}

func (a *toy) Classify(_ context.Context, _ data.Modality, f *data.Frames) ([]float64, error) {
	return a.see(f).Faces[0].Probabilities, nil
}

func (a *toy) Explain(context.Context, pipeline.Options, *data.Frames, pipeline.Face) (explanation, error) {
	return explanation{Rows: 1, Attention: []float64{1}, Rollout: []float64{1}}, nil
}

func (a *toy) SelfTest(context.Context) error { return nil }

// toyConfig is of a server of a toy.
func toyConfig() Config {
	c := Config{Card: Card{Name: "toy", SHA256: "00", Version: "1", Kernels: "none", Frames: 2, Size: 4, Caveat: "it is a toy",
		Labels: map[data.Modality][]string{data.Image: toyLabels, data.Video: toyLabels}}, Limits: DefaultLimits(), Local: true}
	c.Limits.DrainTime = 5 * time.Second
	return c
}

// harness is a server on a port of its own.
type harness struct {
	*testing.T
	url  string
	log  *safeBuffer
	stop context.CancelFunc // begins the end
	done chan error         // what the end was
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start starts a server, which the end of the test ends.
func start(t *testing.T, a analyzer, changes ...func(*Config)) *harness {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	c := toyConfig()
	for _, change := range changes {
		change(&c)
	}
	h := &harness{T: t, log: &safeBuffer{}, done: make(chan error, 1)}
	c.Log = slog.New(slog.NewTextHandler(h.log, nil))
	on, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h.url = "http://" + on.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	go func() { h.done <- serve(ctx, on, c, a) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-h.done:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			t.Error("the server does not end")
		}
	})
	require.Eventually(t, func() bool { return h.get("/readyz").status == http.StatusOK }, 10*time.Second, time.Millisecond)
	return h
}

// reply is an answer that has come whole.
type reply struct {
	*testing.T
	status int
	header http.Header
	body   string
}

// ask sends a request.
func (h *harness) ask(method, path string, body io.Reader, headers ...string) reply {
	h.Helper()
	r, err := http.NewRequest(method, h.url+path, body)
	require.NoError(h, err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(h, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h, err)
	return reply{h.T, response.StatusCode, response.Header, string(text)}
}

func (h *harness) get(path string) reply { h.Helper(); return h.ask(http.MethodGet, path, nil) }

func (h *harness) post(path string, body []byte) reply {
	h.Helper()
	return h.ask(http.MethodPost, path, bytes.NewReader(body))
}

// code returns the code of an error.
func (r reply) code() string {
	r.Helper()
	var e errorBody
	require.NoError(r, json.Unmarshal([]byte(r.body), &e), r.body)
	require.NotEmpty(r, e.Error.Message)
	require.Equal(r, r.header.Get("X-Request-Id"), e.Error.RequestID)
	return e.Error.Code
}

// into reads JSON.
func (r reply) into(v any) {
	r.Helper()
	require.NoError(r, json.Unmarshal([]byte(r.body), v), r.body)
}

// pictureOf returns a PNG whose pixels have one brightness.
func pictureOf(w, h int, grey uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	var text bytes.Buffer
	if err := png.Encode(&text, m); err != nil {
		panic(err)
	}
	return text.Bytes()
}

// gifOf returns a GIF of n frames, a tenth of a second each.
func gifOf(n, w, h int) []byte {
	var g gif.GIF
	for i := range n {
		m := image.NewPaletted(image.Rect(0, 0, w, h), palette.WebSafe)
		for j := range m.Pix {
			m.Pix[j] = uint8(color.Palette(palette.WebSafe).Index(color.White))
		}
		m.Pix[len(m.Pix)-1] = uint8(i)
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10)
	}
	var text bytes.Buffer
	if err := gif.EncodeAll(&text, &g); err != nil {
		panic(err)
	}
	return text.Bytes()
}

// formOf returns a form with one file.
func formOf(field, name string, file []byte) (body []byte, kind string) {
	const boundary = "xxBOUNDARYxx"
	text := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\n\r\n" +
		string(file) + "\r\n--" + boundary + "--\r\n"
	return []byte(text), "multipart/form-data; boundary=" + boundary
}

// lines counts lines.
func lines(text string) int { return strings.Count(text, "\n") }
