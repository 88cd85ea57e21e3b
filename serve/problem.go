package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"mien/engine"
)

// Errors as clients see them.

// problem is an error that is the client's business. Any other error of a handler is a bug or a matter of this machine: the client gets
// an id, and the log has the cause.
type problem struct {
	status  int
	code    string // in snake_case, for programs
	message string
	after   time.Duration // when to try again; 0 is never
}

func (p *problem) Error() string { return p.message }

func newProblem(status int, code, format string, args ...any) *problem {
	return &problem{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// Problems that several handlers have.
func malformed(format string, args ...any) *problem {
	return newProblem(http.StatusBadRequest, "malformed", format, args...)
}

func tooLarge(code, format string, args ...any) *problem {
	return newProblem(http.StatusRequestEntityTooLarge, code, format, args...)
}

func unavailable(code, format string, args ...any) *problem {
	p := newProblem(http.StatusServiceUnavailable, code, format, args...)
	p.after = time.Second
	return p
}

// statusGone is nginx's for a client that did not wait for its answer. Nobody reads it but the metrics.
const statusGone = 499

// asProblem says what a client is told of an error, or nil for one that is no business of the client.
func asProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge("body_too_large", "the body has more than %d bytes", e.Limit)
	}
	if e, ok := errors.AsType[*engine.AllocError](err); ok {
		return unavailable("memory", "%v", e)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusGatewayTimeout, "time_limit", "the time for one request is over")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem(http.StatusRequestTimeout, "slow_body", "the body took too long to come")
	case errors.Is(err, context.Canceled):
		return newProblem(statusGone, "cancelled", "the client has gone")
	}
	return nil
}

// errorBody is the one shape of an error.
type errorBody struct {
	Error errorText `json:"error"`
}

type errorText struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
}

// kserveError is the shape of the Open Inference Protocol.
type kserveError struct {
	Error string `json:"error"`
}

// fail answers with an error in the shape of the route. An error that is no business of the client is logged under the request's id.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, kserve bool, err error) {
	p, id := asProblem(err), requestID(r)
	if p == nil {
		s.log.Error("request failed", "request_id", id, "path", r.URL.Path, "cause", err)
		p = newProblem(http.StatusInternalServerError, "internal", "a mistake of the server; its log says more under this id")
	}
	if p.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.status == http.StatusRequestEntityTooLarge || p.status == http.StatusServiceUnavailable {
		w.Header().Set("Connection", "close") // rather than read a body that nobody wants
	}
	var body any = errorBody{errorText{p.code, p.message, id}}
	if kserve {
		body = kserveError{fmt.Sprintf("%s (request %s)", p.message, id)}
	}
	writeJSON(w, p.status, body)
}

// writeJSON answers with a value. A client that has gone does not hear it, and nothing is to be done about that.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
