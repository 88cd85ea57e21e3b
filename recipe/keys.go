package recipe

import (
	"reflect"
	"slices"
	"strings"
)

// Keys that not every run reads. Those of some kinds of run stand here, those of some systems with these (Keys of package system's
// System). All other keys are for every run. Package systems refuses a recipe that sets what its run would not read.

// kindKeys are the keys that runs of some kinds read and those of others do not.
var kindKeys = []struct{ kinds, keys []string }{
	{[]string{Finetune}, []string{
		"model.image_classes", "model.video_classes",
		"train.eval_every", "train.best_by", "train.best_set", "train.best_on_test", "train.use_best",
		"train.layer_decay", "train.label_smoothing",
		"train.mixup", "train.cutmix", "train.cutmix_share",
		"train.replicas", // elsewhere, samples have nothing to do with each other
	}},
	{[]string{Finetune, Landmarks}, []string{"data.drawn_test"}},
	{[]string{Pretrain, Finetune}, []string{ // which train vision transformers, on what may be kept
		"model.tubelet", "model.dim", "model.depth", "model.heads", "model.mlp_ratio", "data.cache_mib", "data.crop",
	}},
}

// KindsOf returns the kinds of the only runs that read a key; none where that does not depend on the kind.
func KindsOf(key string) []string {
	for _, k := range kindKeys {
		if slices.Contains(k.keys, key) {
			return k.kinds
		}
	}
	return nil
}

// Keys returns all keys, in the order of a recipe. A table precedes its keys, which are its name, a dot and their own.
func Keys() []string { return keys(reflect.TypeFor[Recipe](), "") }

// Value returns the value of a key, and whether the recipe sets it: to something other than 0, false, "", or nothing at all. A key that
// does not exist panics.
func (r Recipe) Value(key string) (value any, set bool) {
	v := at(reflect.ValueOf(r), key)
	return v.Interface(), !v.IsZero() && !(v.Kind() == reflect.Slice && v.Len() == 0)
}

// at finds the value of a key in a table. What an optional table that is missing would have is 0.
func at(table reflect.Value, key string) reflect.Value {
	name, rest, inside := strings.Cut(key, ".")
	for _, f := range reflect.VisibleFields(table.Type()) {
		if tag, _, _ := strings.Cut(f.Tag.Get("toml"), ","); tag != name {
			continue
		}
		v := table.FieldByIndex(f.Index)
		switch {
		case !inside:
			return v
		case v.Kind() == reflect.Pointer && v.IsNil():
			return at(reflect.Zero(v.Type().Elem()), rest)
		}
		return at(reflect.Indirect(v), rest)
	}
	panic("recipe: no key " + name)
}
