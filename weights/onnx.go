package weights

import (
	"errors"
	"fmt"
	"math"
)

// ONNX: a model is one message of Protocol Buffers (onnx.proto3), whose graph has nodes in the order in which they run, and their constants
// as initializers.

// Numbers of fields.
const (
	onnxGraph = 7 // of a model

	onnxNode, onnxInitializer = 1, 5 // of a graph

	onnxInput, onnxOperator = 1, 4 // of a node

	onnxDims, onnxType, onnxFloats, onnxName, onnxRaw, onnxLocation = 1, 2, 4, 8, 9, 14 // of a tensor
)

// onnxTypes are the types of numbers that weights have; others, such as the shapes of reshapes, are no weights.
var onnxTypes = map[uint64]DType{1: F32, 10: "F16", 11: "F64", 16: BF16}

// isONNX recognises the version that a model begins with; the format has no other mark.
func isONNX(head []byte) bool {
	return len(head) > 2 && head[0] == onnxVersion<<3 && head[1] > 0 && head[1] < 64
}

// onnxVersion is the number of a model's first field.
const onnxVersion = 1

// indexONNX places the initializers that nodes read. Their own names depend on who wrote the file, so each is called after the node that
// reads it first and a number that counts nodes of this operator which read one, in the order of the file, as in Conv.0; a second one of
// a node has .1 after that.
func (f *File) indexONNX(size int64) error {
	p := &protobuf{file: f.file}
	var graph extent
	err := p.fields(extent{0, size}, func(part field) error {
		if part.number == onnxGraph {
			graph = part.content
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ONNX: %w", err)
	}
	if graph.from == graph.to {
		return errors.New("ONNX without a graph: not a network")
	}
	constants, err := onnxConstants(p, graph)
	if err == nil {
		err = f.nameONNX(p, graph, constants)
	}
	if err != nil {
		return fmt.Errorf("ONNX: %w", err)
	}
	return nil
}

// onnxConstants finds the initializers of numbers, by their names in the file.
func onnxConstants(p *protobuf, graph extent) (map[string]entry, error) {
	constants := map[string]entry{}
	return constants, p.fields(graph, func(part field) error {
		if part.number != onnxInitializer {
			return nil
		}
		name, e, err := onnxTensor(p, part.content)
		if err != nil {
			return fmt.Errorf("initializer %.60q: %w", name, err)
		}
		if _, twice := constants[name]; twice {
			return fmt.Errorf("initializer %.60q stands there twice", name)
		}
		if e.dtype != "" {
			constants[name] = e
		}
		return nil
	})
}

// onnxTensor reads all of a tensor but its values. Its entry has no type where it is no weight.
func onnxTensor(p *protobuf, tensor extent) (name string, e entry, err error) {
	var values extent
	var floats, elsewhere bool
	err = p.fields(tensor, func(part field) error {
		switch part.number {
		case onnxDims:
			return e.addDims(p, part)
		case onnxType:
			e.dtype = onnxTypes[part.value]
		case onnxName:
			text, err := p.bytes(part.content)
			name = string(text)
			return err
		case onnxRaw:
			values = part.content
		case onnxFloats:
			values, floats = part.content, true
		case onnxLocation:
			elsewhere = part.value != 0
		}
		return nil
	})
	if err != nil || e.dtype == "" {
		return name, e, err
	}
	n, ok := elements(e.shape, math.MaxInt64/8)
	switch {
	case elsewhere:
		return name, e, errors.New("its values are in a file beside, which is not read: save the model as one file")
	case !ok || values.to-values.from != n*sizes[e.dtype] || floats && e.dtype != F32:
		return name, e, fmt.Errorf("%d bytes for %v of %s: damaged, or a form that is not read", values.to-values.from, e.shape, e.dtype)
	}
	e.base = values.from
	return name, e, nil
}

// addDims takes extents of a shape: one, or several packed.
func (e *entry) addDims(p *protobuf, part field) error {
	if part.wire == wireVarint {
		return e.addDim(part.value)
	}
	for dims := part.content; dims.from < dims.to; {
		d, err := p.varint(&dims)
		if err == nil {
			err = e.addDim(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *entry) addDim(d uint64) error {
	if d > math.MaxInt32 || len(e.shape) == maxDims {
		return errors.New("its shape is damaged")
	}
	e.shape = append(e.shape, int(d))
	return nil
}

// nameONNX makes entries of the constants that nodes read.
func (f *File) nameONNX(p *protobuf, graph extent, constants map[string]entry) error {
	counts := map[string]int{}
	return p.fields(graph, func(part field) error {
		if part.number != onnxNode {
			return nil
		}
		operator, read, err := onnxReads(p, part.content, constants)
		if err != nil || len(read) == 0 {
			return err
		}
		for i, e := range read {
			name := fmt.Sprintf("%s.%d", operator, counts[operator])
			if i > 0 {
				name += fmt.Sprintf(".%d", i)
			}
			if _, twice := f.tensors[name]; twice {
				return fmt.Errorf("two constants would be called %.60q", name)
			}
			f.tensors[name] = e
		}
		counts[operator]++
		return nil
	})
}

// onnxReads returns the operator of a node and the constants that it reads as the first, which it takes out.
func onnxReads(p *protobuf, node extent, constants map[string]entry) (operator string, read []entry, err error) {
	err = p.fields(node, func(part field) error {
		if part.number != onnxInput && part.number != onnxOperator {
			return nil
		}
		text, err := p.bytes(part.content)
		if err != nil {
			return err
		}
		if part.number == onnxOperator {
			operator = string(text)
		} else if e, ok := constants[string(text)]; ok {
			read = append(read, e)
			delete(constants, string(text))
		}
		return nil
	})
	return operator, read, err
}
