package main

import (
	"fmt"
	"strings"

	"mien/recipe"
	"mien/vit"
)

// adapterInfo is what shapes the adapters of a model, as its recipe names it.
type adapterInfo struct {
	Width      int    `json:"width"`
	Kernel     []int  `json:"kernel"` // empty in a plain adapter
	Depthwise  bool   `json:"depthwise"`
	Stretch    string `json:"stretch"` // "" without D²Conv3D
	Modulated  bool   `json:"modulated"`
	Activation bool   `json:"activation"`
	Place      string `json:"place"`
	Blocks     []int  `json:"blocks"`
}

// adaptersOf describes the adapters of a recipe that passed the check of its system. It returns nil for a model without.
func adaptersOf(m recipe.Model) *adapterInfo {
	a := m.Adapter
	if a == nil || a.Width == 0 {
		return nil
	}
	blocks, _ := vit.BlocksAt(a.Blocks, m.Depth)
	return &adapterInfo{a.Width, append([]int{}, a.Kernel...), a.Depthwise, a.Stretch, a.Modulated, a.Activation, a.Place, blocks}
}

// row says what adapters are and where.
func (a *adapterInfo) row() []string {
	return cells("adapters\t%d wide, %s, %s, in blocks %s", a.Width, a.kind(), a.Place, listed(a.Blocks, ", "))
}

func (a *adapterInfo) kind() string {
	kernel := listed(a.Kernel, "×")
	switch {
	case kernel == "":
		return "plain"
	case a.Depthwise && a.Stretch != "":
		return "depth-wise D²Conv3D of " + kernel
	case a.Depthwise:
		return "depth-wise convolution of " + kernel
	case a.Stretch != "":
		return "D²Conv3D of " + kernel
	}
	return "convolution of " + kernel
}

// listed joins numbers.
func listed(numbers []int, separator string) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(numbers), "[]")), separator)
}
