package data

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The EXIF block of a JPEG stands before the pixels, among other segments.
func TestEXIFBlocks(t *testing.T) {
	const block = "Exif\x00\x00MM\x00*"
	const soi, xmp, start = "\xFF\xD8", "\xFF\xE1\x00\x06http", "\xFF\xDA\x00\x04ab"
	const found = "\xFF\xE1\x00\x0C" + block
	riff := "RIFF1234WEBP"
	for _, c := range []struct {
		find       func(*scanner) []byte
		file, want string
	}{
		{jpegEXIF, soi + found, block},
		{jpegEXIF, soi + "\xFF\xE0\x00\x07JFIF\x00" + xmp + found, block},
		{jpegEXIF, soi + start + found, ""},
		{jpegEXIF, soi + "\x00\xE1\x00\x0C" + block, ""},
		{jpegEXIF, soi + "\xFF\xE0\x00\x01" + found, ""},
		{jpegEXIF, soi + "\xFF\xE0\x00\x02" + found, block},
		{jpegEXIF, soi, ""},
		{pngEXIF, "\x89PNG\r\n\x1a\n" + "\x00\x00\x00\x03tEXtabcCRC4" + "\x00\x00\x00\x04eXIfMM\x00*CRC4", "MM\x00*"},
		{pngEXIF, "\x89PNG\r\n\x1a\n" + "\x00\x00\x00\x03tEXtabcCRC4", ""},
		{webpEXIF, riff + "VP8X\x03\x00\x00\x00abc0" + "EXIF\x04\x00\x00\x00MM\x00*", "MM\x00*"},
		{webpEXIF, riff + "VP8X\x04\x00\x00\x00abcd" + "EXIF\x04\x00\x00\x00MM\x00*", "MM\x00*"},
		{webpEXIF, riff, ""},
	} {
		require.Equal(t, c.want, string(c.find(&scanner{r: bufio.NewReader(strings.NewReader(c.file))})), "%q", c.file)
	}
	long := pngEXIF(&scanner{r: bufio.NewReader(strings.NewReader("\x89PNG\r\n\x1a\n\xFF\xFF\xFF\xFFeXIf"))})
	require.Len(t, long, maxEXIF, "whatever length is claimed")
	long = webpEXIF(&scanner{r: bufio.NewReader(strings.NewReader(riff + "EXIF\xFF\xFF\xFF\xFF"))})
	require.Len(t, long, maxEXIF)
	for entry, want := range map[string]int{
		"MM..\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00": 6, "II..\x12\x01\x03\x00\x01\x00\x00\x00\x08\x00": 8,
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01": 1, "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x09": 1,
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00": 1, "\x01\x12\x00\x03\x00\x00\x00\x01\x00": 1, "": 1,
	} {
		require.Equal(t, want, tiffOrientation([]byte(entry)), "%q", entry)
	}
}

// The eight orientations, as the numbers of the pixels of a picture of 3×2.
func TestOrient(t *testing.T) {
	for i, want := range []string{
		"3×2 012345", "3×2 210543", "3×2 543210", "3×2 345012", "2×3 031425", "2×3 304152", "2×3 524130", "2×3 251403",
	} {
		f := NewFrames(1, 2, 3)
		for p := range f.Pix {
			f.Pix[p] = uint8(10*(p/3) + p%3)
		}
		got := orient(f, i+1)
		text := fmt.Sprintf("%d×%d ", got.W, got.H)
		for p := 0; p < len(got.Pix); p += 3 {
			text += fmt.Sprint(got.Pix[p] / 10)
			require.Equal(t, []uint8{got.Pix[p] + 1, got.Pix[p] + 2}, got.Pix[p+1:p+3])
		}
		require.Equal(t, want, text, "orientation %d", i+1)
	}
}
