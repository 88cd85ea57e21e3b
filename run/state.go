package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
)

// State is what a run folder tells of its run.
type State struct {
	Recipe   recipe.Recipe
	Epochs   int      // finished
	Finished bool     // its model is written
	Data     []Source // what it learns from and is measured on; none before the first step, nor from earlier versions
	Metrics  *Metrics // nil before the end
}

// ReadState reads what a run folder tells. It is nil for a path that is no run folder.
func ReadState(dir string) (*State, error) {
	f := folder{dir: dir}
	text, err := os.ReadFile(f.path(recipeFile))
	if err != nil {
		return nil, nil
	}
	s := &State{Finished: f.has(modelfile.Name)}
	if s.Recipe, err = recipe.Parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(recipeFile), err)
	}
	s.readData(f)
	text, err = os.ReadFile(f.path(metricsFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if all := f.checkpoints(); len(all) > 0 {
			s.Epochs = all[0]
		}
		return s, nil
	case err == nil:
		err = json.Unmarshal(text, &s.Metrics)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(metricsFile), err)
	}
	s.Epochs = s.Metrics.Epochs
	return s, nil
}

// Measured returns the evaluation, during the finished run, of the model that its folder dir stands for: of the best epoch with
// train.use_best, else of the last. nil if there was none.
func (s *State) Measured(dir string) (best *infer.Report, err error) {
	t := s.Recipe.Train
	if !t.UseBest {
		return s.Metrics.Final, nil
	}
	all, err := Evaluations(dir)
	for _, e := range all {
		if best == nil || e.Report.Quality(t.BestBy, t.BestSet) > best.Quality(t.BestBy, t.BestSet) {
			best = e.Report
		}
	}
	return best, err
}

// readData reads the sources from the first line of the log, which a killed run may not have written.
func (s *State) readData(f folder) {
	if log, err := os.Open(f.path(logFile)); err == nil {
		defer log.Close()
		var e logEntry
		if json.NewDecoder(log).Decode(&e) == nil {
			s.Data = e.Data
		}
	}
}
