package weights

import (
	"fmt"
	"math"
	"slices"
)

// Quantized tensors: numbers and scales that are stored as two tensors and read as one.

// A quantised tensor NAME is stored as two: whole numbers [N, …] as I8 and, under NAME.scale, a scale for each of the N rows as
// F32. Its values are numbers·scale. To everybody else the two are one tensor, of float32.
const scaleSuffix = ".scale"

// PrecisionKey is where metadata say in which format the weights of linear layers are stored: f32, bf16 or int8. What says
// nothing is f32.
const PrecisionKey = "mien.precision"

// pairScales gives quantised tensors their scales, which are then no tensors of their own. Where the metadata promise int8, a
// tensor without is an error; elsewhere I8 may be numbers of any other meaning.
func (f *File) pairScales() error {
	for _, name := range f.Names() {
		e := f.tensors[name]
		if e.dtype != I8 {
			continue
		}
		scale, ok := f.tensors[name+scaleSuffix]
		if !ok && f.metadata[PrecisionKey] != "int8" {
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

// readScales reads the scales of the rows of e and checks them: one wrong scale would make a whole row nonsense.
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

// scaleRows turns the whole numbers of a quantised tensor into its values.
func scaleRows(values, scales []float32) {
	k := len(values) / max(len(scales), 1)
	for j, s := range scales {
		row := values[j*k:][:k]
		for i := range row {
			row[i] *= s
		}
	}
}
