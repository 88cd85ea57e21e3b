package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// what a request is answered with, row by row.
func TestAPI(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) {
		c.Limits.Body, c.Limits.Pixels, c.Limits.Frames, c.Limits.Faces = 10_000, 2000, 10, 9
		c.Hosts = []string{"faces.example.org"}
	})
	picture, dark, clip := pictureOf(5, 4, 51), pictureOf(5, 4, 0), gifOf(3, 6, 6)
	form, kind := formOf("file", `C:\holiday\..\me.png`, picture)
	wrong, _ := formOf("picture", "me.png", picture)
	cut, endless := form[:len(form)/2], slices.Concat(form[:len(form)-4], []byte("\r\nno head"))
	again, _ := formOf("file", "you.png", picture)
	two := slices.Concat(form[:bytes.LastIndex(form, []byte("--xx"))], again)
	tensor := []byte(`{"id":"a1","inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,2,3],"data":[[[[51,0,0],[0,0,0]]]]}]}`)
	const infer = "/v2/models/toy/infer"
	for _, c := range []struct {
		name, method, path string
		body               []byte
		headers            []string
		status             int
		want               string // the code of an error, or a part of the answer
	}{
		{name: "page", path: "/", status: 200, want: "<title>mien"},
		{name: "script", path: "/app.js", status: 200, want: "introduce()"},
		{name: "head", method: "HEAD", path: "/", status: 200},
		{name: "live", path: "/healthz", status: 200, want: `"ok"`},
		{name: "ready", path: "/readyz", status: 200, want: `"ready"`},
		{name: "version", path: "/version", status: 200, want: `"version":"1"`},
		{name: "models", path: "/v1/models", status: 200, want: `"caveat":"it is a toy"`},
		{name: "metrics", path: "/metrics", status: 200, want: "mien_build_info{"},
		{name: "no such address", path: "/nothing", status: 404, want: "not_found"},
		{name: "no such method", method: "PUT", path: "/v1/predict", status: 405, want: "method"},
		{name: "options", method: "OPTIONS", path: "/v1/predict", status: 405, want: "method"},

		{name: "picture", path: "/v1/predict", body: picture, status: 200, want: `"probabilities":{"dark":0.8,"bright":0.2}`},
		{name: "form", path: "/v1/predict", body: form, headers: []string{"Content-Type", kind}, status: 200, want: `"source":"me.png"`},
		{name: "kinds", path: "/v1/predict", body: picture, headers: []string{"Content-Type", "image/png"}, status: 200, want: `"kind":"picture"`},
		{name: "top", path: "/v1/predict?top_k=1", body: picture, status: 200, want: `"probabilities":{"dark":0.8}`},
		{name: "explain", path: "/v1/predict?explain=1", body: picture, status: 200, want: `"explanation":{"face":1,"rows":1,`},
		{name: "explain nobody", path: "/v1/predict?explain=2", body: picture, status: 422, want: "no_face"},
		{name: "explain a clip", path: "/v1/predict?explain=1", body: clip, status: 400, want: "malformed"},
		{name: "nobody", path: "/v1/predict", body: dark, status: 200, want: `"status":"no_face","faces":[]`},
		{name: "nobody skipped", path: "/v1/predict?no_face=skip", body: dark, status: 200, want: `"frames":[]`},
		{name: "nobody refused", path: "/v1/predict?no_face=error", body: dark, status: 422, want: "no_face"},
		{name: "clip", path: "/v1/predict", body: clip, status: 200, want: `"tracks":[{"face":1,"frames":3,`},
		{name: "long clip", path: "/v1/predict", body: gifOf(11, 6, 6), status: 413, want: "too_many_frames"},
		{name: "empty", path: "/v1/predict", body: []byte{}, status: 400, want: "malformed"},
		{name: "no picture", path: "/v1/predict", body: []byte("hello"), status: 400, want: "undecodable"},
		{name: "half a picture", path: "/v1/predict", body: picture[:len(picture)-20], status: 400, want: "undecodable"},
		{name: "playlist", path: "/v1/predict", body: []byte("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"), status: 400, want: "undecodable"},
		{name: "too many bytes", path: "/v1/predict", body: make([]byte, 10_001), status: 413, want: "body_too_large"},
		{name: "too many pixels", path: "/v1/predict", body: pictureOf(50, 41, 9), status: 413, want: "too_many_pixels"},
		{name: "half a form", path: "/v1/predict", body: cut, headers: []string{"Content-Type", kind}, status: 400, want: "malformed"},
		{name: "form without its end", path: "/v1/predict", body: endless, headers: []string{"Content-Type", kind}, status: 400, want: "malformed"},
		{name: "form of two pictures", path: "/v1/predict", body: two, headers: []string{"Content-Type", kind}, status: 400, want: "malformed"},
		{name: "form of another field", path: "/v1/predict", body: wrong, headers: []string{"Content-Type", kind}, status: 400, want: "malformed"},
		{name: "form without a boundary", path: "/v1/predict", body: form, headers: []string{"Content-Type", "multipart/form-data"}, status: 400, want: "malformed"},
		{name: "JSON for a picture", path: "/v1/predict", body: []byte(`{"url":"file:///etc/passwd"}`), headers: []string{"Content-Type", "application/json"}, status: 415, want: "media_type"},
		{name: "unknown parameter", path: "/v1/predict?no-face=skip", body: picture, status: 400, want: "malformed"},
		{name: "a parameter twice", path: "/v1/predict?top_k=1&top_k=2", body: picture, status: 400, want: "malformed"},
		{name: "no number", path: "/v1/predict?max_faces=many", body: picture, status: 400, want: "malformed"},
		{name: "too large a number", path: "/v1/predict?max_faces=10", body: picture, status: 400, want: "malformed"},
		{name: "too small a number", path: "/v1/predict?max_faces=0", body: picture, status: 400, want: "malformed"},
		{name: "no class", path: "/v1/predict?top_k=0", body: picture, status: 400, want: "malformed"},
		{name: "not a number", path: "/v1/predict?min_face=NaN", body: picture, status: 400, want: "malformed"},
		{name: "no such word", path: "/v1/predict?no_face=ignore", body: picture, status: 400, want: "malformed"},
		{name: "a bug", path: "/v1/predict", body: pictureOf(panics, 4, 9), status: 500, want: "internal"},

		{name: "no such job", path: "/v1/jobs/none", status: 404, want: "no_such_job"},
		{name: "events of no job", path: "/v1/jobs/none/events", status: 404, want: "no_such_job"},
		{name: "end no job", method: "DELETE", path: "/v1/jobs/none", status: 404, want: "no_such_job"},
		{name: "error is not for jobs", path: "/v1/jobs?no_face=error", body: clip, status: 400, want: "malformed"},
		{name: "end before start", path: "/v1/jobs?start=2&end=1", body: clip, status: 400, want: "malformed"},
		{name: "empty job", path: "/v1/jobs", body: []byte{}, status: 400, want: "malformed"},

		{name: "v2", path: "/v2", status: 200, want: `"extensions":["classification"]`},
		{name: "v2 live", path: "/v2/health/live", status: 200, want: `{"live":true}`},
		{name: "v2 ready", path: "/v2/health/ready", status: 200, want: `{"ready":true}`},
		{name: "v2 model", path: "/v2/models/toy/versions/1", status: 200, want: `"name":"video_probabilities"`},
		{name: "v2 model ready", path: "/v2/models/toy/ready", status: 200, want: `{"ready":true}`},
		{name: "v2 other model", path: "/v2/models/other", status: 404, want: "the model here is toy"},
		{name: "v2 other version", path: "/v2/models/toy/versions/2", status: 404, want: "version 1"},
		{name: "v2 infer", path: infer, body: tensor, status: 200, want: `"id":"a1","outputs":[{"name":"image_probabilities","datatype":"FP64","shape":[1,2],"data":[0.8,0.2]}]`},
		{name: "v2 infer by its version", path: "/v2/models/toy/versions/1/infer", body: tensor, status: 200, want: `[0.8,0.2]`},
		{name: "v2 binary", path: infer, body: tensor, headers: []string{"Inference-Header-Content-Length", "9"}, status: 415, want: "JSON only"},
		{name: "v2 no JSON", path: infer, body: []byte("{"), status: 400, want: "JSON"},

		{name: "by a name", path: "/healthz", headers: []string{"Host", "faces.example.org:80"}, status: 200},
		{name: "by an unknown name", path: "/healthz", headers: []string{"Host", "rebound.example.org"}, status: 403, want: "unknown_host"},
		{name: "from its own page", path: "/v1/predict", body: picture, headers: []string{"Origin", h.url, "Sec-Fetch-Site", "same-origin"}, status: 200},
		{name: "from another site", path: "/v1/predict", body: picture, headers: []string{"Origin", "http://example.org"}, status: 403, want: "cross_site"},
		{name: "from another site's form", path: "/v1/jobs", body: clip, headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, want: "cross_site"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.method == "" {
				c.method = http.MethodGet
				if c.body != nil {
					c.method = http.MethodPost
				}
			}
			r := h.ask(c.method, c.path, bytes.NewReader(c.body), c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			switch {
			case c.status < 400 || strings.HasPrefix(c.path, "/v2"):
				require.Contains(t, r.body, c.want)
			default:
				require.Equal(t, c.want, r.code(), r.body)
			}
			require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
			require.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
			require.NotContains(t, r.body, "panic")
			require.NotContains(t, r.body, t.TempDir()[:5], "no path of the server")
		})
	}
	require.Contains(t, h.log.String(), "panic: a bug", "the log has the cause")
	require.NotContains(t, h.log.String(), "me.png")
}

// A model without a head for images says so, and reads clips.
func TestVideoOnly(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { delete(c.Card.Labels, data.Image) })
	require.Equal(t, "no_image_head", h.post("/v1/predict", pictureOf(5, 4, 51)).code())
	require.Equal(t, 200, h.post("/v1/predict", gifOf(2, 6, 6)).status)
	require.NotContains(t, h.get("/v2/models/toy").body, "image")
}

// Errors of the Open Inference Protocol have its shape.
func TestKServeErrors(t *testing.T) {
	var e kserveError
	start(t, &toy{}).get("/v2/models/other").into(&e)
	require.Contains(t, e.Error, "the model here is toy")
}

// What is wrong with a tensor is said.
func TestTensors(t *testing.T) {
	h := start(t, &toy{})
	for _, c := range []struct {
		input, outputs string
		want           string
	}{
		{`{"name":"image","datatype":"UINT8","shape":[2,1,1,3],"data":[51,0,0,255,0,0]}`, ``, `"shape":[2,2],"data":[0.8,0.2,0,1]`},
		{`{"name":"video","datatype":"UINT8","shape":[1,2,1,1,3],"data":[51,0,0,255,0,0]}`, ``, `"name":"video_probabilities","datatype":"FP64","shape":[1,2],"data":[0.8,0.2]`},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0]}`, `{"name":"image_probabilities","parameters":{"classification":1}}`,
			`"datatype":"BYTES","shape":[1,1],"data":["0.8:0:dark"]`},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0]}`, `{"name":"image_probabilities","parameters":{"classification":9}}`,
			`"shape":[1,2],"data":["0.8:0:dark","0.2:1:bright"]`},
		{`{"name":"image","datatype":"FP32","shape":[1,1,1,3],"data":[51,0,0]}`, ``, "must be UINT8"},
		{`{"name":"sound","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0]}`, ``, "has no input"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,3],"data":[51,0,0]}`, ``, "must have 4 extents"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,4],"data":[51,0,0,0]}`, ``, "the last of them 3"},
		{`{"name":"image","datatype":"UINT8","shape":[1,0,1,3],"data":[]}`, ``, "must be positive"},
		{`{"name":"image","datatype":"UINT8","shape":[1,-1,-1,3],"data":[51,0,0]}`, ``, "must be positive"},
		{`{"name":"image","datatype":"UINT8","shape":[9223372036854775807,2,1,3],"data":[51,0,0]}`, ``, "together at most"},
		{`{"name":"image","datatype":"UINT8","shape":[49000000,49000000,49000000,3],"data":[51,0,0]}`, ``, "together at most"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0]}`, ``, "3 values, the data"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0,0]}`, ``, "the data more"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,256]}`, ``, "from 0 to 255"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,-1]}`, ``, "from 0 to 255"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,1.5]}`, ``, "from 0 to 255"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":"abc"}`, ``, "from 0 to 255"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0]}`, `{"name":"other"}`, "the output of input image"},
		{`{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[51,0,0]}`, `{"name":"image_probabilities","parameters":{"classification":0}}`, "must be from 1"},
		{``, ``, "there must be one input"},
	} {
		text := `{"inputs":[` + c.input + `],"outputs":[` + c.outputs + `]}`
		require.True(t, json.Valid([]byte(text)), text)
		r := h.post("/v2/models/toy/infer", []byte(text))
		require.Contains(t, r.body, c.want, c.input)
		require.Equal(t, !strings.Contains(c.want, `"shape"`), r.status >= 400)
	}
}

// A token is wanted of all but what shows nothing.
func TestToken(t *testing.T) {
	const token = "0123456789abcdef"
	h := start(t, &toy{}, func(c *Config) { c.Token = token })
	for _, open := range []string{"/", "/app.js", "/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"} {
		require.Equal(t, 200, h.get(open).status, open)
	}
	for _, closed := range []string{"/metrics", "/version", "/v1/models", "/v1/jobs/x", "/v1/jobs/x/events"} {
		require.Equal(t, "token", h.get(closed).code(), closed)
	}
	require.Equal(t, 401, h.get("/v2").status)
	for header, want := range map[string]int{"Bearer " + token: 200, "bearer " + token: 200, "Bearer " + token + "x": 401, "Basic " + token: 401, token: 401, "Bearer": 401} {
		require.Equal(t, want, h.ask(http.MethodGet, "/version", nil, "Authorization", header).status, header)
	}
}

// The page's files load nothing from elsewhere, and no other page may hold it.
func TestPolicy(t *testing.T) {
	h := start(t, &toy{})
	for path := range pageFiles {
		r := h.get(strings.ReplaceAll(path, "{$}", ""))
		require.Equal(t, 200, r.status)
		policy := r.header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		require.NotContains(t, policy, "http")
		require.NotEmpty(t, r.header.Get("Content-Type"), path)
		require.NotRegexp(t, `(src|href)="?https?:|//cdn|import .* from "https?:`, r.body, path)
	}
	require.NotRegexp(t, `<[^>]* (style|on[a-z]+)=`, h.get("/").body, "inline styles and handlers, which the policy forbids")
}

// Metrics have the names that dashboards know, and count.
func TestMetrics(t *testing.T) {
	h := start(t, &toy{}, func(c *Config) { c.Card.Name = `a"b\c` })
	h.post("/v1/predict", pictureOf(5, 4, 51))
	h.post("/v1/predict", pictureOf(5, 4, 0))
	h.post("/v1/predict", []byte("no picture"))
	h.ask(http.MethodGet, "/healthz", nil, "Host", "example.org")
	text := h.get("/metrics").body
	for _, want := range []string{
		`mien_requests_total{route="/v1/predict",code="200"} 2`, `mien_requests_total{route="/v1/predict",code="400"} 1`,
		`mien_request_seconds_count{route="/v1/predict"} 3`, `mien_request_seconds_bucket{route="/v1/predict",le="+Inf"} 3`,
		`mien_frames_total{status="ok"} 1`, `mien_frames_total{status="no_face"} 1`, `mien_faces_total 1`, `mien_decode_errors_total 1`,
		`mien_rejected_total{reason="unknown_host"} 1`, `mien_queue_depth 0`, `mien_in_flight 1`, `model="a\"b\\c"} 1`,
		"# TYPE mien_request_seconds histogram\n",
	} {
		require.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		require.Regexp(t, `^(# (HELP|TYPE) mien_[a-z_]+ .+|mien_[a-z_]+(\{.*\})? [-+.e0-9]+)\n$`, line)
	}
}
