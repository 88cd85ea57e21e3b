package run

import (
	"testing"

	"mien/infer"
	"mien/internal/formats"
)

func TestFormats(t *testing.T) {
	formats.Check(t, "log.jsonl: data", dataLine{})
	formats.Check(t, "log.jsonl: step", stepLine{})
	formats.Check(t, "log.jsonl: evaluation", evaluationLine{}, infer.Report{})
	formats.Check(t, "metrics.json", Metrics{}, infer.Report{})
}
