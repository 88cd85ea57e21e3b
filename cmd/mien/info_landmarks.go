package main

import (
	"fmt"

	"mien/data"
	"mien/mobilefacenet"
	"mien/recipe"
	"mien/run"
	"mien/system"
)

// landmarksInfo is what shapes a landmark network.
type landmarksInfo struct {
	Width int `json:"width"` // channels of the first layer
	Side  int `json:"side"`  // pixels of the images that it makes of frames
}

// landmarksOf describes a landmark network of a recipe, nil for other models.
func landmarksOf(net system.Model, m recipe.Model) *landmarksInfo {
	if _, ok := net.(system.Locator); !ok {
		return nil
	}
	return &landmarksInfo{m.LandmarkWidth, mobilefacenet.SideOf(m.Encoder)}
}

func (l *landmarksInfo) row() []string {
	return cells("landmark network\t%d wide, of frames resized to %d×%d", l.Width, l.Side, l.Side)
}

// errorOf says how far landmarks are from where they should be.
func errorOf(m data.Modality, e run.LandmarkError) string {
	return fmt.Sprintf("NME %.2f %% in %s", e.NME, counted(e.Frames, data.ByModality(m, "image", "frame")))
}
