package experiment

import (
	"mien/engine"
	"mien/s4d"
	"mien/weights"
)

// lowTypes are the types of weights of low precision.
var lowTypes = map[engine.Precision]weights.DType{engine.BF16: weights.BF16, engine.Int8: weights.I8}

// StoredTypes returns the types with which a fine-tuned model is stored in a precision. They are those of the weights that
// inference would round to it, so that a stored model answers with the same bits as one that is rounded when opened. All other
// tensors stay F32. The file must be a whole fine-tuned model, unless p is engine.Full.
func StoredTypes(file *weights.File, p engine.Precision) (map[string]weights.DType, error) {
	types := map[string]weights.DType{}
	if p == engine.Full {
		return types, nil
	}
	c, err := new(Model).describe(file)
	if err != nil {
		return nil, err
	}
	params, err := s4d.Outline(file, c)
	for _, param := range params {
		if param.Linear {
			types[param.Name] = lowTypes[p]
		}
	}
	return types, err
}
