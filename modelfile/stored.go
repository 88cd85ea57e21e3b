package modelfile

import (
	"fmt"

	"mien/engine"
	"mien/recipe"
	"mien/weights"
)

// storage gives the types of weights at each precision.
var storage = map[engine.Precision]weights.DType{engine.BF16: weights.BF16, engine.Int8: weights.I8}

// StoredTypes returns the types with which a fine-tuned model is stored in a precision. They are those of the weights that
// inference would round to it, so that a stored model answers with the same bits as one that is rounded when opened. All other
// tensors stay F32. The file must be a whole fine-tuned model, unless p is engine.Full.
func (f *File) StoredTypes(p engine.Precision) (map[string]weights.DType, error) {
	types := map[string]weights.DType{}
	if p == engine.Full {
		return types, nil
	}
	d, err := f.Describe()
	if err != nil {
		return nil, err
	}
	if d.System.Kind != recipe.Finetune {
		return nil, fmt.Errorf("%s: %w", f.Path, errPretrained)
	}
	params, err := f.outline(d)
	for _, param := range params {
		if param.Linear {
			types[param.Name] = storage[p]
		}
	}
	return types, err
}
