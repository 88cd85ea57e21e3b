package weights

import (
	"fmt"
	"math"
	"slices"
)

// Quantized tensors: numbers and scales that are stored as two tensors and read as one.

// A quantized tensor NAME is stored as two: integers [N, …] as I8 and, under NAME.scale, a scale for each of the N rows as F32.
// Its values are integers·scale. Outside this package the two are one float32 tensor.
const scaleSuffix = ".scale"

// PrecisionKey is the metadata key for the format in which the weights of linear layers are stored: f32, bf16 or int8. Without
// it they are f32.
const PrecisionKey = "mien.precision"

// pairScales attaches scales to quantized tensors and removes them from the list of tensors. If the metadata say int8, an I8
// tensor without scales is an error; otherwise I8 may have any other meaning.
func (f *File) pairScales() error {
	for _, name := range f.Names() {
		e, scale := f.tensors[name], f.tensors[name+scaleSuffix]
		if e.dtype != I8 || scale.dtype == "" && f.metadata[PrecisionKey] != "int8" {
			continue
		}
		var err error
		if e.scales, err = f.readScales(e, scale); err != nil {
			return fmt.Errorf("tensor %.200q: %w", name+scaleSuffix, err)
		}
		f.tensors[name] = e
		delete(f.tensors, name+scaleSuffix)
	}
	return nil
}

// readScales reads the scales of the rows of e and checks them: one wrong scale would corrupt a whole row.
func (f *File) readScales(e, scale entry) ([]float32, error) {
	switch {
	case scale.dtype == "":
		return nil, fmt.Errorf("missing, the scales of an int8 tensor %v: convert the model again", e.shape)
	case len(e.shape) == 0:
		return nil, fmt.Errorf("scales of a single number, which has no rows: damaged")
	case scale.dtype != F32 || !slices.Equal(scale.shape, e.shape[:1]):
		return nil, fmt.Errorf("%s %v, where an int8 tensor %v has scales F32 %v: damaged", scale.dtype, scale.shape, e.shape, e.shape[:1])
	}
	scales := make([]float32, e.shape[0])
	if err := f.readRun(scale, scales); err != nil {
		return nil, cause(err)
	}
	for j, s := range scales {
		if !(s >= 0 && s <= math.MaxFloat32) {
			return nil, fmt.Errorf("the scale of row %d is %v: damaged", j, s)
		}
	}
	return scales, nil
}

// scaleRows turns the integers of a quantized tensor into its values.
func scaleRows(values, scales []float32) {
	k := len(values) / max(len(scales), 1)
	for j, s := range scales {
		row := values[j*k:][:k]
		for i := range row {
			row[i] *= s
		}
	}
}
