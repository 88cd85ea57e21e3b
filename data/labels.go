package data

import (
	"slices"
	"strconv"
	"strings"
)

// The class orders of the datasets' lists: label i is the i-th name.
var (
	AffectNet7 = []string{"neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"}
	AffectNet8 = append(slices.Clone(AffectNet7), "contempt")
	DFEW       = []string{"happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear"}
	FERV39K    = []string{"anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"}
	MAFW       = []string{
		"anger", "anxiety", "contempt", "disappointment", "disgust", "fear", "happiness", "helplessness", "neutral",
		"sadness", "surprise",
	}
)

// usual are the class orders of a modality.
var usual = map[Modality][][]string{Image: {AffectNet7, AffectNet8}, Video: {DFEW, MAFW}}

// usualOrder returns names in the first usual order that knows them all, in alphabetical order if none does, so that shuffling a
// list leaves its classes as they are.
func usualOrder(m Modality, names []string) []string {
	for _, order := range usual[m] {
		known := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return !slices.Contains(names, name) })
		if len(known) == len(names) {
			return known
		}
	}
	return slices.Sorted(slices.Values(names))
}

// spelled returns the name of a class, in lower case if it is one of the datasets'.
func spelled(name string) string {
	lower := strings.ToLower(name)
	if slices.Contains(MAFW, lower) {
		return lower
	}
	return name
}

// DefaultLabels names the classes of a model without class names: AffectNet's for an image head of 7 or 8 classes, DFEW's for a
// video head of 7 and MAFW's for one of 11, class_0, class_1, … for any other.
func DefaultLabels(m Modality, classes int) []string {
	for _, names := range usual[m] {
		if len(names) == classes {
			return slices.Clone(names)
		}
	}
	return Unnamed(classes)
}

// Unnamed returns class_0, class_1, …
func Unnamed(classes int) []string {
	names := make([]string, classes)
	for i := range names {
		names[i] = "class_" + strconv.Itoa(i)
	}
	return names
}
