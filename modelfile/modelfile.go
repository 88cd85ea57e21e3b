// Package modelfile opens and writes weights files with their metadata: the system, recipe, class names and precision of a
// model, and what it has learned from. It is the one place where models are loaded from files.
package modelfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
	"mien/vit"
	"mien/weights"
)

// format marks the metadata of the files that mien writes.
const format = "mien-model-1"

// Description is what a file's metadata say, or what is inferred from its tensors.
type Description struct {
	System    *system.System
	Recipe    recipe.Recipe
	Labels    map[data.Modality][]string // names of the classes, in head order
	Precision engine.Precision           // of storage and inference
	Own       bool                       // written by mien: labels are those of its training
	Trained   Trained                    // what the heads have learned from

	params []nn.Param // of the model, as shapes
}

// Describe reads the metadata of a file, or recognises a published checkpoint. Its model must have exactly the parameters in
// the file.
func Describe(f *weights.File) (d Description, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Path, err)
		}
	}()
	if d, err = identify(f); err != nil {
		return d, err
	}
	if d.System, err = systems.Of(d.Recipe); err != nil {
		return d, err
	}
	if apart(f, d) {
		return d, errApart
	}
	if d.Labels == nil {
		d.Labels = map[data.Modality][]string{}
	}
	for m := range d.System.Heads(d.Recipe) {
		if n := d.Recipe.Classes(m); len(d.Labels[m]) != n {
			d.Labels[m] = data.DefaultLabels(m, n)
		}
	}
	tensors := len(f.Names())
	if d.params, err = nn.Outline(tensors, func(s *nn.Scope) { d.System.Build(s, d.Recipe) }); err != nil {
		return d, fmt.Errorf("it holds %d tensors, and describes a model of more: is the file damaged?", tensors)
	}
	return d, nn.CheckModel(f, d.params)
}

// publishedCrop is how published checkpoints are assumed to have seen faces: S4D's authors cut out those of MAFW so, and recommend it for other
// sets (S4D issue 3). Of sets that came cut out, nobody says.
const publishedCrop = "box-rotation"

func identify(f *weights.File) (d Description, err error) {
	meta := f.Metadata()
	if p, ok := meta[weights.PrecisionKey]; ok {
		if d.Precision, err = engine.ParsePrecision(p); err != nil {
			return d, fmt.Errorf("inside the file: %w", err)
		}
	}
	if found := meta["format"]; found != format {
		switch {
		case strings.HasPrefix(found, "mien-checkpoint-"):
			return d, errCheckpoint
		case strings.HasPrefix(found, "mien-"):
			return d, fmt.Errorf("its format is %s, and this version of mien reads %s: use the version that wrote it", found, format)
		}
		if vit.IsPretraining(f) {
			return d, errPretrained
		}
		d.Recipe, err = systems.Identify(f)
		d.Recipe.Data.Crop = publishedCrop
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
	if record := meta["trained"]; record != "" { // files of earlier versions have none
		if err = json.Unmarshal([]byte(record), &d.Trained); err != nil {
			return d, fmt.Errorf("record of training inside the file: %w", err)
		}
	}
	return d, nil
}

// apart tells whether a published model reads the features of a network that its file does not hold.
func apart(f *weights.File, d Description) bool {
	e := d.System.ExtractorOf(d.Recipe)
	return !d.Own && e != nil && !slices.ContainsFunc(f.Names(), func(name string) bool { return strings.HasPrefix(name, e.Prefix) })
}

var errApart = errors.New("a published model that reads landmarks, without the network that finds them: " +
	"`mien convert --landmarks` makes them one, or a run begins with both, --init and --landmarks")

var errCheckpoint = errors.New("a checkpoint, from which --resume continues: name the run folder, or a model in it")

var errPretrained = errors.New("a pre-trained encoder has no classes yet: fine-tune it first, with --init")

// classless says of the kinds of models that name no expressions what they are for.
var classless = map[string]error{
	recipe.Pretrain: errPretrained,
	recipe.Landmarks: errors.New("a landmark network names no expressions: `mien finetune --landmarks` trains models of system s2d that read it, and " +
		"`mien prepare --landmarks` cuts faces out by it"),
}

// Load opens FILE|RUN as a model of an interface M, such as [system.Classifier], for inference. Its weights are stored and
// multiplied in the given precision or, if p is nil, in that of the file, by default float32. Free on the scope releases its
// memory; running out of it is an error. Adjustments change the recipe, in what leaves the parameters as they are.
func Load[M any](fileOrRun string, b engine.Backend, p *engine.Precision, adjust ...func(*recipe.Recipe)) (
	model M, d Description, scope *nn.Scope, err error) {
	f, err := Open(fileOrRun)
	if err != nil {
		return model, d, nil, err
	}
	defer f.Close()
	if d, err = Describe(f); err != nil {
		return model, d, nil, err
	}
	if p != nil {
		d.Precision = *p
	}
	for _, change := range adjust {
		change(&d.Recipe)
	}
	model, scope, err = LoadDescribed[M](f, d, b)
	return model, d, scope, err
}

// LoadDescribed is Load of a file that is open and described, in the precision of its description.
func LoadDescribed[M any](f *weights.File, d Description, b engine.Backend) (model M, scope *nn.Scope, err error) {
	if err := b.Supports(d.Precision, false); err != nil {
		return model, nil, err
	}
	scope = nn.NewInferenceScope(b, &nn.Load{File: f}, d.Precision)
	if model, err = instantiate[M](d, scope); err != nil {
		scope.Free()
		return model, nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return model, scope, nil
}

func instantiate[M any](d Description, s *nn.Scope) (model M, err error) {
	defer engine.Catch(&err)
	model, ok := d.System.Build(s, d.Recipe).(M)
	if ok {
		return model, s.Err()
	}
	if err := classless[d.System.Kind]; err != nil {
		return model, err
	}
	return model, fmt.Errorf("system %s guesses no pixels", d.System.Name)
}

// Metadata returns the metadata of a run's weights file.
func Metadata(r recipe.Recipe, labels map[data.Modality][]string, t Trained) (map[string]string, error) {
	text, err := r.Text()
	names, failed := json.Marshal(labels)
	record, unrecorded := json.Marshal(t)
	meta := map[string]string{"format": format, "recipe": string(text)}
	if len(labels) > 0 {
		meta["labels"] = string(names)
	}
	if t != nil {
		meta["trained"] = string(record)
	}
	return meta, cmp.Or(err, failed, unrecorded)
}

// Write writes parameters under their names. They stream from the backend to the disk one by one.
func Write(path string, params []nn.Param, metadata map[string]string) error {
	var tensors []weights.Tensor
	for _, p := range params {
		tensors = append(tensors, nn.Stored(p.Name, p.Data()))
	}
	return weights.WriteSafetensors(path, tensors, metadata)
}

// storage gives the types of weights at each precision.
var storage = map[engine.Precision]weights.DType{engine.BF16: weights.BF16, engine.Int8: weights.I8}

// StoredTypes returns the types in which a fine-tuned model is stored at a precision. Only weights that inference would round
// get a lower type, so that a stored model gives bit-identical results to one that is rounded when opened. All other tensors
// stay F32. The file must be a complete fine-tuned model, unless p is engine.Full.
func StoredTypes(f *weights.File, p engine.Precision) (map[string]weights.DType, error) {
	types := map[string]weights.DType{}
	if p == engine.Full {
		return types, nil
	}
	d, err := Describe(f)
	if err == nil && classless[d.System.Kind] != nil {
		err = fmt.Errorf("%s: %w", f.Path, classless[d.System.Kind])
	}
	for _, param := range d.params {
		if param.Linear {
			types[param.Name] = storage[p]
		}
	}
	return types, err
}
