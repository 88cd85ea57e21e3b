package modelfile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/internal/fuzzing"
	"mien/recipe"
	"mien/weights"
)

// FuzzDescribe reads what a model file says about itself, beside tensors that are none of its model's: it must be refused in one line,
// before memory is taken for the model that it describes.
func FuzzDescribe(f *testing.F) {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(f, err)
	meta, err := Metadata(r, map[data.Modality][]string{data.Image: {"a", "b"}}, Trained{})
	require.NoError(f, err)
	f.Add(meta["recipe"], meta["labels"], meta["trained"], "f32")
	f.Add(meta["recipe"], `{"image":7}`, `{"image":{"samples":-1}}`, "int8")
	f.Add("name = \"x\"\nkind = \"finetune\"\n[model]\ndim = 4096\ndepth = 1000\n", "", "", "")
	f.Fuzz(func(t *testing.T, recipe, labels, trained, precision string) {
		content := tensorsWith(t, map[string]string{"format": format, "recipe": recipe, "labels": labels, "trained": trained,
			weights.PrecisionKey: precision})
		file, err := weights.OpenBytes("fuzz", content)
		if err != nil {
			return
		}
		fuzzing.Bounded(t, 16<<20+4000*len(content), func() {
			_, err = Describe(file)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n")
		})
	})
}

// tensorsWith returns a safetensors file of 20 small tensors with these metadata.
func tensorsWith(t *testing.T, metadata map[string]string) []byte {
	header := map[string]any{"__metadata__": metadata}
	for i := range 20 {
		header[fmt.Sprint("t", i)] = map[string]any{"dtype": "F32", "shape": []int{1}, "data_offsets": []int{4 * i, 4*i + 4}}
	}
	text, err := json.Marshal(header)
	require.NoError(t, err)
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), make([]byte, 80)...)
}
