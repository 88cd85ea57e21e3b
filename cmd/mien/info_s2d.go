package main

import (
	"mien/nn"
	"mien/recipe"
)

// prompterInfo is what tells a model where landmarks are.
type prompterInfo struct {
	Width              int `json:"width"`
	LandmarkWidth      int `json:"landmark_width"`
	LandmarkParameters int `json:"landmark_parameters"` // of the landmark network, beside the model's own
}

// temporalInfo is what joins frames by attention.
type temporalInfo struct {
	Width int `json:"width"`
	Heads int `json:"heads"`
}

// promptersOf describes the prompters of a recipe whose model has these parameters, nil without.
func promptersOf(m recipe.Model, params []nn.Param) *prompterInfo {
	p := m.Prompter
	if p == nil || p.Width == 0 {
		return nil
	}
	info := &prompterInfo{Width: p.Width, LandmarkWidth: p.LandmarkWidth}
	for _, p := range params {
		if p.Guest {
			info.LandmarkParameters += p.Data().Len()
		}
	}
	return info
}

// temporalOf describes the temporal adapters of a recipe, nil without.
func temporalOf(m recipe.Model) *temporalInfo {
	if m.Temporal == nil || m.Temporal.Width == 0 {
		return nil
	}
	return &temporalInfo{m.Temporal.Width, m.Temporal.Heads}
}

func (p *prompterInfo) row() []string {
	return cells("prompters\t%d wide; their landmark network, %d wide, has %d more parameters", p.Width, p.LandmarkWidth, p.LandmarkParameters)
}

func (t *temporalInfo) row() []string {
	return cells("adapters\t%d wide, %s, over time", t.Width, counted(t.Heads, "head"))
}
