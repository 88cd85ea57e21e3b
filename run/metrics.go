package run

import (
	"runtime/debug"
	"slices"

	"mien/data"
	"mien/infer"
)

// What a finished run reports: metrics.json, and the loss curves from its log.

// metricsFormat marks metrics.json. Earlier versions did not.
const metricsFormat = "mien-metrics-1"

// Metrics is the content of metrics.json.
type Metrics struct {
	Format      string                          `json:"format"`
	Loss        map[data.Modality]float64       `json:"loss"` // mean of the last epoch
	Final       *infer.Report                   `json:"final,omitempty"`
	Landmarks   map[data.Modality]LandmarkError `json:"landmarks,omitempty"` // of the last epoch's model
	Skipped     []data.Skipped                  `json:"skipped,omitempty"`   // samples that could not be read
	Epochs      int                             `json:"epochs"`
	Parameters  int                             `json:"parameters"`
	Environment Environment                     `json:"environment"`
}

// withoutAnswers drops the single answers of an evaluation, which no file of a run holds.
func withoutAnswers(r *infer.Report, err error) (*infer.Report, error) {
	if err == nil {
		for _, s := range r.Scores() {
			s.Answers = nil
		}
	}
	return r, err
}

// Environment is what the bits of a run depend on besides its recipe and data.
type Environment struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Arch    string `json:"arch"`
	Backend string `json:"backend"` // including the kernels in use
	Seed    uint64 `json:"seed"`
}

// Version returns the version of the build: the module's version or the commit.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return versionOf(info)
	}
	return "unknown"
}

func versionOf(info *debug.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}

// addLosses computes the mean losses of the last epoch from the log.
func (m *Metrics) addLosses(dir string) error {
	entries, err := readLog(dir)
	counts := map[data.Modality]float64{}
	for _, e := range entries {
		if e.Epoch == m.Epochs-1 && e.Modality != "" {
			counts[e.Modality]++
			m.Loss[e.Modality] += (e.Loss - m.Loss[e.Modality]) / counts[e.Modality]
		}
	}
	return err
}

// Curve is the training loss of one modality over the steps of a run.
type Curve struct {
	Modality data.Modality
	Steps    []float64
	Loss     []float64
}

// Curves returns the losses that a run folder logged.
func Curves(dir string) ([]Curve, error) {
	entries, err := readLog(dir)
	if err != nil {
		return nil, err
	}
	curves := []Curve{{Modality: data.Image}, {Modality: data.Video}}
	step := 0.0
	for _, e := range entries {
		i := slices.IndexFunc(curves, func(c Curve) bool { return c.Modality == e.Modality })
		if i < 0 {
			continue // an evaluation
		}
		curves[i].Steps = append(curves[i].Steps, step)
		curves[i].Loss = append(curves[i].Loss, e.Loss)
		step++
	}
	return curves, nil
}

// Evaluation is a line of the log: how good the model was after so many steps of the run.
type Evaluation struct {
	Epoch  int // from 0
	Steps  float64
	Report *infer.Report
}

// Evaluations returns the evaluations that a run folder logged.
func Evaluations(dir string) (all []Evaluation, err error) {
	entries, err := readLog(dir)
	steps := 0.0
	for _, e := range entries {
		switch {
		case e.Metrics != nil:
			all = append(all, Evaluation{e.Epoch, steps, e.Metrics})
		case e.Modality != "":
			steps++
		}
	}
	return all, err
}
