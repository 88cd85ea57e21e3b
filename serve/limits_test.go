package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// held is a server whose model waits for the gate.
func held(t *testing.T, changes ...func(*Config)) (*harness, *toy) {
	a := &toy{gate: make(chan struct{}), began: make(chan struct{}, 100)}
	return start(t, a, changes...), a
}

// later sends a picture and returns where its answer will be.
func (h *harness) later(path string, body []byte) <-chan reply {
	done := make(chan reply, 1)
	go func() { done <- h.post(path, body) }()
	return done
}

// A full queue refuses at once, before the body is read, and says when to come again; what is in it is answered.
func TestQueueIsFull(t *testing.T) {
	h, a := held(t, func(c *Config) { c.Limits.Queue = 3 })
	var answers []<-chan reply
	for range 3 {
		answers = append(answers, h.later("/v1/predict", pictureOf(5, 4, 51)))
	}
	require.Eventually(t, func() bool { return strings.Contains(h.get("/metrics").body, "mien_queue_requests 3\n") }, 5*time.Second, time.Millisecond)
	unending, never := io.Pipe()
	defer never.Close()
	for _, path := range []string{"/v1/predict", "/v1/jobs"} {
		r := h.ask(http.MethodPost, path, unending)
		require.Equal(t, "queue_full", r.code())
		require.Equal(t, "1", r.header.Get("Retry-After"))
	}
	require.Equal(t, 503, h.ask(http.MethodPost, "/v2/models/toy/infer", unending).status)
	require.Equal(t, 200, h.get("/healthz").status)
	close(a.gate)
	for _, answer := range answers {
		require.Equal(t, 200, (<-answer).status)
	}
	require.Equal(t, 200, h.post("/v1/predict", pictureOf(5, 4, 51)).status)
	require.Contains(t, h.get("/metrics").body, `mien_rejected_total{reason="queue_full"}`)
}

// Whoever waits too long is told so, and what waited is dropped.
func TestAnswerTakesTooLong(t *testing.T) {
	h, a := held(t, func(c *Config) { c.Limits.AnswerTime = 50 * time.Millisecond })
	first, second := h.later("/v1/predict", pictureOf(5, 4, 51)), h.later("/v1/predict", pictureOf(5, 4, 51))
	require.Equal(t, "time_limit", (<-first).code())
	require.Equal(t, 504, (<-second).status)
	close(a.gate)
	require.Equal(t, 200, h.post("/v1/predict", pictureOf(5, 4, 51)).status)
}

// A body that comes too slowly is given up, and its memory is free again.
func TestSlowBody(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.BodyTime = 50 * time.Millisecond })
	slow, in := io.Pipe()
	defer in.Close()
	go in.Write([]byte("half"))
	r := h.ask(http.MethodPost, "/v1/predict", slow)
	require.Equal(t, "slow_body", r.code())
	require.Contains(t, h.get("/metrics").body, "mien_body_bytes 0\n")
}

// Headers that do not come end the connection.
func TestSlowHeaders(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.HeaderTime = 50 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX: "))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "an end, not a time limit of the test")
}

// Bodies of all requests together have a limit.
func TestMemory(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Limits.Memory = 1000 })
	require.Equal(t, "busy", h.post("/v1/predict", make([]byte, 1001)).code())
	require.Equal(t, 200, h.post("/v1/predict", pictureOf(5, 4, 51)).status)
}

// The picture of a client that has gone is dropped, and the next one is looked at.
func TestClientGoes(t *testing.T) {
	h, a := held(t)
	ctx, leave := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/v1/predict", bytes.NewReader(pictureOf(5, 4, 51)))
	require.NoError(t, err)
	gone := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(r)
		gone <- err
	}()
	<-a.began
	leave()
	require.Error(t, <-gone)
	require.Eventually(t, func() bool {
		return strings.Contains(h.get("/metrics").body, `mien_requests_total{route="/v1/predict",code="499"} 1`)
	}, 5*time.Second, time.Millisecond, "the batch ends though the gate is closed")
	close(a.gate)
	require.Equal(t, 200, h.post("/v1/predict", pictureOf(5, 4, 51)).status)
	require.Equal(t, []int{1}, a.batches, "the picture of the one that went was not read")
}

// One client may not take all places; those on this machine share one address, so they may.
func TestPerClient(t *testing.T) {
	c := toyConfig()
	c.Limits.PerClient = 2
	t.Setenv("TMPDIR", t.TempDir())
	s, err := newServer(c, &toy{})
	require.NoError(t, err)
	defer s.Close()
	s.state.Store(ready)
	enter := func(address string) (func(), error) {
		r := httptest.NewRequest(http.MethodPost, "/v1/predict", nil)
		r.RemoteAddr = address
		return s.enter(r)
	}
	for range 2 {
		_, err := enter("203.0.113.7:1000")
		require.NoError(t, err)
	}
	_, err = enter("203.0.113.7:1001")
	require.Equal(t, "too_many_requests", asProblem(err).code)
	require.Equal(t, time.Second, asProblem(err).after)
	for _, other := range []string{"203.0.113.8:1000", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "[::1]:4", "[2001:db8::1]:1", "[2001:db8::2]:1"} {
		leave, err := enter(other)
		require.NoError(t, err, other)
		if strings.HasPrefix(other, "203.0.113.8") {
			leave()
		}
	}
	_, err = enter("[2001:db8::3]:1")
	require.Error(t, err, "a household has one network")
	require.NotContains(t, s.clients.n, "203.0.113.8", "nobody is counted for ever")
}

// Connections have a limit, and the listener ends though it is reached.
func TestConnections(t *testing.T) {
	on, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := newLimited(on, 1)
	_, err = net.Dial("tcp", on.Addr().String())
	require.NoError(t, err)
	conn, err := l.Accept()
	require.NoError(t, err)
	next := make(chan error)
	go func() {
		_, err := l.Accept()
		next <- err
	}()
	_, err = net.Dial("tcp", on.Addr().String())
	require.NoError(t, err)
	select {
	case <-next:
		t.Fatal("two connections")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, conn.Close())
	_ = conn.Close() // again, as net/http does
	require.NoError(t, <-next)
	go func() {
		_, err := l.Accept()
		next <- err
	}()
	require.NoError(t, l.Close())
	require.ErrorIs(t, <-next, net.ErrClosed)
}

// Pictures that wait are one batch, unless they are asked about in different ways; one at fault costs the others nothing.
func TestBatches(t *testing.T) {
	h, a := held(t)
	first := h.later("/v1/predict", pictureOf(5, 4, 51))
	<-a.began
	var answers []<-chan reply
	for i, path := range []string{"", "", "", "?max_faces=1", ""} {
		width := 5
		if i == 4 {
			width = fails
		}
		answers = append(answers, h.later("/v1/predict"+path, pictureOf(width, 4, uint8(10*i+10))))
	}
	require.Eventually(t, func() bool { return strings.Contains(h.get("/metrics").body, "mien_queue_depth 5\n") }, 5*time.Second, time.Millisecond)
	close(a.gate)
	require.Equal(t, 200, (<-first).status)
	for i, answer := range answers {
		r := <-answer
		if i == 4 {
			require.Equal(t, "internal", r.code())
			continue
		}
		require.Equal(t, 200, r.status, r.body)
		require.Contains(t, r.body, fmt.Sprintf(`"dark":%v,`, 1-float64(10*i+10)/255), "each has its own answer")
	}
	require.ElementsMatch(t, []int{1, 4, 1, 1, 1, 1, 1}, a.batches)
}

// A server that is to end refuses what comes, says so, and finishes what is under way.
func TestDrain(t *testing.T) {
	h, a := held(t)
	answer := h.later("/v1/predict", pictureOf(5, 4, 51))
	<-a.began
	h.stop()
	require.Eventually(t, func() bool { return h.get("/readyz").status == 503 }, 5*time.Second, time.Millisecond)
	require.Equal(t, "draining", h.post("/v1/predict", pictureOf(5, 4, 51)).code())
	require.Equal(t, 200, h.get("/healthz").status)
	close(a.gate)
	require.Equal(t, 200, (<-answer).status)
	err := <-h.done
	require.NoError(t, err)
	h.done <- nil
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// What does not end in time is cut off.
func TestDrainTakesTooLong(t *testing.T) {
	h, a := held(t, func(c *Config) { c.Limits.DrainTime = 50 * time.Millisecond })
	go func() { _, _ = http.Post(h.url+"/v1/predict", "image/png", bytes.NewReader(pictureOf(5, 4, 51))) }()
	<-a.began
	h.stop()
	require.NoError(t, <-h.done)
	h.done <- nil
	require.Contains(t, h.log.String(), "cut off")
}

// A model that does not answer right ends the server before it is ready.
func TestSelfTest(t *testing.T) {
	on, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Setenv("TMPDIR", t.TempDir())
	require.ErrorContains(t, serve(t.Context(), on, toyConfig(), sick{&toy{}}), "the self-test of the model failed: it is sick")
}

type sick struct{ *toy }

func (sick) SelfTest(context.Context) error { return fmt.Errorf("it is sick") }

// The budget gives no more than there is, and wakes those who wait.
func TestBudget(t *testing.T) {
	b := newBudget(3)
	require.True(t, b.try(2))
	require.False(t, b.try(2))
	got := make(chan error)
	go func() { got <- b.take(t.Context(), 3) }()
	b.give(2)
	require.NoError(t, <-got)
	require.Equal(t, int64(3), b.used())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.take(ctx, 1), context.Canceled)
	l := lease{of: b}
	require.False(t, l.grow(1))
	b.give(3)
	require.True(t, l.grow(2))
	require.True(t, l.grow(1))
	l.release()
	l.release()
	require.Zero(t, b.used())
}
