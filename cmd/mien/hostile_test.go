package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hugePNG claims 100000×100000 pixels.
func hugePNG() []byte {
	chunk := func(kind string, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(append(b, kind...), body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 100_000), 100_000)
	png := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 2, 0, 0, 0))...)
	return append(append(png, chunk("IDAT", []byte{0x78, 0x9c})...), chunk("IEND", nil)...)
}

// converted returns a model, stored in a precision.
func converted(t *testing.T, precision string) []byte {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	code, _, stderr := mien("convert", "--precision", precision, "../../testdata/golden/released_form.pth", path)
	require.Zero(t, code, stderr)
	model, err := os.ReadFile(path)
	require.NoError(t, err)
	return model
}

// withNaN sets the first value of every F32 tensor whose name ends so to NaN.
func withNaN(t *testing.T, model []byte, suffix string) []byte {
	model = bytes.Clone(model)
	header := binary.LittleEndian.Uint64(model)
	var records map[string]struct {
		Offsets []int `json:"data_offsets"`
	}
	require.NoError(t, json.Unmarshal(model[8:8+header], &records))
	for name, r := range records {
		if strings.HasSuffix(name, suffix) {
			copy(model[8+int(header)+r.Offsets[0]:], "\x00\x00\xc0\x7f")
		}
	}
	return model
}

// Truncated, unknown or hostile images and weights each give a one-line error in bounded memory, and nothing is written.
func TestHostileFiles(t *testing.T) {
	golden := "../../testdata/golden/"
	face, err := os.ReadFile(golden + "face.png")
	require.NoError(t, err)
	checkpoint, err := os.ReadFile(golden + "released_form.pth")
	require.NoError(t, err)
	model, err := os.ReadFile(golden + "s4d_tiny.safetensors")
	require.NoError(t, err)
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return path
	}
	good, int8 := golden+"released_form.pth", converted(t, "int8")
	nan := file("nan", withNaN(t, converted(t, "f32"), "blocks.1.mlp.fc1.weight"))
	for name, args := range map[string][]string{
		"huge image":           {"predict", "--face", "none", "--model", good, file("huge.png", hugePNG())},
		"cut image":            {"predict", "--face", "none", "--model", good, file("cut.png", face[:len(face)/2])},
		"text as image":        {"predict", "--face", "none", "--model", good, file("text.jpg", []byte("hello"))},
		"cut checkpoint":       {"predict", "--face", "none", "--model", file("cut.pth", checkpoint[:len(checkpoint)/2]), golden + "face.png"},
		"cut safetensors":      {"predict", "--face", "none", "--model", file("cut.safetensors", model[:len(model)-7]), golden + "face.png"},
		"pickle of os.system":  {"predict", "--face", "none", "--model", file("system.pth", []byte("\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")), golden + "face.png"},
		"int8 without scales":  {"predict", "--face", "none", "--model", file("renamed.safetensors", bytes.Replace(int8, []byte(".scale"), []byte(".SCALE"), 1)), golden + "face.png"},
		"int8 of NaN":          {"predict", "--face", "none", "--model", file("nan.safetensors", withNaN(t, int8, ".scale")), golden + "face.png"},
		"NaN":                  {"predict", "--face", "none", "--model", nan, golden + "face.png"},
		"evaluation of NaN":    {"eval", "--model", nan, "--drawn"},
		"init from NaN":        {"finetune", "--recipe", "s4d-tiny", "--init", nan, "--out", filepath.Join(dir, "run")},
		"conversion of NaN":    {"convert", nan, filepath.Join(dir, "out.safetensors")},
		"init from int8":       {"finetune", "--recipe", "s4d-tiny", "--init", filepath.Join(dir, "nan.safetensors"), "--out", filepath.Join(dir, "run")},
		"not a model":          {"eval", "--drawn", "--model", golden + "mae_image.safetensors"},
		"pretrained as model":  {"predict", "--face", "none", "--model", golden + "released_pretrain.pt", golden + "face.png"},
		"init of another size": {"finetune", "--recipe", "s4d-tiny", "--init", golden + "released_pretrain.pt", "--out", filepath.Join(dir, "run")},
		"convert":              {"convert", file("c.pth", checkpoint[:1000]), filepath.Join(dir, "out.safetensors")},
		"list of nothing":      {"finetune", "--recipe", "s4d-tiny", "--static-list", file("empty.txt", nil), "--out", filepath.Join(dir, "run")},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadDir(dir)
			require.NoError(t, err)
			var m0, m1 runtime.MemStats
			runtime.ReadMemStats(&m0)
			code, stdout, stderr := mien(args...)
			runtime.ReadMemStats(&m1)
			require.Equal(t, 1, code, stderr)
			require.Empty(t, stdout)
			require.True(t, strings.HasPrefix(stderr, "mien: "), stderr)
			require.NotContains(t, stderr, "goroutine")
			require.LessOrEqual(t, strings.Count(stderr, "\n"), 2, stderr)
			if strings.Contains(name, "NaN") {
				require.Regexp(t, `NaN at \[0 0\]|scale of row 0 is NaN`, stderr)
			}
			require.Less(t, m1.TotalAlloc-m0.TotalAlloc, uint64(256<<20))
			after, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Equal(t, len(before), len(after), "something was written")
		})
	}
}
