package data

import (
	"slices"
	"strconv"
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

// DefaultLabels names the classes of a model without class names: AffectNet's for an image head of 7 or 8 classes, DFEW's for a
// video head of 7 and MAFW's for one of 11, class_0, class_1, … for any other.
func DefaultLabels(m Modality, classes int) []string {
	known := map[Modality][][]string{Image: {AffectNet7, AffectNet8}, Video: {DFEW, MAFW}}
	for _, names := range known[m] {
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
