package recipe

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
)

// The known key that an unknown one was probably meant to be.

// unknownKey is the error of a key such as train.epoch, which names the nearest one that a type has if there is a near one.
func unknownKey(key string, of reflect.Type) error {
	known := keys(of, "")
	for i, c := range key {
		if c == '.' && !slices.Contains(known, key[:i]) { // a table that is not known has no keys that are
			key = key[:i]
			break
		}
	}
	if near := nearest(key, known); near != "" {
		return fmt.Errorf("unknown key %.200s: did you mean %s?", key, near)
	}
	return fmt.Errorf("unknown key %.200s", key)
}

// keys lists the keys of a struct as TOML, those of its tables, and of lists of tables, after their name and a dot.
func keys(of reflect.Type, prefix string) (all []string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		switch {
		case name == "-":
		case f.Anonymous: // its keys are those of the struct around it
			all = append(all, keys(f.Type, prefix)...)
		default:
			all = append(append(all, prefix+name), keys(f.Type, prefix+name+".")...)
		}
	}
	return all
}

// nearest returns the known key that needs the fewest edits to become key, of those in any table whose names differ by at most about a
// third of its name; "" if there is none.
func nearest(key string, known []string) (best string) {
	limit, least := (len(last(key))+1)/3+1, math.MaxInt
	for _, k := range known {
		if distance(last(key), last(k), limit) >= limit {
			continue
		}
		if edits := distance(key, k, least); edits < least {
			best, least = k, edits
		}
	}
	return best
}

// last returns the name of a key in its table.
func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance is the Levenshtein distance of two words: the least number of letters that are inserted, removed or replaced. Words whose
// lengths differ by limit or more have at least that distance, and are not compared.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1) // of the table, for one more letter of a each time
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0] // the element above and to the left
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
