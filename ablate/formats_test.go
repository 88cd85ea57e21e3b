package ablate

import (
	"testing"

	"mien/data"
	"mien/internal/formats"
	"mien/run"
)

func TestFormats(t *testing.T) {
	formats.Check(t, "ablate", Result{}, run.Source{}, data.Skipped{})
}
