package drawn

import (
	"context"
	"flag"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

var sheetDir = flag.String("sheets", "", "write contact sheets to this folder, to be looked at")

func TestSheets(t *testing.T) {
	dir := *sheetDir
	if dir == "" {
		dir = t.TempDir()
	}
	images := imageSheet(1, 8, 96)
	require.Equal(t, image.Rect(0, 0, 8*98+2, 7*98+2), images.Bounds())
	videos, err := videoSheet(t.Context(), 1, 7, 10, 64)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 10*66+2, 7*66+2), videos.Bounds())
	require.NotEqual(t, videos.At(40, 40), videos.At(40, 40+66), "rows show different videos")
	for name, img := range map[string]image.Image{"images.png": images, "videos.png": videos} {
		f, err := os.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, img))
		require.NoError(t, f.Close())
	}
	_, err = videoSheet(t.Context(), 1, 1, 2, 4)
	require.ErrorContains(t, err, "size 4")
}

// sheet pastes frames of one size into a grid, a row of images per row of cells, with a thin gap.
func sheet(cells [][]*data.Frames) *image.RGBA {
	const gap = 2
	h, w, columns := 0, 0, 0
	for _, row := range cells {
		columns = max(columns, len(row))
		for _, f := range row {
			h, w = max(h, f.H), max(w, f.W)
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, columns*(w+gap)+gap, len(cells)*(h+gap)+gap))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for r, row := range cells {
		for c, f := range row {
			paste(img, f, gap+c*(w+gap), gap+r*(h+gap))
		}
	}
	return img
}

func paste(img *image.RGBA, f *data.Frames, x0, y0 int) {
	for y := range f.H {
		for x := range f.W {
			copy(img.Pix[img.PixOffset(x0+x, y0+y):], f.Pix[(y*f.W+x)*3:][:3])
		}
	}
}

// imageSheet shows the seven expressions, one in each row, on as many people as columns.
func imageSheet(seed uint64, columns, size int) *image.RGBA {
	cells := make([][]*data.Frames, len(data.AffectNet7))
	for c := range columns {
		rng := rand.New(rand.NewPCG(seed, uint64(c)))
		face := NewFace(rng)
		for e, class := range data.AffectNet7 {
			cells[e] = append(cells[e], Render(face, Style{}.perform(rng, class), size, size))
		}
	}
	return sheet(cells)
}

// videoSheet shows videos, one in each row with its expressions in the order of DFEW, at as many evenly spaced
// moments as columns.
func videoSheet(ctx context.Context, seed uint64, rows, columns, size int) (*image.RGBA, error) {
	set := Videos(seed, rows, 4*columns, size)
	cells := make([][]*data.Frames, rows)
	for r := range rows {
		c, err := set.Items[r].Open(ctx, data.OpenOptions{})
		if err != nil {
			return nil, err
		}
		for t := range columns {
			f, err := c.Read(ctx, []int{4 * t})
			if err != nil {
				return nil, err
			}
			cells[r] = append(cells[r], f)
		}
	}
	return sheet(cells), nil
}
