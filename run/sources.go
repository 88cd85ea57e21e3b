package run

import (
	"slices"

	"mien/data"
	"mien/data/drawn"
	"mien/modelfile"
)

// What a run learns from and is measured on, by modality and origin: for the table before it, its log and its model's metadata.

// Origins of samples that no list names: drawn faces, and of data.drawn_reversed.
const (
	DrawnFaces    = "drawn faces"
	DrawnReversed = "drawn onsets and offsets"
)

// Source is the samples of one modality and origin in a set.
type Source struct {
	Set      string        `json:"set"` // warm-up, training, validation, test or evaluation
	Modality data.Modality `json:"modality"`
	Origin   string        `json:"origin"`  // path of the list, or DrawnFaces or DrawnReversed
	Samples  int           `json:"samples"` // different ones
	Classes  int           `json:"classes"` // that they show, 0 without labels
}

// Drawn reports whether no list names the samples.
func (s Source) Drawn() bool { return s.Origin == DrawnFaces || s.Origin == DrawnReversed }

// SourcesOf returns the sources of sets, images first.
func SourcesOf(set string, s data.Sets) (all []Source) {
	for _, d := range s.All() {
		var lists []string
		names, labels := map[string]map[string]bool{}, map[string]map[int]bool{} // by list
		for _, item := range d.Items {
			if names[item.List] == nil {
				lists = append(lists, item.List)
				names[item.List], labels[item.List] = map[string]bool{}, map[int]bool{}
			}
			names[item.List][item.Name] = true
			if item.Label != data.Unlabelled {
				labels[item.List][item.Label] = true
			}
		}
		for _, list := range lists {
			source := Source{set, d.Modality, list, len(names[list]), len(labels[list])}
			switch {
			case list == "" && slices.Equal(d.Classes, drawn.Courses):
				source.Origin = DrawnReversed
			case list == "":
				source.Origin = DrawnFaces
			}
			all = append(all, source)
		}
	}
	return all
}

// sources returns what the steps of a run learn from.
func (p *plan) sources() (all []Source) {
	if p.recipe.Train.DrawnEpochs > 0 && p.sets.Warm != p.sets.Main {
		all = SourcesOf("warm-up", p.sets.Warm)
	}
	return append(all, SourcesOf("training", p.sets.Main)...)
}

// learned counts the different samples that the first epochs of a run draw.
func (p *plan) learned(epochs int) modelfile.Trained {
	t := modelfile.Trained{data.Image: {}, data.Video: {}}
	for _, s := range SourcesOf("", data.Sets{Image: p.used(data.Image, epochs), Video: p.used(data.Video, epochs)}) {
		o := t[s.Modality]
		if s.Drawn() {
			o.Drawn = s.Samples
		} else {
			o.Listed = s.Samples
		}
		t[s.Modality] = o
	}
	return t
}

// used returns the samples that the first epochs draw, those of the warm-up first.
func (p *plan) used(m data.Modality, epochs int) *data.Dataset {
	all := &data.Dataset{Modality: m}
	warm := min(epochs, p.recipe.Train.DrawnEpochs)
	for _, part := range [][2]int{{0, warm}, {warm, epochs}} {
		set := p.at(part[0]).Of(m)
		if set == nil {
			continue
		}
		taken := make([]bool, len(set.Items))
		for epoch := part[0]; epoch < part[1]; epoch++ {
			for _, i := range p.inEpoch(m, epoch) {
				taken[i] = true
			}
		}
		for i, item := range set.Items {
			if taken[i] {
				all.Items = append(all.Items, item)
			}
		}
	}
	return all
}
