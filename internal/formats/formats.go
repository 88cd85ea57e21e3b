// Package formats compares the types that mien writes as JSON with docs/formats.md. It is for tests only.
package formats

import (
	"encoding"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Document is where formats are documented, from the root of the repository.
const Document = "docs/formats.md"

// Read returns the document.
func Read(t testing.TB) string {
	t.Helper()
	path := filepath.FromSlash(Document)
	for !exists(path) {
		path = filepath.Join("..", path)
		require.Less(t, len(path), 100, "no %s above the test", Document)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// Documented returns the keys in the table below a heading of the document, in its order.
func Documented(t testing.TB, heading string) (keys []string) {
	t.Helper()
	_, section, ok := strings.Cut(Read(t), "\n## "+heading+"\n")
	require.True(t, ok, "%s has no section %q", Document, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(section, -1) {
		keys = append(keys, row[1])
	}
	return keys
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Check fails unless the section documents exactly the keys of v as JSON, all in snake_case; those of an object in it follow its
// own key and a dot. Objects of the types elsewhere are documented in sections of their own.
func Check(t testing.TB, heading string, v any, elsewhere ...any) {
	t.Helper()
	w := walk{t: t}
	for _, other := range elsewhere {
		w.elsewhere = append(w.elsewhere, reflect.TypeOf(other))
	}
	w.object(reflect.TypeOf(v), "")
	require.ElementsMatch(t, Documented(t, heading), w.keys, "%s, section %q: documented, and written", Document, heading)
}

// walk collects the keys of a type.
type walk struct {
	t         testing.TB
	elsewhere []reflect.Type
	keys      []string
}

var snake = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// object adds the keys of a struct, each after a prefix.
func (w *walk) object(of reflect.Type, prefix string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	for i := range of.NumField() {
		f := of.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		key, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && !tagged { // its keys are those of the struct around it
			w.object(f.Type, prefix)
			continue
		}
		if !f.IsExported() || key == "-" {
			continue
		}
		require.Regexp(w.t, snake, key, "key of field %s of %s", f.Name, of)
		if k := f.Type.Kind(); options == "omitempty" {
			require.False(w.t, k >= reflect.Int && k <= reflect.Float64, "%s of %s: 0 would be left out", f.Name, of)
		}
		w.keys = append(w.keys, prefix+key)
		if value := element(f.Type); value.Kind() == reflect.Struct && !slices.Contains(w.elsewhere, value) {
			w.object(value, prefix+key+".")
		}
	}
}

// element returns what a key of this type holds: the type of values that are printed one by one, or in a list or a map.
func element(of reflect.Type) reflect.Type {
	inside := []reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}
	for !of.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && slices.Contains(inside, of.Kind()) {
		of = of.Elem()
	}
	return of
}
