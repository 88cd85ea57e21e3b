package data

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/fuzzing"
)

// FuzzEXIF reads the orientation of pictures: one from 1 to 8, from at most maxEXIF bytes, whatever lengths are claimed.
func FuzzEXIF(f *testing.F) {
	minimiseBriefly(f)
	for i := range 8 {
		file, err := os.ReadFile(fmt.Sprintf("testdata/images/exif%d.jpg", i+1))
		require.NoError(f, err)
		f.Add(file[:min(len(file), 400)])
	}
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x03tEXtabcCRC4\xFF\xFF\xFF\xFFeXIfMM\x00*\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"))
	f.Add([]byte("RIFF1234WEBPVP8X\x04\x00\x00\x00abcdEXIF\xFF\xFF\xFF\xFFII*\x00\x12\x01\x03\x00\x01\x00\x00\x00\x08"))
	f.Add([]byte("\xFF\xD8\xFF\xE0\x00\x07JFIF\x00\xFF\xE1\x00\x16Exif\x00\x00MM\x00*\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x03tEXtabcCRC4\x00\x00\x00\x04eXIfMM\x00*CRC4"))
	f.Add([]byte("RIFF1234WEBPVP8X\x03\x00\x00\x00abc0EXIF\x04\x00\x00\x00MM\x00*"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for format, find := range exif {
			fuzzing.Bounded(t, 4*maxEXIF+8*len(file), func() {
				block := find(&scanner{r: bufio.NewReader(bytes.NewReader(file))})
				require.LessOrEqual(t, len(block), maxEXIF, format)
				turned := tiffOrientation(block)
				require.True(t, turned >= 1 && turned <= 8, format)
			})
		}
	})
}

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
