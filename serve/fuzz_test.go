package serve

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Whatever comes as a form is a file no larger than the form, or the client's mistake.
func FuzzPredictForm(f *testing.F) {
	good, kind := formOf("file", "me.png", []byte("picture"))
	f.Add(kind, good)
	f.Add(kind, good[:40])
	f.Add("multipart/form-data", good)
	f.Add("multipart/form-data; boundary=\"\"", good)
	f.Add("image/png", []byte("picture"))
	f.Add("text/plain; charset=", []byte{})
	other, _ := formOf("other", "\x00\xff/..", nil)
	f.Add(kind, other)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/v1/predict", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		file, err := readUpload(r)
		if err == nil {
			require.True(t, utf8.ValidString(file.name))
			require.LessOrEqual(t, len([]rune(file.name)), 100)
			require.NotContains(t, file.name, "/")
			var text []byte
			of := &lease{of: newBudget(1 << 20)}
			text, err = readAll(file, of)
			require.LessOrEqual(t, len(text), len(body))
			require.EqualValues(t, len(text), of.n)
		}
		require.True(t, err == nil || err == io.EOF || asProblem(err) != nil, "%v", err)
	})
}

// Whatever comes as a tensor has as many bytes as its shape says, no more than the text, or is the client's mistake.
func FuzzInferJSON(f *testing.F) {
	f.Add([]byte(`{"id":"a","inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,2,3],"data":[[[[51,0,0],[0,0,0]]]]}]}`))
	f.Add([]byte(`{"inputs":[{"name":"video","datatype":"UINT8","shape":[1,2,1,1,3],"data":[51,0,0,255,0,0]}],"outputs":[{"name":"x","parameters":{"classification":2}}]}`))
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[3,99999999,99999999,3],"data":[]}]}`))
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":"12 3"}]}`))
	s := &Server{Config: toyConfig()}
	f.Fuzz(func(t *testing.T, body []byte) {
		asked, err := readInfer(body)
		if err != nil {
			require.NotNil(t, asProblem(err))
			return
		}
		for _, head := range []data.Modality{data.Image, data.Video} {
			samples, err := s.samples(asked.Inputs[0], head)
			if err != nil {
				require.NotNil(t, asProblem(err))
				continue
			}
			total := 0
			for _, sample := range samples {
				require.Len(t, sample.Pix, sample.T*sample.H*sample.W*3)
				total += len(sample.Pix)
			}
			require.LessOrEqual(t, total, len(body))
		}
	})
}
