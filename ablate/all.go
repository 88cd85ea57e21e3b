package ablate

import (
	"mien/recipe"
	"mien/systems"
)

// What all embedded ablations together leave out, as it needs what is not given.

// LeftOut says why a study does not take part in all of the embedded ablations, "" if it does: no landmark network is given for it, or lists
// of other videos than the drawn ones that it is about.
func (s Study) LeftOut() (reason string, err error) {
	for _, r := range s.Ablation.Rows {
		pretrain, finetune, err := s.Ablation.Recipes(r)
		switch {
		case err != nil:
			return "", err
		case s.Landmarks == "" && (readsLandmarks(finetune) || pretrain != nil && readsLandmarks(*pretrain)):
			return "some of its rows read landmarks: give --landmarks", nil
		case finetune.Data.DrawnReversed && s.Train.DynamicList != "":
			return "it is about drawn onsets and offsets, without --dynamic-list", nil
		}
	}
	return "", nil
}

// readsLandmarks reports whether the models of a checked recipe read the features of a landmark network.
func readsLandmarks(r recipe.Recipe) bool {
	s, err := systems.Of(r)
	return err == nil && s.ExtractorOf(r) != nil
}
