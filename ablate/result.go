package ablate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"mien/data"
	"mien/infer"
	"mien/nn"
	"mien/recipe"
	"mien/run"
	"mien/system"
	"mien/systems"
)

// The table of a study: what the models of each row reach, over all seeds, beside what a paper says.

const resultFormat = "mien-ablation-1"

// Result is the table, and what it is measured on.
type Result struct {
	Format   string       `json:"format"`
	Name     string       `json:"name"`
	Title    string       `json:"title"`
	Source   string       `json:"source,omitempty"` // of the published numbers
	Note     string       `json:"note,omitempty"`   // of them, too
	Seeds    []uint64     `json:"seeds"`
	Pretrain []run.Source `json:"pretrain,omitempty"` // what pre-training learns from
	Finetune []run.Source `json:"finetune"`           // what fine-tuning learns from and is measured on
	Rows     []Row        `json:"rows"`

	Skipped []data.Skipped `json:"skipped,omitempty"` // unreadable samples that some run went on without
}

// Row is the model of a row.
type Row struct {
	Name              string             `json:"name"`
	Parameters        int                `json:"parameters"`
	ActiveParameters  int                `json:"active_parameters"`          // that a token uses
	TunableParameters int                `json:"tunable_parameters"`         // that fine-tuning learns
	PretrainingMACs   *float64           `json:"pretraining_macs,omitempty"` // of all forward passes; nil with --init
	Static            *Recalls           `json:"static,omitempty"`
	Dynamic           *Recalls           `json:"dynamic,omitempty"`
	Published         *recipe.Millions   `json:"published_parameters,omitempty"`
	PublishedTFLOPs   *float64           `json:"published_pretraining_tflops,omitempty"`
	Paper             []recipe.Published `json:"paper,omitempty"`
}

// Recalls are those of the models of all seeds after their last epoch, in percent.
type Recalls struct {
	UAR Spread `json:"uar"`
	WAR Spread `json:"war"`
}

// Spread is the distribution of a figure over the seeds.
type Spread struct {
	Mean      float64   `json:"mean"`
	Deviation float64   `json:"deviation"` // of the sample, with n−1; 0 for one seed, which says nothing of it
	Values    []float64 `json:"values"`    // in the order of the seeds
}

func newSpread(values []float64) Spread {
	s := Spread{Values: values}
	for _, v := range values {
		s.Mean += v / float64(len(values))
	}
	for _, v := range values {
		s.Deviation += (v - s.Mean) * (v - s.Mean) / float64(max(len(values)-1, 1))
	}
	s.Deviation = math.Sqrt(s.Deviation)
	return s
}

// result makes the table of finished runs, whose metrics are given by folder.
func (p plan) result(metrics map[string]*run.Metrics) (*Result, error) {
	a := p.Ablation
	result := &Result{Format: resultFormat, Name: a.Name, Title: a.Title, Source: a.Source, Note: a.Note, Seeds: p.Seeds}
	for _, r := range p.rows {
		x := Row{Name: r.Name, Published: r.Row.Parameters, PublishedTFLOPs: r.TFLOPs, Paper: r.Paper}
		var err error
		if x.Parameters, x.ActiveParameters, x.TunableParameters, err = parameters(r.finetune); err != nil {
			return nil, err
		}
		if x.PretrainingMACs, err = p.pretrainingMACs(r); err != nil {
			return nil, err
		}
		var reports []*infer.Report
		for _, seed := range p.Seeds {
			dir := p.folders[place{r.Name, seed, recipe.Finetune}]
			if metrics[dir].Final == nil {
				return nil, fmt.Errorf("run folder %s: its model was not measured", dir)
			}
			reports = append(reports, metrics[dir].Final)
		}
		x.Static = recalls(reports, func(r *infer.Report) *infer.Score { return r.Static })
		x.Dynamic = recalls(reports, func(r *infer.Report) *infer.Score { return r.Dynamic })
		result.Rows = append(result.Rows, x)
	}
	for _, stage := range p.stages {
		state, err := run.ReadState(stage.Out)
		if err != nil {
			return nil, err
		}
		all := &result.Finetune
		if stage.name == recipe.Pretrain {
			all = &result.Pretrain
		}
		*all = union(*all, state.Data)
		for _, bad := range metrics[stage.Out].Skipped {
			if !slices.Contains(result.Skipped, bad) {
				result.Skipped = append(result.Skipped, bad)
			}
		}
	}
	return result, nil
}

// parameters counts the parameters of the model of a recipe, those that a token uses, and those that are learned.
func parameters(r recipe.Recipe) (total, active, tunable int, err error) {
	params, net, err := outline(r)
	total = nn.Count(params)
	active = total
	if sparse, ok := net.(system.Sparse); ok && len(sparse.ExpertBlocks()) > 0 {
		active = sparse.ActiveParams(total)
	}
	return total, active, nn.CountTuned(params), err
}

// outline is the model of a recipe, of shapes alone, and its parameters, of which those are frozen that the recipe does not learn.
func outline(r recipe.Recipe) ([]nn.Param, system.Model, error) {
	s, err := systems.Of(r)
	if err != nil {
		return nil, nil, err
	}
	params, net, err := run.Outline(s, r)
	if err != nil {
		return nil, nil, err
	}
	_, err = nn.Freeze(params, s.FrozenBy(r))
	return params, net, err
}

// pretrainingMACs counts the multiply-adds of all forward passes of a row's pre-training, nil where --init replaces it.
func (p plan) pretrainingMACs(r row) (*float64, error) {
	switch {
	case r.Scratch:
		return new(float64), nil
	case p.Init != "":
		return nil, nil
	}
	state, err := run.ReadState(p.folders[place{r.shared, p.Seeds[0], recipe.Pretrain}])
	if err != nil {
		return nil, err
	}
	lists := map[data.Modality]int{}
	for _, source := range state.Data {
		if source.Set == "training" && !source.Drawn() {
			lists[source.Modality] += source.Samples
		}
	}
	_, net, err := outline(state.Recipe)
	if err != nil {
		return nil, err
	}
	cost := run.CostOf(state.Recipe, net, lists)
	return &cost.ForwardMACs, nil
}

// recalls gathers the scores of a modality over the seeds, nil if the models have none.
func recalls(reports []*infer.Report, of func(*infer.Report) *infer.Score) *Recalls {
	var uar, war []float64
	for _, r := range reports {
		if score := of(r); score != nil {
			uar, war = append(uar, score.UAR), append(war, score.WAR)
		}
	}
	if len(uar) == 0 {
		return nil
	}
	return &Recalls{newSpread(uar), newSpread(war)}
}

// find returns where a source of the same set, modality and origin is, −1 if there is none.
func find(all []run.Source, s run.Source) int {
	return slices.IndexFunc(all, func(o run.Source) bool {
		return o.Set == s.Set && o.Modality == s.Modality && o.Origin == s.Origin
	})
}

// union adds sources that are not yet among all, images first. Rows may take a different number of samples from one origin: the most
// count.
func union(all, more []run.Source) []run.Source {
	for _, s := range more {
		if i := find(all, s); i >= 0 {
			all[i].Samples, all[i].Classes = max(all[i].Samples, s.Samples), max(all[i].Classes, s.Classes)
		} else {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b run.Source) int { return cmp.Compare(a.Modality, b.Modality) })
	return all
}
