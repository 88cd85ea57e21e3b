package main

import (
	"fmt"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
	"mien/system"
	"mien/systems"
)

type infoCmd struct {
	Model  string `help:"Size by its name (s4d-tiny, s4d-small, s4d-base, s4d-large, vitmtl-…, vitmoe-…, vit-…, feadapter-…, stadapter-…, s2d-…, mae-…), weights file, run folder, finished or not, or builtin." placeholder:"NAME|FILE|RUN"`
	Recipe string `help:"Recipe by its name, or a TOML file: its model, and what a run costs." placeholder:"NAME|FILE"`
	Images int    `help:"Samples in the lists of images of --recipe." placeholder:"N"`
	Videos int    `help:"Samples in the lists of videos of --recipe." placeholder:"N"`
	JSON   bool   `help:"Print JSON."`
}

// infoFormat marks the description of a model, modelsFormat the list of all.
const (
	infoFormat   = "mien-info-1"
	modelsFormat = "mien-models-1"
)

// modelInfo is what info prints.
type modelInfo struct {
	Format            string         `json:"format"`
	Model             string         `json:"model"`
	System            string         `json:"system"`
	Kind              string         `json:"kind"` // of the runs that train it
	Parameters        int            `json:"parameters"`
	ActiveParameters  int            `json:"active_parameters"`
	TunableParameters int            `json:"tunable_parameters"`
	Encoder           recipe.Encoder `json:"encoder"`
	Decoder           *decoderInfo   `json:"decoder,omitempty"`
	Mask              *maskInfo      `json:"mask,omitempty"`
	Experts           *expertsInfo   `json:"experts,omitempty"`
	Adapter           *adapterInfo   `json:"adapter,omitempty"`
	Prompter          *prompterInfo  `json:"prompter,omitempty"`
	Temporal          *temporalInfo  `json:"temporal,omitempty"`
	Landmarks         *landmarksInfo `json:"landmarks,omitempty"`
	ImageTokens       int            `json:"image_tokens"`
	VideoTokens       int            `json:"video_tokens"`

	MACs map[data.Modality]int `json:"macs"` // of a forward pass on one sample
	Cost *run.Cost             `json:"cost,omitempty"`

	ImageLabels []string          `json:"image_labels,omitempty"`
	VideoLabels []string          `json:"video_labels,omitempty"`
	Crop        string            `json:"crop"`      // how faces were cut out, "" if nobody says
	Stride      int               `json:"stride"`    // 0 for a size by its name
	Precision   string            `json:"precision"` // of storage and inference, "" for a size by its name
	Trained     modelfile.Trained `json:"trained,omitempty"`
	Run         *runInfo          `json:"run,omitempty"`

	Card string `json:"card,omitempty"` // of the built-in model, in Markdown

	learned string // Trained in words
	crop    string // Crop likewise
	note    string
}

type decoderInfo struct {
	Dim   int `json:"dim"`
	Depth int `json:"depth"`
	Heads int `json:"heads"`
}

// maskInfo is the share of patches that pre-training hides.
type maskInfo struct {
	Image float64 `json:"image"`
	Video float64 `json:"video"`
}

type expertsInfo struct {
	Count  int   `json:"count"`
	TopK   int   `json:"top_k"` // experts a token
	Blocks []int `json:"blocks"`
}

// runInfo is what a run folder adds: how far the run is, and once it is finished, its metrics.
type runInfo struct {
	Recipe      string                              `json:"recipe"`         // its name
	Data        []run.Source                        `json:"data,omitempty"` // what it learns from and is measured on
	EpochsDone  int                                 `json:"epochs_done"`
	Epochs      int                                 `json:"epochs"`
	Loss        map[data.Modality]float64           `json:"loss,omitempty"` // mean of the last epoch
	Final       *infer.Report                       `json:"final,omitempty"`
	Landmarks   map[data.Modality]run.LandmarkError `json:"landmarks,omitempty"`
	Environment *run.Environment                    `json:"environment,omitempty"`
}

func (c *infoCmd) Run(out *console) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Model == "" && c.Recipe == "" {
		return listModels(out, c.JSON)
	}
	info, err := c.describe()
	if err != nil {
		return err
	}
	if err := out.print(c.JSON, info, []string{"model", info.Model}, info.rows()...); err != nil || c.JSON || info.Card == "" {
		return err
	}
	fmt.Fprintf(out.stdout, "\n%s", info.Card)
	return nil
}

// check returns an error for flags that do not go together.
func (c *infoCmd) check() error {
	switch {
	case c.Model != "" && c.Recipe != "":
		return usagef("--model and --recipe: choose one to describe")
	case c.Recipe == "" && max(c.Images, c.Videos) > 0:
		return usagef("--images and --videos are the samples in the lists of a run: name its --recipe")
	case min(c.Images, c.Videos) < 0 || max(c.Images, c.Videos) > maxListed:
		return usagef("--images %d, --videos %d: each must lie between 0 and %d", c.Images, c.Videos, maxListed)
	}
	return nil
}

// maxListed bounds the samples of a list, far above any.
const maxListed = 1_000_000_000

func (c *infoCmd) describe() (modelInfo, error) {
	if c.Recipe == "" {
		return describe(c.Model)
	}
	r, err := systems.Load(c.Recipe)
	if err != nil {
		return modelInfo{}, err
	}
	info, net, err := outline(c.Recipe, r)
	if err != nil {
		return info, fmt.Errorf("recipe %s: %w", c.Recipe, err)
	}
	cost := run.CostOf(r, net, map[data.Modality]int{data.Image: c.Images, data.Video: c.Videos})
	info.Stride, info.Cost = r.Data.Stride, &cost
	if cost.ForwardMACs == 0 {
		info.note = "what a run costs depends on its lists: give their samples as --images and --videos"
	}
	return info, nil
}

// describe reads a size by name, a file or a run folder.
func describe(model string) (modelInfo, error) {
	if r, ok := systems.Preset(model); ok {
		info, err := infoOf(model, r)
		if other, err := systems.Load(model); err == nil {
			info.note = fmt.Sprintf("this is the size; recipe %s trains another model, %d wide: see `mien recipe %s`", model, other.Model.Dim, model)
		}
		return info, err
	}
	if model == modelfile.Builtin {
		info, err := describeFile(model)
		info.Card = modelfile.Card
		return info, err
	}
	state, err := run.ReadState(model)
	if err != nil {
		return modelInfo{}, err
	}
	var info modelInfo
	if state != nil && !state.Finished {
		info, err = infoOf(model, state.Recipe)
		info.Stride = state.Recipe.Data.Stride
	} else if info, err = describeFile(model); err != nil {
		return info, fmt.Errorf("%w\nhint: `mien info` lists the model names", err)
	}
	if info.Run, err = describeRun(state, model); err != nil {
		return info, err
	}
	return info, err
}

func describeFile(fileOrRun string) (modelInfo, error) {
	f, err := modelfile.Open(fileOrRun)
	if err != nil {
		return modelInfo{}, err
	}
	defer f.Close()
	d, err := modelfile.Describe(f)
	if err != nil {
		return modelInfo{}, err
	}
	info, err := infoOf(fileOrRun, d.Recipe)
	info.ImageLabels, info.VideoLabels = d.Labels[data.Image], d.Labels[data.Video]
	info.Stride, info.Precision = d.Recipe.Data.Stride, d.Precision.String()
	info.Trained, info.learned = d.Trained, learnedFrom(d)
	if !d.Own {
		info.crop += ", assumed: the authors of S4D recommend it"
	}
	return info, err
}

// describeRun returns what the folder of a run adds, nil if there is none.
func describeRun(s *run.State, dir string) (*runInfo, error) {
	if s == nil {
		return nil, nil
	}
	info := &runInfo{Recipe: s.Recipe.Name, Data: s.Data, EpochsDone: s.Epochs, Epochs: s.Recipe.Train.Epochs}
	if s.Metrics == nil {
		return info, nil
	}
	info.Loss, info.Landmarks, info.Environment = s.Metrics.Loss, s.Metrics.Landmarks, &s.Metrics.Environment
	var err error
	info.Final, err = s.Measured(dir)
	return info, err
}

// infoOf describes the model of a recipe.
func infoOf(name string, r recipe.Recipe) (modelInfo, error) {
	info, _, err := outline(name, r)
	return info, err
}

// outline also returns the model, of shapes alone.
func outline(name string, r recipe.Recipe) (modelInfo, system.Model, error) {
	s, err := systems.Of(r)
	if err != nil {
		return modelInfo{}, nil, err
	}
	params, net, err := run.Outline(s, r)
	if err != nil {
		return modelInfo{}, nil, err
	}
	m, n := r.Model, nn.Count(params)
	if _, err := nn.Freeze(params, s.FrozenBy(r)); err != nil {
		return modelInfo{}, nil, fmt.Errorf("train.freeze: %w", err)
	}
	info := modelInfo{Format: infoFormat, Model: name, System: s.Name, Kind: s.Kind, Parameters: n, ActiveParameters: n,
		TunableParameters: nn.CountTuned(params), Encoder: m.Encoder, Adapter: adaptersOf(m), Prompter: promptersOf(m, params), Temporal: temporalOf(m), Landmarks: landmarksOf(net, m),
		Crop: r.Data.Crop, crop: r.Data.Crop, ImageTokens: imageTokens(r), VideoTokens: m.Frames / max(1, m.Tubelet) * imageTokens(r), MACs: map[data.Modality]int{}}
	for _, modality := range []data.Modality{data.Image, data.Video} {
		if classifier, ok := net.(system.Classifier); !ok || classifier.Classes(modality) > 0 {
			info.MACs[modality] = net.MACs(modality)
		}
	}
	if _, ok := net.(system.Reconstructor); ok {
		info.Decoder = &decoderInfo{m.DecoderDim, m.DecoderDepth, m.DecoderHeads}
		info.Mask = &maskInfo{r.Train.ImageMask, r.Train.VideoMask}
	}
	if sparse, ok := net.(system.Sparse); ok && len(sparse.ExpertBlocks()) > 0 {
		info.ActiveParameters, info.Experts = sparse.ActiveParams(n), &expertsInfo{m.Experts, m.TopK, sparse.ExpertBlocks()}
	}
	return info, net, nil
}

// modelList is what info prints without --model.
type modelList struct {
	Format  string      `json:"format"`
	Models  []modelInfo `json:"models"`
	Recipes []string    `json:"recipes"`
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
		rows = append(rows, cells("%s\t%d\t%d\t%.2f", info.Model, info.Parameters, info.ActiveParameters, float64(info.MACs[data.Video])/1e9))
	}
	result := modelList{modelsFormat, infos, recipe.Names()}
	if err := out.print(asJSON, result, cells("model\tparameters\tactive\tGMAC a video"), rows...); err != nil || asJSON {
		return err
	}
	fmt.Fprintf(out.stdout, "\nThese are sizes, for --model of info and bench. Recipes are for --recipe of pretrain, finetune and landmarks train;\n"+
		"a recipe of the same name trains a model of its own size. `mien recipe NAME` prints one, `mien info --recipe NAME`\n"+
		"describes its model and counts what a run costs.\n\n")
	return listRecipes(out)
}
