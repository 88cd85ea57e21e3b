package recipe

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// The known key that an unknown one was probably meant to be.

// unknownKey is the error of a key such as train.epoch, which names the nearest known one if there is a near one.
func unknownKey(key string) error {
	if near := nearest(key, keys(reflect.TypeFor[Recipe](), "")); near != "" {
		return fmt.Errorf("unknown key %.200s: did you mean %s?", key, near)
	}
	return fmt.Errorf("unknown key %.200s", key)
}

// keys lists the keys of a struct as TOML, those of its tables after their name and a dot.
func keys(of reflect.Type, prefix string) (all []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		table := f.Type
		if table.Kind() == reflect.Pointer { // one that may be left out
			table = table.Elem()
		}
		switch {
		case name == "-":
		case f.Anonymous: // its keys are those of the struct around it
			all = append(all, keys(table, prefix)...)
		case table.Kind() == reflect.Struct:
			all = append(all, prefix+name)
			all = append(all, keys(table, prefix+name+".")...)
		default:
			all = append(all, prefix+name)
		}
	}
	return all
}

// nearest returns the known key that needs the fewest edits to become key, of those that have its name in another table or else of
// all; "" if more than about a third of the name would have to change.
func nearest(key string, known []string) string {
	name := key[strings.LastIndexByte(key, '.')+1:]
	best, least := "", (len(name)+1)/3+1
	same, apart := "", math.MaxInt
	for _, k := range known {
		if k[strings.LastIndexByte(k, '.')+1:] == name {
			if edits := distance(key, k, apart); edits < apart {
				same, apart = k, edits
			}
		} else if edits := distance(key, k, least); edits < least {
			best, least = k, edits
		}
	}
	return cmp.Or(same, best)
}

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
