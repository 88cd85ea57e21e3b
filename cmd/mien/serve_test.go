package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// announced is a standard error on which a server says where it is.
type announced struct {
	mu   sync.Mutex
	text bytes.Buffer
	at   chan string
}

var served = regexp.MustCompile(`mien: serving \S+ in \S+ at (http://[^\s,;]+)`)

func (a *announced) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := served.FindSubmatch(p); found != nil {
		a.at <- string(found[1])
	}
	return a.text.Write(p)
}

// The command serves until it is told to end, and then ends well.
func TestServe(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, end := context.WithCancel(t.Context())
	stderr := &announced{at: make(chan string, 1)}
	code := make(chan int, 1)
	go func() {
		args := []string{"serve", "--model", "../../testdata/golden/released_form.pth", "--listen", "127.0.0.1:0", "--token", "0123456789abcdef"}
		code <- execute(ctx, args, io.Discard, stderr)
	}()
	url := <-stderr.at
	ask := func(method, path string, body io.Reader) (int, string) {
		r, err := http.NewRequest(method, url+path, body)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer 0123456789abcdef")
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	require.Eventually(t, func() bool { status, _ := ask(http.MethodGet, "/readyz", nil); return status == 200 }, time.Minute, time.Millisecond)
	picture, err := os.ReadFile("../../face/testdata/two.png")
	require.NoError(t, err)
	status, text := ask(http.MethodPost, "/v1/predict", bytes.NewReader(picture))
	require.Equal(t, 200, status, text)
	require.Contains(t, text, `"crop":"detected","head":"image","label":"`)
	require.Regexp(t, `"name":"released_form.pth","sha256":"[0-9a-f]{64}"`, text)
	end()
	require.Zero(t, <-code, stderr.text.String())
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// What would be unsafe or cannot be is refused before a model is read.
func TestServeRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for want, args := range map[string][]string{
		"other machines can reach this address\nhint: give a --token": {"--listen", "0.0.0.0:8080"},
		"--listen [::]:8080: other machines":                          {"--listen", "[::]:8080"},
		"--listen :8080: other machines":                              {"--listen", ":8080"},
		"it must be an address and a port":                            {"--listen", "8080"},
		"takes an address, not a name":                                {"--listen", "example.org:80"},
		"must have 16 characters or more":                             {"--token", "short"},
		"it is empty":                                                 {"--token-file", empty},
		"no such file":                                                {"--token-file", empty + "2"},
		"it must be from 0s":                                          {"--drain=-1s"},
	} {
		code, _, stderr := mien(append([]string{"serve", "--model", "none"}, args...)...)
		require.NotZero(t, code)
		require.Contains(t, stderr, want)
	}
}
