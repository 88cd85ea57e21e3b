package main

import (
	"testing"

	"mien/data"
	"mien/infer"
	"mien/internal/formats"
	"mien/modelfile"
	"mien/run"
)

// What the commands print as JSON has the keys that docs/formats.md lists, and no others.
func TestFormats(t *testing.T) {
	formats.Check(t, "predict without an answer", failure{})
	formats.Check(t, "predict: source", sourceLine{})
	formats.Check(t, "predict: end", endLine{})
	formats.Check(t, "eval", evaluation{}, infer.Score{})
	formats.Check(t, "info", modelInfo{}, infer.Report{}, run.Environment{}, modelfile.Origins{}, run.Source{})
	formats.Check(t, "data check", dataCheck{})
	formats.Check(t, "crops.json", data.Crops{})
	formats.Check(t, "info without a model", modelList{}, modelInfo{})
	formats.Check(t, "bench gemm", gemmReport{})
	formats.Check(t, "bench of models", stepReport{})
	formats.Check(t, "gradcheck", gradReport{})
	formats.Check(t, "devices", deviceList{})
	formats.Check(t, "doctor", diagnosis{})
	formats.Check(t, "licenses", licenseList{})
}
