package recipe

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Ablations: tables of runs that differ in single settings. Package ablate carries them out.

//go:embed ablations/*.toml
var ablations embed.FS

// Ablation is a table as the papers print them: each row is a model, pre-trained and fine-tuned.
type Ablation struct {
	Name     string `toml:"name"`
	Title    string `toml:"title"`
	Source   string `toml:"source,omitempty"` // of the published numbers: paper and table
	Note     string `toml:"note,omitempty"`   // what else is to be known of them
	Pretrain string `toml:"pretrain"`         // recipes, by name or file, that rows change: of pre-training, or of an image model's fine-tuning
	Finetune string `toml:"finetune"`         // what goes on from there
	Rows     []Row  `toml:"row"`
}

// Row is a model of an ablation: what it changes in either recipe, as a part of one, and what a paper says of it.
type Row struct {
	Name     string         `toml:"name"`              // of its folder too
	Scratch  bool           `toml:"scratch,omitempty"` // without pre-training
	Pretrain map[string]any `toml:"pretrain,omitempty"`
	Finetune map[string]any `toml:"finetune,omitempty"`

	Parameters *Millions   `toml:"parameters,omitempty"`         // that the paper prints
	TFLOPs     *float64    `toml:"pretraining_tflops,omitempty"` // of pre-training, there: 10¹² multiply-adds of forward passes
	Paper      []Published `toml:"paper,omitempty"`
}

// Millions is a number of parameters in millions: those that a token uses, and all.
type Millions struct {
	Active float64 `toml:"active" json:"active"`
	Total  float64 `toml:"total" json:"total"`
}

// Published is what a paper measured on a dataset, in percent.
type Published struct {
	Dataset string  `toml:"dataset" json:"dataset"`
	UAR     float64 `toml:"uar" json:"uar"`
	WAR     float64 `toml:"war" json:"war"`
}

// Ablations lists the embedded ablations.
func Ablations() []string {
	names, _ := fs.Glob(ablations, "ablations/*.toml")
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".toml")
	}
	return names
}

// AblationSource returns the text of the embedded ablation of that name, comments included, or of the one in a file.
func AblationSource(nameOrFile string) ([]byte, error) {
	text, err := ablations.ReadFile("ablations/" + nameOrFile + ".toml")
	if err != nil {
		text, err = read(nameOrFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("ablation %q: neither a file nor one of %s", nameOrFile, strings.Join(Ablations(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("ablation %s: %w", nameOrFile, err)
	}
	return text, nil
}

// LoadAblation returns the embedded ablation of that name, or the one in a file, whose recipes all pass their checks.
func LoadAblation(nameOrFile string) (a Ablation, err error) {
	text, err := AblationSource(nameOrFile)
	if err != nil {
		return a, err
	}
	if err = decode(text, &a); err == nil {
		err = a.check()
	}
	if err != nil {
		return a, fmt.Errorf("ablation %s: %w", nameOrFile, err)
	}
	return a, nil
}

// rowName is what an ablation and a row may be called: their folders have the same name.
var rowName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (a Ablation) check() error {
	if len(a.Rows) == 0 {
		return errors.New("no rows: begin each with [[row]]")
	}
	if !rowName.MatchString(a.Name) {
		return fmt.Errorf("name is %q: it has letters, digits, and dots and dashes behind the first of them, 64 at most", a.Name)
	}
	known := map[string]bool{}
	for i, row := range a.Rows {
		folder := strings.ToLower(row.Name) // some file systems know no capitals
		switch {
		case !rowName.MatchString(row.Name):
			return fmt.Errorf("row %d is called %q: a name has letters, digits, and dots and dashes behind the first of them, 64 at most", i+1, row.Name)
		case known[folder]:
			return fmt.Errorf("two rows are called %s: their runs would have one folder", row.Name)
		case row.Scratch && len(row.Pretrain) > 0:
			return fmt.Errorf("row %s: scratch is without pre-training, so that pretrain has nothing to change: leave one of them out", row.Name)
		}
		known[folder] = true
		if _, _, err := a.Recipes(row); err != nil {
			return err
		}
	}
	return nil
}

// Recipes returns the recipes of a row; the first is nil for one without pre-training.
func (a Ablation) Recipes(row Row) (pretrain *Recipe, finetune Recipe, err error) {
	if !row.Scratch {
		p, err := changed(a.Pretrain, Pretrain, row, row.Pretrain)
		if err != nil {
			return nil, finetune, err
		}
		pretrain = &p
	}
	finetune, err = changed(a.Finetune, Finetune, row, row.Finetune)
	return pretrain, finetune, err
}

// changed returns the recipe of a stage with the changes of a row, and its name with that of the row. Rows begin with pre-training, or with
// the fine-tuning of an image model.
func changed(nameOrFile, stage string, row Row, changes map[string]any) (Recipe, error) {
	r, err := Load(nameOrFile)
	switch {
	case err != nil:
		return r, err
	case r.Kind != Finetune && (stage == Finetune || r.Kind != Pretrain):
		return r, fmt.Errorf("recipe %s is for %s, and is given for %s", r.Name, r.Kind, stage)
	case len(changes) == 0:
		return r, nil
	}
	name := r.Name + "-" + row.Name
	if r, err = r.With(changes); err != nil {
		return r, fmt.Errorf("row %s, %s: %w", row.Name, stage, err)
	}
	r.Name = name
	return r, nil
}

// With returns the recipe with some keys changed: changes is a part of a recipe as TOML reads it, a table of each table.
func (r Recipe) With(changes map[string]any) (Recipe, error) {
	text, err := r.Text()
	if err != nil {
		return r, err
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return r, err
	}
	for _, fixed := range []string{"name", "kind", "seed"} {
		if _, ok := changes[fixed]; ok {
			return r, fmt.Errorf("%s is not for a row to change", fixed)
		}
	}
	merge(tree, changes)
	if text, err = toml.Marshal(tree); err != nil {
		return r, err
	}
	changed, err := Parse(text)
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok { // the line that Parse names is of no file
		err = fmt.Errorf("%s: %w", strings.Join(wrong.Key(), "."), wrong)
	}
	return changed, err
}

// merge sets the keys of changes in a tree of tables.
func merge(tree, changes map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		part, ok := changes[key].(map[string]any)
		if into, both := tree[key].(map[string]any); ok && both {
			merge(into, part)
			continue
		}
		tree[key] = changes[key]
	}
}
