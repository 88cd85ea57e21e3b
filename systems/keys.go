package systems

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"mien/recipe"
	"mien/system"
)

// Which keys of a recipe the runs of a system read.

// Reads reports whether runs of a system, by its name, read a key of recipes, such as "train.tube_mask". They do unless it is for
// other kinds of run, or declared by other systems alone.
func Reads(name, key string) bool {
	kinds, declared := recipe.KindsOf(key), false
	for _, s := range All {
		declares := slices.Contains(s.Keys, key)
		if s.Name == name && (declares || slices.Contains(kinds, s.Kind)) {
			return true
		}
		declared = declared || declares
	}
	return len(kinds) == 0 && !declared
}

// checkKeys returns an error naming all keys that a recipe of a system sets and that no run of it would read.
func checkKeys(s *system.System, r recipe.Recipe) error {
	var unread, settings, zeros []string
	for _, key := range recipe.Keys() {
		if value, set := r.Value(key); set && !isTable(value) && !Reads(s.Name, key) {
			unread, settings = append(unread, key), append(settings, key+" = "+literal(value))
			if z := literal(reflect.Zero(reflect.TypeOf(value)).Interface()); !slices.Contains(zeros, z) {
				zeros = append(zeros, z)
			}
		}
	}
	if len(unread) == 0 {
		return nil
	}
	others, them := "", "it"
	if readers := readersOf(unread); readers != "" {
		others = ", unlike " + readers
	}
	if len(unread) > 1 {
		them = "them"
	}
	return fmt.Errorf("system %s (kind %s) does not read %s%s: leave %s out, or set %s to %s", s.Name, s.Kind, strings.Join(settings, ", "), others,
		them, them, strings.Join(zeros, " or "))
}

// isTable reports whether a value has keys of its own, which count instead of it.
func isTable(value any) bool {
	return slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Struct}, reflect.TypeOf(value).Kind())
}

// readersOf names the systems whose runs read all of some keys.
func readersOf(keys []string) string {
	var names []string
	for _, s := range All {
		if !slices.ContainsFunc(keys, func(key string) bool { return !Reads(s.Name, key) }) {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}

// literal writes a value of a recipe nearly as TOML does.
func literal(value any) string {
	switch reflect.TypeOf(value).Kind() {
	case reflect.String, reflect.Slice:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprint(value)
}
