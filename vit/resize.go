package vit

import (
	"math"
	"slices"
	"strings"

	"mien/data/augment"
	"mien/nn"
)

// ResizedPositions is a file of an image model whose table of positions [1, 1 + side², D] has the grid of config c: where images are of
// another size, its rows are interpolated as timm does (bicubic, without antialiasing), and that of the class token stays.
func ResizedPositions(file nn.Weights, c Config) nn.Weights {
	for _, name := range file.Names() {
		shape, _ := file.Shape(name)
		if strings.HasSuffix(name, "pos_embed") && len(shape) == 3 && shape[0] == 1 && shape[2] == c.Dim {
			from := int(math.Sqrt(float64(shape[1] - 1)))
			if to := c.ImageSize / c.PatchSize; 1+from*from == shape[1] && from > 0 && from != to {
				return resized{file, name, from, to, c.Dim}
			}
		}
	}
	return file
}

// resized is a file with a table of positions of another grid.
type resized struct {
	nn.Weights
	name          string
	from, to, dim int // sides of the grids, and width
}

func (r resized) Shape(name string) ([]int, bool) {
	if name == r.name {
		return []int{1, 1 + r.to*r.to, r.dim}, true
	}
	return r.Weights.Shape(name)
}

func (r resized) Read(name string, dst []float32) error {
	if name != r.name {
		return r.Weights.Read(name, dst)
	}
	table := make([]float32, (1+r.from*r.from)*r.dim)
	if err := r.Weights.Read(name, table); err != nil {
		return err
	}
	copy(dst, table[:r.dim]) // of the class token
	planes := transposed(table[r.dim:], r.dim)
	planes = augment.Interpolate(planes, r.dim, r.from, r.from, r.to, r.to, augment.TensorBicubic)
	copy(dst[r.dim:], transposed(planes, r.to*r.to))
	return nil
}

// transposed makes [columns, rows] of [rows, columns].
func transposed(x []float32, columns int) []float32 {
	y := slices.Clone(x)
	rows := len(x) / columns
	for i, v := range x {
		y[i%columns*rows+i/columns] = v
	}
	return y
}
