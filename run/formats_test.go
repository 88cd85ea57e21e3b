package run

import (
	"testing"

	"mien/data"
	"mien/infer"
	"mien/internal/formats"
	"mien/train"
)

func TestFormats(t *testing.T) {
	formats.Check(t, "log.jsonl: data", dataLine{})
	formats.Check(t, "log.jsonl: step", stepLine{})
	formats.Check(t, "log.jsonl: evaluation", evaluationLine{}, infer.Report{})
	formats.Check(t, "run.json", identity{})
	formats.Check(t, "checkpoint: progress", train.Progress{})
	formats.Check(t, "log.jsonl: skipped", skippedLine{})
	formats.Check(t, "crossval", CrossReport{}, infer.Report{})
	formats.Check(t, "metrics.json", Metrics{}, infer.Report{}, data.Skipped{})
}
