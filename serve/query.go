package serve

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mien/pipeline"
)

// What is asked behind the ? of an address. What is not known is an error, so that no option is misspelt in vain.

// query reads parameters, and remembers the first that is wrong.
type query struct {
	values url.Values
	known  []string
	err    error
}

func readQuery(raw string) (*query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, malformed("the query: %v", err)
	}
	return &query{values: values}, nil
}

// text returns a parameter, or nothing where it is not given.
func (q *query) text(name string) (value string, given bool) {
	q.known = append(q.known, name)
	all := q.values[name]
	if len(all) > 1 {
		q.wrong("%s is given %d times", name, len(all))
	}
	if len(all) == 0 {
		return "", false
	}
	return all[0], true
}

func (q *query) wrong(format string, args ...any) {
	if q.err == nil {
		q.err = malformed(format, args...)
	}
}

// number returns a whole number from least to most, or fallback.
func (q *query) number(name string, least, most, fallback int) int {
	text, given := q.text(name)
	if !given {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.wrong("%s must be a number from %d to %d", name, least, most)
		return fallback
	}
	return n
}

// real returns a number from 0 to most, 0 where it is not given.
func (q *query) real(name string, most float64) float64 {
	text, given := q.text(name)
	if !given {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= most) {
		q.wrong("%s must be a number from 0 to %g", name, most)
		return 0
	}
	return v
}

// choice returns one of several words, the first where none is given.
func (q *query) choice(name string, words ...string) string {
	text, given := q.text(name)
	if !given {
		return words[0]
	}
	if !slices.Contains(words, text) {
		q.wrong("%s must be %s", name, strings.Join(words, ", "))
		return words[0]
	}
	return text
}

// end returns what was wrong: a value, or a parameter that nobody has asked for.
func (q *query) end() error {
	for name := range q.values {
		if !slices.Contains(q.known, name) {
			q.wrong("there is no parameter %q here: choose from %s", name, strings.Join(q.known, ", "))
		}
	}
	return q.err
}

// What is done about a frame without a face.
const (
	asRow   = "row"   // it has no faces
	skipped = "skip"  // it is left out
	asError = "error" // the request is refused
	asWhole = "whole" // it is read whole
)

// question is what predict and jobs ask of the pipeline.
type question struct {
	opt    pipeline.Options
	noFace string
	top    int // classes of each face; 0 is all, in the model's order
}

// readQuestion reads the parameters that predict and jobs share.
func (s *Server) readQuestion(q *query, noFace ...string) question {
	asked := question{noFace: q.choice("no_face", noFace...), top: q.number("top_k", 1, maxTop, 0)}
	asked.opt.Face = pipeline.Mode(q.choice("face", string(pipeline.Auto), string(pipeline.Detect)))
	asked.opt.MaxFaces = q.number("max_faces", 1, s.Limits.Faces, s.Limits.Faces)
	asked.opt.MinFace = q.real("min_face", 10_000)
	asked.opt.Whole = asked.noFace == asWhole
	return asked
}

const maxTop = 1000
