package serve

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Which handler answers, and what is the same for all of them.

// handler answers a request, or returns why it does not.
type handler func(http.ResponseWriter, *http.Request) error

// methods are the handlers of a path.
type methods map[string]handler

// route is what is at a path.
type route struct {
	methods
	open   bool // to all, without a token
	kserve bool // errors are those of the Open Inference Protocol
}

// routes are all that there are.
func (s *Server) routes() map[string]route {
	get := func(h handler) methods { return methods{http.MethodGet: h} }
	const model, version = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
	all := map[string]route{
		"/healthz":      {methods: get(s.live), open: true},
		"/readyz":       {methods: get(s.isReady), open: true},
		"/metrics":      {methods: get(s.showMetrics)},
		"/version":      {methods: get(s.version)},
		"/v1/models":    {methods: get(s.models)},
		"/v1/predict":   {methods: methods{http.MethodPost: s.predict}},
		"/v1/jobs":      {methods: methods{http.MethodPost: s.postJob}},
		"/v1/jobs/{id}": {methods: methods{http.MethodGet: s.getJob, http.MethodDelete: s.deleteJob}},

		"/v1/jobs/{id}/events":         {methods: get(s.jobEvents)},
		"/v1/jobs/{id}/result.json":    {methods: get(s.jobJSON)},
		"/v1/jobs/{id}/result.csv":     {methods: get(s.jobCSV)},
		"/v1/jobs/{id}/frames/{frame}": {methods: get(s.jobFrame)},

		"/v2":              {methods: get(s.kserveServer), kserve: true},
		"/v2/health/live":  {methods: get(s.kserveLive), kserve: true, open: true},
		"/v2/health/ready": {methods: get(s.kserveReady), kserve: true, open: true},
	}
	for _, path := range []string{model, version} {
		all[path] = route{methods: get(s.kserveModel), kserve: true}
		all[path+"/ready"] = route{methods: get(s.kserveModelReady), kserve: true}
		all[path+"/infer"] = route{methods: methods{http.MethodPost: s.infer}, kserve: true}
	}
	for path, file := range pageFiles {
		all[path] = route{methods: get(file.serve), open: true}
	}
	all["/"] = route{methods: nil, open: true}
	return all
}

// handler returns what answers all requests.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for path, route := range s.routes() {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := s.dispatch(route, w, r); err != nil {
				s.fail(w, r, route.kserve, err)
			}
		})
	}
	return s.watch(mux)
}

// dispatch has the handler of the request's method answer, if the request may be made at all.
func (s *Server) dispatch(at route, w http.ResponseWriter, r *http.Request) error {
	if err := s.guard.check(r, at.open); err != nil {
		s.metrics.rejected.add(1, asProblem(err).code)
		return err
	}
	if at.methods == nil {
		return newProblem(http.StatusNotFound, "not_found", "there is nothing at this address")
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	answer, ok := at.methods[method]
	if !ok {
		allowed := []string{}
		for m := range at.methods {
			allowed = append(allowed, m)
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return newProblem(http.StatusMethodNotAllowed, "method", "this address takes %s", strings.Join(allowed, " and "))
	}
	return answer(w, r)
}

// requestKey is under which a request's context has its id.
type requestKey struct{}

// requestID returns the id under which the log speaks of a request.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

// newID returns 128 random bits as text: of requests, and of jobs, which only those can see who know the id.
func newID() string {
	var bits [16]byte
	rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

// watch gives requests an id, counts them, and turns a panic into an error with an id.
func (s *Server) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, id := time.Now(), newID()
		s.inFlight.Add(1)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
		out := &answerWriter{ResponseWriter: w}
		common(out.Header(), id)
		defer func() {
			s.inFlight.Add(-1)
			if p := recover(); p != nil {
				s.panicked(out, r, p)
			}
			at := r.Pattern
			if at == "" {
				at = "/"
			}
			s.metrics.requests.add(1, at, strconv.Itoa(out.status))
			s.metrics.seconds.observe(time.Since(began), at)
		}()
		next.ServeHTTP(out, r)
	})
}

// common sets the headers of every answer.
func common(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// panicked answers a request whose handler has panicked: the client gets an id, the log the stack.
func (s *Server) panicked(w *answerWriter, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status != 0 { // the answer has begun: cut it off
		s.log.Error("request failed", "request_id", requestID(r), "path", r.URL.Path, "cause", err)
		panic(http.ErrAbortHandler)
	}
	s.fail(w, r, strings.HasPrefix(r.URL.Path, "/v2"), err)
}

// answerWriter remembers the status.
type answerWriter struct {
	http.ResponseWriter
	status int
}

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
