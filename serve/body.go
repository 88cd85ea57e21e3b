package serve

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
)

// What comes with a request: the bytes of a picture or video, alone or as the file of a form. They are told by their contents; their name
// is only repeated in the answer.

// upload is such a file, which is read once.
type upload struct {
	io.Reader
	name string
}

// formField is the field of a form that has the file.
const formField = "file"

// readUpload finds the file of a request.
func readUpload(r *http.Request) (upload, error) {
	media := r.Header.Get("Content-Type")
	if media == "" {
		return upload{r.Body, ""}, nil
	}
	kind, parameters, err := mime.ParseMediaType(media)
	switch {
	case err != nil:
		return upload{}, malformed("Content-Type: %v", err)
	case kind == "multipart/form-data":
		return readForm(r.Body, parameters["boundary"])
	case strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "video/"), kind == "application/octet-stream",
		kind == "application/x-www-form-urlencoded": // what curl says of any body
		return upload{r.Body, ""}, nil
	}
	return upload{}, newProblem(http.StatusUnsupportedMediaType, "media_type", "the body is neither a picture, a video nor a form with the field %s", formField)
}

// readForm returns the file of a form, which must be its only field: a second picture or an option would be left out unseen.
func readForm(body io.Reader, boundary string) (upload, error) {
	if boundary == "" {
		return upload{}, malformed("the form has no boundary")
	}
	form := multipart.NewReader(body, boundary)
	part, err := form.NextPart()
	if err != nil {
		return upload{}, formError(err)
	}
	if part.FormName() != formField {
		return upload{}, malformed("the form's field must be %s: all else goes behind a ? of the address", formField)
	}
	return upload{&onlyPart{part, form}, displayName(part.FileName())}, nil
}

// onlyPart is a part of a form that ends well if no other is behind it.
type onlyPart struct {
	*multipart.Part
	form *multipart.Reader
}

func (p *onlyPart) Read(b []byte) (int, error) {
	n, err := p.Part.Read(b)
	if err != io.EOF {
		return n, err
	}
	switch _, behind := p.form.NextPart(); behind {
	case io.EOF:
		return n, io.EOF
	case nil:
		return n, malformed("the form has a second field: one file a request, and all else goes behind a ? of the address")
	default:
		return n, formError(behind)
	}
}

// formError is err where it is of the connection, and else a problem of the form.
func formError(err error) error {
	if asProblem(err) != nil {
		return err
	}
	return malformed("the form cannot be read: %v", err)
}

// displayName is a file's name without its folders and without what does not show.
func displayName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name == "." || name == "/" {
		return ""
	}
	if short := []rune(name); len(short) > 100 {
		name = string(short[:100])
	}
	return name
}

// begin bounds what a request may send, in bytes and in time, and refuses it at once where its length says too much.
func begin(w http.ResponseWriter, r *http.Request, most int64, within time.Duration) error {
	if r.ContentLength > most {
		return &http.MaxBytesError{Limit: most}
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	return ignoreUnsupported(http.NewResponseController(w).SetReadDeadline(time.Now().Add(within)))
}

// arrived ends the time limit of the body: without that, its end would look as if the client had gone.
func arrived(w http.ResponseWriter) error {
	return ignoreUnsupported(http.NewResponseController(w).SetReadDeadline(time.Time{}))
}

// ignoreUnsupported lets handlers run without a connection, as in tests.
func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// readAll reads bytes to memory that is taken from a budget.
func readAll(r io.Reader, of *lease) ([]byte, error) {
	var all bytes.Buffer
	_, err := io.Copy(leased{&all, of}, r)
	if err == io.ErrUnexpectedEOF {
		err = malformed("the body ends too early")
	}
	return all.Bytes(), err
}

// leased is a buffer that takes from a budget before it grows.
type leased struct {
	*bytes.Buffer
	of *lease
}

// ReadFrom hides that of the buffer, which would ask nobody.
func (b leased) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{b}, r) }

func (b leased) Write(p []byte) (int, error) {
	if !b.of.grow(int64(len(p))) {
		return 0, unavailable("busy", "too much is being sent at the moment")
	}
	return b.Buffer.Write(p)
}
