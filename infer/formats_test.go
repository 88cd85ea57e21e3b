package infer

import (
	"testing"

	"mien/internal/formats"
)

func TestFormats(t *testing.T) {
	formats.Check(t, "predict", Prediction{})
	formats.Check(t, "score", Score{})
}
