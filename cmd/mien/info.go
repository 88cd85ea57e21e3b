package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"mien/data"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

type infoCmd struct {
	Model string `help:"s4d-tiny, s4d-small, s4d-base, s4d-large, vit-…, mae-…, a weights file or a run folder." placeholder:"NAME|FILE|RUN"`
	JSON  bool   `help:"Print JSON."`
}

// modelInfo is what info prints.
type modelInfo struct {
	Model            string   `json:"model"`
	System           string   `json:"system"`
	Parameters       int      `json:"parameters"`
	ActiveParameters int      `json:"active_parameters"`
	Encoder          encoder  `json:"encoder"`
	MoAEBlocks       []int    `json:"moae_blocks,omitempty"`
	Experts          int      `json:"experts,omitempty"`
	TopK             int      `json:"top_k,omitempty"`
	ImageTokens      int      `json:"image_tokens"`
	VideoTokens      int      `json:"video_tokens"`
	ImageLabels      []string `json:"image_labels,omitempty"`
	VideoLabels      []string `json:"video_labels,omitempty"`
	Stride           int      `json:"stride,omitempty"`
	Precision        string   `json:"precision,omitempty"` // of storage and inference

	Trained modelfile.Trained `json:"trained,omitempty"`
	learned string            // the same in words
}

// encoder is the geometry of the encoder.
type encoder struct{ ImageSize, Frames, PatchSize, Tubelet, Dim, Depth, Heads, MLPRatio int }

func (c *infoCmd) Run(out *console) error {
	if c.Model == "" {
		return listModels(out, c.JSON)
	}
	info, err := describe(c.Model)
	if err != nil {
		return err
	}
	return out.print(c.JSON, info, []string{"model", info.Model}, info.rows()...)
}

func (m modelInfo) rows() [][]string {
	e, experts := m.Encoder, ""
	if len(m.MoAEBlocks) > 0 {
		blocks := strings.Join(strings.Fields(strings.Trim(fmt.Sprint(m.MoAEBlocks), "[]")), ", ")
		experts = fmt.Sprintf("%d, %d a token, in blocks %s", m.Experts, m.TopK, blocks)
	}
	rows := [][]string{
		{"system", m.System},
		cells("parameters\t%d", m.Parameters),
		cells("active parameters\t%d", m.ActiveParameters),
		cells("encoder\t%d wide, %d blocks, %d heads", e.Dim, e.Depth, e.Heads),
		cells("image\t%d×%d, %d tokens", e.ImageSize, e.ImageSize, m.ImageTokens),
		cells("video\t%d frames, %d tokens", e.Frames, m.VideoTokens),
		{"experts", experts},
		{"image classes", strings.Join(m.ImageLabels, ", ")},
		{"video classes", strings.Join(m.VideoLabels, ", ")},
		{"precision", m.Precision},
		{"learned from", m.learned},
	}
	return slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" }) // what the model does not have
}

// describe reads a size by name, or a file.
func describe(model string) (modelInfo, error) {
	if r, ok := systems.Preset(model); ok {
		return infoOf(model, r)
	}
	var d modelfile.Description
	f, err := modelfile.Open(model)
	if err == nil {
		defer f.Close()
		d, err = modelfile.Describe(f)
	}
	if err != nil {
		return modelInfo{}, fmt.Errorf("%w\nhint: `mien info` lists the model names", err)
	}
	info, err := infoOf(model, d.Recipe)
	info.ImageLabels, info.VideoLabels = d.Labels[data.Image], d.Labels[data.Video]
	info.Stride, info.Precision = d.Recipe.Data.Stride, d.Precision.String()
	info.Trained, info.learned = d.Trained, learnedFrom(d)
	return info, err
}

// infoOf describes the model of a recipe.
func infoOf(name string, r recipe.Recipe) (modelInfo, error) {
	s, err := systems.Of(r)
	if err != nil {
		return modelInfo{}, err
	}
	var net system.Model
	params, err := nn.Outline(math.MaxInt, func(scope *nn.Scope) { net = s.Build(scope, r) })
	m, n := r.Model, nn.Count(params)
	info := modelInfo{Model: name, System: s.Name, Parameters: n, ActiveParameters: n,
		Encoder: encoder{m.ImageSize, m.Frames, m.PatchSize, m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio},
		Experts: m.Experts, TopK: m.TopK, ImageTokens: imageTokens(r), VideoTokens: m.Frames / m.Tubelet * imageTokens(r)}
	if sparse, ok := net.(system.Sparse); ok {
		info.ActiveParameters, info.MoAEBlocks = sparse.ActiveParams(n), sparse.ExpertBlocks()
	}
	return info, err
}

// listModels prints the named sizes and recipes.
func listModels(out *console, asJSON bool) error {
	var infos []modelInfo
	var rows [][]string
	for _, name := range append(presets(recipe.Finetune), presets(recipe.Pretrain)...) {
		info, err := describe(name)
		if err != nil {
			return err
		}
		infos = append(infos, info)
		rows = append(rows, cells("%s\t%d\t%d", info.Model, info.Parameters, info.ActiveParameters))
	}
	result := map[string]any{"models": infos, "recipes": recipe.Names()}
	if err := out.print(asJSON, result, cells("model\tparameters\tactive"), rows...); err != nil || asJSON {
		return err
	}
	rows = nil
	for _, name := range recipe.Names() {
		r, err := systems.Load(name)
		if err != nil {
			return errors.Join(fmt.Errorf("embedded recipe %s", name), err)
		}
		encoder := fmt.Sprintf("%d wide, %d blocks, %d px, %d frames", r.Model.Dim, r.Model.Depth, r.Model.ImageSize, r.Model.Frames)
		rows = append(rows, []string{name, r.Kind, r.System, encoder})
	}
	fmt.Fprintln(out.stdout)
	return out.print(false, nil, []string{"recipe", "kind", "system", "encoder"}, rows...)
}
