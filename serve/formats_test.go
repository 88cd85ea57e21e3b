package serve

import (
	"testing"

	"mien/internal/formats"
	"mien/pipeline"
)

// What is answered is documented.
func TestFormats(t *testing.T) {
	formats.Check(t, "serve: answer", answer{}, pipeline.FrameJSON{}, pipeline.ClipJSON{}, pipeline.SummaryJSON{})
	formats.Check(t, "serve: job", jobStatus{})
	formats.Check(t, "serve: result", jobResult{}, jobStatus{})
	formats.Check(t, "serve: models", modelList{})
	formats.Check(t, "serve: version", versionText{})
	formats.Check(t, "serve: error", errorBody{})
	formats.Check(t, "serve: status", statusText{})
	formats.Check(t, "serve: inference", inferRequest{})
	formats.Check(t, "serve: inference answer", inferAnswer{})
	formats.Check(t, "serve: inference server", kserveServer{})
	formats.Check(t, "serve: inference model", kserveModel{})
	formats.Check(t, "serve: inference health", kserveState{})
}
