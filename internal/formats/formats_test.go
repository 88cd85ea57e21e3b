package formats

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type inner struct {
	Low  float64 `json:"low"`
	Text string  `json:"text,omitempty"`
}

type flat struct {
	First int `json:"first_key"`
}

// every has a field of every kind that is treated in its own way.
type every struct {
	flat
	Plain   int              `json:"plain"`
	Hidden  int              `json:"-"`
	private int              // not written
	When    time.Time        `json:"when"` // a text
	Inner   inner            `json:"inner"`
	Pointer *inner           `json:"pointer,omitempty"`
	List    []inner          `json:"list"`
	Map     map[string]inner `json:"map"`
	Nested  [][]*inner       `json:"nested"`
	Numbers []int            `json:"numbers,omitempty"`
	Other   map[int][]other  `json:"other"`
	*tail
}

type other struct {
	A int `json:"a"`
}

type tail struct {
	Last bool `json:"last"`
}

// An object in another adds its keys behind a dot, an embedded one its own, and one that is documented elsewhere none.
func TestKeys(t *testing.T) {
	w := walk{t: t, elsewhere: []reflect.Type{reflect.TypeFor[other]()}}
	w.object(reflect.TypeFor[*every](), "")
	require.Equal(t, []string{"first_key", "plain", "when", "inner", "inner.low", "inner.text", "pointer", "pointer.low", "pointer.text",
		"list", "list.low", "list.text", "map", "map.low", "map.text", "nested", "nested.low", "nested.text", "numbers", "other", "last"}, w.keys)
}

// The rows of a section are those of its own tables; a key may hold dots.
func TestDocumented(t *testing.T) {
	require.Equal(t, []string{"format", "path", "path_base64", "error"}, Documented(t, "predict without an answer"))
	require.Contains(t, Documented(t, "eval"), "static")
	require.NotContains(t, Documented(t, "eval"), "error")
}

// failing is a test that notes its failure and ends there.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) { f.message += fmt.Sprintf(format, args...) }

func (f *failing) FailNow() { panic(f) }

// failure returns what fails in a check, "" if it passes.
func failure(t *testing.T, check func(testing.TB)) (message string) {
	f := &failing{TB: t}
	defer func() {
		if p := recover(); p != nil && p != any(f) {
			panic(p)
		}
		message = f.message
	}()
	check(f)
	return ""
}

// A type fails that has a key too many or too few, one not in snake_case, or a number that could be left out; and a section that is
// not there.
func TestCheckFails(t *testing.T) {
	type whole struct {
		Format string `json:"format"`
		Path   string `json:"path"`
		Bytes  []byte `json:"path_base64,omitempty"`
		Error  string `json:"error"`
	}
	type more struct {
		whole
		More string `json:"more"`
	}
	type less struct {
		Format string `json:"format"`
		Path   string `json:"path"`
		Error  string `json:"error"`
	}
	type camel struct {
		Key string `json:"camelCase"`
	}
	type unnamed struct{ Key string }
	type zero struct {
		N float64 `json:"n,omitempty"`
	}
	type count struct {
		N int `json:"n,omitempty"`
	}
	const section = "predict without an answer"
	for want, v := range map[string]any{"": &whole{}, "more": more{}, "path_base64": less{}, "camelCase": camel{}, "field Key": unnamed{}, "0 would be left out": zero{},
		"N of formats.count: 0 would": count{}} {
		message := failure(t, func(t testing.TB) { Check(t, section, v) })
		require.Contains(t, message, want)
		require.Equal(t, want == "", message == "", message)
	}
	require.Contains(t, failure(t, func(t testing.TB) { Documented(t, "no such") }), `docs/formats.md has no section "no such"`)
}
