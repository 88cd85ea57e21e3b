package modelfile

import (
	"mien/engine"
	"mien/weights"
)

// storage gives the types of weights at each precision.
var storage = map[engine.Precision]weights.DType{engine.BF16: weights.BF16, engine.Int8: weights.I8}

// StoredTypes returns the types in which a fine-tuned model is stored at a precision. Only weights that inference would round
// get a lower type, so that a stored model gives bit-identical results to one that is rounded when opened. All other tensors
// stay F32. The file must be a complete fine-tuned model, unless p is engine.Full.
func (f *File) StoredTypes(p engine.Precision) (map[string]weights.DType, error) {
	types := map[string]weights.DType{}
	if p == engine.Full {
		return types, nil
	}
	d, err := f.finetuned()
	if err != nil {
		return nil, err
	}
	params, err := f.outline(d)
	for _, param := range params {
		if param.Linear {
			types[param.Name] = storage[p]
		}
	}
	return types, err
}
