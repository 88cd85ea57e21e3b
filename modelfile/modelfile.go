// Package modelfile opens and writes weights files with their metadata: the system, recipe, class names and precision of a
// model. It is the one place where models are loaded from files.
package modelfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
	"mien/vit"
	"mien/weights"
)

// Name is the file name of the finished model in a run folder.
const Name = "model.safetensors"

// format marks the metadata of the files that mien writes.
const format = "mien-model-1"

// File is an open weights file.
type File struct {
	*weights.File
	Path string
}

// Open opens FILE|RUN: a weights file, or the finished model of a run folder.
func Open(fileOrRun string) (*File, error) {
	path, err := find(fileOrRun)
	if err != nil {
		return nil, err
	}
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

func find(fileOrRun string) (string, error) {
	info, err := os.Stat(fileOrRun)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: no such weights file or run folder", fileOrRun)
	}
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return fileOrRun, nil
	}
	path := filepath.Join(fileOrRun, Name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s: a folder without %s: is the run finished?", fileOrRun, Name)
	}
	return path, nil
}

// Description is what a file's metadata say, or what is inferred from its tensors.
type Description struct {
	System    *system.System
	Recipe    recipe.Recipe
	Labels    map[data.Modality][]string // names of the classes, in head order
	Precision engine.Precision           // of storage and inference
	Own       bool                       // written by mien: labels are those of its training
}

// Describe reads the metadata of a file, or recognises a published checkpoint. Its model must have exactly the parameters in
// the file.
func (f *File) Describe() (d Description, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Path, err)
		}
	}()
	if d, err = f.read(); err != nil {
		return d, err
	}
	if d.System, err = systems.Of(d.Recipe); err != nil {
		return d, err
	}
	if d.Labels == nil {
		d.Labels = map[data.Modality][]string{}
	}
	for m := range d.System.Heads(d.Recipe) {
		if n := d.Recipe.Classes(m); len(d.Labels[m]) != n {
			d.Labels[m] = data.DefaultLabels(m, n)
		}
	}
	params, err := f.outline(d)
	if err != nil {
		return d, err
	}
	return d, nn.CheckModel(f, params)
}

func (f *File) read() (d Description, err error) {
	meta := f.Metadata()
	if p, ok := meta[weights.PrecisionKey]; ok {
		if d.Precision, err = engine.ParsePrecision(p); err != nil {
			return d, fmt.Errorf("inside the file: %w", err)
		}
	}
	if meta["format"] != format {
		if vit.IsPretraining(f) {
			return d, errPretrained
		}
		d.Recipe, err = systems.Identify(f)
		return d, err
	}
	d.Own = true
	if d.Recipe, err = recipe.Parse([]byte(meta["recipe"])); err != nil {
		return d, fmt.Errorf("recipe inside the file: %w", err)
	}
	if labels := meta["labels"]; labels != "" {
		if err = json.Unmarshal([]byte(labels), &d.Labels); err != nil {
			return d, fmt.Errorf("class names inside the file: %w", err)
		}
	}
	return d, nil
}

var errPretrained = errors.New("a pre-trained encoder has no classes yet: fine-tune it first, with --init")

// finetuned is Describe for a file that must hold a complete fine-tuned model.
func (f *File) finetuned() (Description, error) {
	d, err := f.Describe()
	if err == nil && d.System.Kind != recipe.Finetune {
		err = fmt.Errorf("%s: %w", f.Path, errPretrained)
	}
	return d, err
}

// outline returns the parameters of the model that the file describes, as shapes.
func (f *File) outline(d Description) ([]nn.Param, error) {
	tensors := len(f.Names())
	params, err := nn.Outline(tensors, func(s *nn.Scope) { d.System.Build(s, d.Recipe) })
	if err != nil {
		return nil, fmt.Errorf("it holds %d tensors, and describes a model of more: is the file damaged?", tensors)
	}
	return params, nil
}

// Build makes the model of a description, loaded from the file, for inference at a precision. Free on the scope releases its
// memory.
func (f *File) Build(b engine.Backend, d Description, p engine.Precision) (model system.Model, scope *nn.Scope, err error) {
	if err := b.Supports(p, false); err != nil {
		return nil, nil, err
	}
	scope = nn.NewInferenceScope(b, &nn.Load{File: f}, p)
	if model, err = d.build(scope); err != nil {
		scope.Free()
		return nil, nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return model, scope, nil
}

// build makes the model in a scope. Running out of memory is an error.
func (d Description) build(s *nn.Scope) (model system.Model, err error) {
	defer engine.Catch(&err)
	model = d.System.Build(s, d.Recipe)
	return model, s.Err()
}

// Classifier opens FILE|RUN as a model for inference. Its weights are stored and multiplied in the given precision or, if p is
// nil, in that of the file, by default float32.
func Classifier(fileOrRun string, b engine.Backend, p *engine.Precision) (system.Classifier, Description, *nn.Scope, error) {
	f, err := Open(fileOrRun)
	if err != nil {
		return nil, Description{}, nil, err
	}
	defer f.Close()
	d, err := f.finetuned()
	if err != nil {
		return nil, d, nil, err
	}
	if p != nil {
		d.Precision = *p
	}
	model, scope, err := f.Build(b, d, d.Precision)
	if err != nil {
		return nil, d, nil, err
	}
	net, ok := model.(system.Classifier)
	if !ok {
		scope.Free()
		return nil, d, nil, fmt.Errorf("%s: system %s names no expressions", f.Path, d.System.Name)
	}
	return net, d, scope, nil
}

// Metadata returns the metadata of a run's weights file.
func Metadata(r recipe.Recipe, labels map[data.Modality][]string) (map[string]string, error) {
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	meta := map[string]string{"format": format, "recipe": string(text)}
	if len(labels) > 0 {
		names, err := json.Marshal(labels)
		if err != nil {
			return nil, err
		}
		meta["labels"] = string(names)
	}
	return meta, nil
}

// Write writes parameters under their names. They stream from the backend to the disk one by one.
func Write(path string, params []nn.Param, metadata map[string]string) error {
	var tensors []weights.Tensor
	for _, p := range params {
		tensors = append(tensors, nn.Stored(p.Name, p.Data()))
	}
	return weights.WriteSafetensors(path, tensors, metadata)
}
