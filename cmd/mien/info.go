package main

import (
	"errors"
	"fmt"
	"strings"

	"mien/data"
	"mien/experiment"
	"mien/mae"
	"mien/nn"
	"mien/recipe"
	"mien/report"
	"mien/s4d"
	"mien/vit"
)

type infoCmd struct {
	Model string `help:"s4d-tiny, s4d-small, s4d-base, s4d-large, mae-…, a weights file or a run folder." placeholder:"NAME|FILE|RUN"`
	JSON  bool   `help:"Print JSON."`
}

// modelInfo is what info prints.
type modelInfo struct {
	Model            string     `json:"model"`
	Parameters       int        `json:"parameters"`
	ActiveParameters int        `json:"active_parameters"`
	Encoder          vit.Config `json:"encoder"`
	MoAEBlocks       []int      `json:"moae_blocks,omitempty"`
	Experts          int        `json:"experts,omitempty"`
	TopK             int        `json:"top_k,omitempty"`
	ImageTokens      int        `json:"image_tokens"`
	VideoTokens      int        `json:"video_tokens"`
	ImageLabels      []string   `json:"image_labels,omitempty"`
	VideoLabels      []string   `json:"video_labels,omitempty"`
	Stride           int        `json:"stride,omitempty"`
	Precision        string     `json:"precision,omitempty"` // in which a file is stored and answers
}

func (c *infoCmd) Run(out *console) error {
	if c.Model == "" {
		return listModels(out, c.JSON)
	}
	info, err := describe(c.Model)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out.stdout, info)
	}
	e := info.Encoder
	rows := [][]string{
		{"parameters", fmt.Sprint(info.Parameters)},
		{"active parameters", fmt.Sprint(info.ActiveParameters)},
		{"encoder", fmt.Sprintf("%d wide, %d blocks, %d heads", e.Dim, e.Depth, e.Heads)},
		{"picture", fmt.Sprintf("%d×%d, %d tokens", e.ImageSize, e.ImageSize, info.ImageTokens)},
		{"clip", fmt.Sprintf("%d frames, %d tokens", e.Frames, info.VideoTokens)},
	}
	if info.Experts > 0 {
		rows = append(rows, []string{"experts", fmt.Sprintf("%d, %d a token, in blocks %s", info.Experts, info.TopK, joinInts(info.MoAEBlocks))})
	}
	if len(info.ImageLabels) > 0 {
		rows = append(rows, []string{"image classes", strings.Join(info.ImageLabels, ", ")},
			[]string{"video classes", strings.Join(info.VideoLabels, ", ")})
	}
	if info.Precision != "" {
		rows = append(rows, []string{"precision", info.Precision})
	}
	report.Table(out.stdout, []string{"model", info.Model}, rows)
	return nil
}

// describe reads a size by name, or a file.
func describe(model string) (modelInfo, error) {
	kind, size, named := strings.Cut(model, "-")
	switch {
	case named && kind == "s4d" && vit.Sizes[size].Dim > 0:
		c, err := s4d.Published(size)
		if err != nil {
			return modelInfo{}, err
		}
		return s4dInfo(model, c), nil
	case named && kind == "mae" && vit.Sizes[size].Dim > 0:
		c := mae.Sizes[size]
		scope := nn.NewShapeScope()
		mae.New(scope, c)
		n := nn.Count(scope.Params())
		return modelInfo{Model: model, Parameters: n, ActiveParameters: n, Encoder: c.Encoder,
			ImageTokens: c.Encoder.ImageTokens(), VideoTokens: c.Encoder.VideoTokens()}, nil
	}
	m, err := experiment.OpenModel(model, nil)
	if err != nil {
		return modelInfo{}, hinted{err, "`mien info` lists the model names"}
	}
	info := s4dInfo(model, m.Net.Config)
	info.ImageLabels, info.VideoLabels = m.Labels[data.Image], m.Labels[data.Video]
	info.Stride, info.Precision = m.Recipe.Data.Stride, m.Precision.String()
	return info, nil
}

func s4dInfo(name string, c s4d.Config) modelInfo {
	scope := nn.NewShapeScope()
	s4d.New(scope, c)
	n := nn.Count(scope.Params())
	return modelInfo{Model: name, Parameters: n, ActiveParameters: c.ActiveParams(n), Encoder: c.Encoder,
		MoAEBlocks: c.MoAEBlocks, Experts: c.MoAE.Experts, TopK: c.MoAE.TopK,
		ImageTokens: c.Encoder.ImageTokens(), VideoTokens: c.Encoder.VideoTokens()}
}

// listModels prints the sizes and recipes that have names.
func listModels(out *console, asJSON bool) error {
	sizes := []string{"tiny", "small", "base", "large"}
	var infos []modelInfo
	var rows [][]string
	for _, kind := range []string{"s4d", "mae"} {
		for _, size := range sizes {
			info, err := describe(kind + "-" + size)
			if err != nil {
				return err
			}
			infos = append(infos, info)
			rows = append(rows, []string{info.Model, fmt.Sprint(info.Parameters), fmt.Sprint(info.ActiveParameters)})
		}
	}
	if asJSON {
		return printJSON(out.stdout, map[string]any{"models": infos, "recipes": recipe.Names()})
	}
	report.Table(out.stdout, []string{"model", "parameters", "active"}, rows)
	rows = nil
	for _, name := range recipe.Names() {
		r, err := recipe.Load(name)
		if err != nil {
			return errors.Join(fmt.Errorf("embedded recipe %s", name), err)
		}
		rows = append(rows, []string{name, r.Kind, fmt.Sprintf("%d wide, %d blocks, %d px, %d frames", r.Model.Dim, r.Model.Depth, r.Model.ImageSize, r.Model.Frames)})
	}
	fmt.Fprintln(out.stdout)
	report.Table(out.stdout, []string{"recipe", "kind", "encoder"}, rows)
	return nil
}
