package data

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// FuzzKind tells what a file is by its first bytes.
func FuzzKind(f *testing.F) {
	minimiseBriefly(f)
	for _, head := range []string{"GIF89a", "\x89PNG\r\n\x1a\n", "RIFF1234WEBPVP8X0000\x02", "RIFF1234AVI LIST", "\x00\x00\x00\x18ftypheic", "\x1aE\xdf\xa3",
		"BM", "\xFF\xD8\xFF", strings.Repeat("\x47"+strings.Repeat("x", 187), 3)} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		fuzzing.Bounded(t, 1<<20, func() {
			_, err := kindOf(bytes.NewReader(file), "clip.mp4")
			require.NoError(t, err)
		})
	})
}

// FuzzReadPaths reads lists for predictions, and those without labels.
func FuzzReadPaths(f *testing.F) {
	minimiseBriefly(f)
	for _, text := range []string{"a.png\n\n# comment\r\n  b c.jpg  \r\nphoto 3", "path,label\n\"a,b.png\",3\n", "\xEF\xBB\xBFa.png", "video_name,label\n1,2,3\n"} {
		f.Add([]byte(text))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzing.Bounded(t, 4<<20+4096*len(text), func() {
			paths, err := ReadPaths(bytes.NewReader(text), root)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				return
			}
			require.NotEmpty(t, paths)
			require.LessOrEqual(t, len(paths), 1+bytes.Count(text, []byte("\n")))
		})
		for _, m := range []Modality{Image, Video} {
			last := 0
			_ = parsePaths(text, m, func(r row) error {
				require.Greater(t, r.line, last)
				last = r.line
				return nil
			})
		}
	})
}

// FuzzCrops reads what says how faces were cut out.
func FuzzCrops(f *testing.F) {
	minimiseBriefly(f)
	f.Add([]byte(`{"format": "mien-crops-1", "crop": "eyes-nose", "size": 112, "videos": "steady", "samples": 3, "failed": 0}`))
	f.Add([]byte(`{"format": "mien-crops-2", "crop": 7}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, CropsFile), text, 0o600))
		fuzzing.Bounded(t, 1<<20+1000*len(text), func() {
			c, path, err := FindCrops(dir)
			if err != nil {
				require.NotContains(t, err.Error(), "\n")
				return
			}
			if path != "" {
				require.Contains(t, CropNames, c.Crop)
			}
		})
	})
}
