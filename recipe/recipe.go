// Package recipe describes training runs as TOML files. The papers' runs and their toy-size counterparts are embedded by name.
// Each system interprets a recipe in its own way: see package system.
package recipe

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mien/data"
)

//go:embed recipes/*.toml
var embedded embed.FS

// Kinds of run.
const (
	Pretrain  = "pretrain"
	Finetune  = "finetune"
	Landmarks = "landmarks"
)

// systems are the defaults, by kind, for recipes that name no system.
var systems = map[string]string{Pretrain: "mae", Finetune: "s4d", Landmarks: "mobilefacenet"}

// Recipe is the complete description of a training run: with the same data and version it gives the same bits.
type Recipe struct {
	Name   string `toml:"name" comment:"of the run; nothing depends on it"`
	Kind   string `toml:"kind" comment:"pretrain, finetune or landmarks"`
	System string `toml:"system" comment:"the model: mae (pretrain), s4d, vitmtl, vitmoe, vit, feadapter or s2d (finetune), mobilefacenet (landmarks)"`
	Seed   uint64 `toml:"seed" comment:"of initial weights, order, views, masks and drawn faces"`
	Model  Model  `toml:"model"`
	Data   Data   `toml:"data"`
	Views  Views  `toml:"views"`
	Train  Train  `toml:"train"`
}

// Encoder is the geometry of an encoder, in recipes and in what `mien info` prints.
type Encoder struct {
	ImageSize int `toml:"image_size" json:"image_size" comment:"pixels, height and width"`              // pixels, height and width
	Frames    int `toml:"frames" json:"frames" comment:"of a video"`                                    // of a video
	PatchSize int `toml:"patch_size" json:"patch_size" comment:"pixels"`                                // pixels
	Tubelet   int `toml:"tubelet" json:"tubelet" comment:"frames in one patch"`                         // frames in one patch
	Dim       int `toml:"dim" json:"dim" comment:"width of a token"`                                    // D, the width of a token
	Depth     int `toml:"depth" json:"depth" comment:"blocks"`                                          // blocks
	Heads     int `toml:"heads" json:"heads" comment:"of attention"`                                    // of attention
	MLPRatio  int `toml:"mlp_ratio" json:"mlp_ratio" comment:"width of an MLP's hidden layer over dim"` // width of the hidden layer over D
}

// Model is the size of encoder, decoder and experts.
type Model struct {
	Encoder
	DecoderDim   int    `toml:"decoder_dim,omitempty" comment:"pre-training"`
	DecoderDepth int    `toml:"decoder_depth,omitempty" comment:"blocks"`
	DecoderHeads int    `toml:"decoder_heads,omitempty" comment:"of attention"`
	Experts      int    `toml:"experts,omitempty" comment:"s4d, vitmoe: in a block"`
	TopK         int    `toml:"top_k,omitempty" comment:"experts a token"`
	ExpertHidden int    `toml:"expert_hidden,omitempty" comment:"0 is a quarter of dim, and that of the MLP in vitmoe"`
	Position     string `toml:"position,omitempty" comment:"blocks with experts: early, middle, later or alternate, a share such as last 3/4 or part 2/3, or numbers from 0 such as 1,2"`
	ImageClasses int    `toml:"image_classes,omitempty" comment:"expressions that the head of images tells apart; 0 is no head"`
	VideoClasses int    `toml:"video_classes,omitempty" comment:"of the head of videos"`
	HeadHidden   int    `toml:"head_hidden,omitempty" comment:"width of a hidden layer in each head, which the paper calls MLPs; 0 is none, as in the released code"`

	Residual       bool    `toml:"residual,omitempty" comment:"the paper's residual inside an expert"`
	Capacity       float64 `toml:"capacity,omitempty" comment:"tokens of a training batch that an expert takes at most, over those of an even spread; 0 is no limit"`
	EvalAsTraining bool    `toml:"eval_as_training,omitempty" comment:"router noise and capacity in the evaluations of a run too, as in the released code; of a finished model, --published decides"`
	Balance        float64 `toml:"balance,omitempty" comment:"coefficient of the released balance loss; of raw scores, without softmax_first, it is unbounded below"`

	FixedNoise   bool    `toml:"fixed_noise,omitempty" comment:"router noise of deviation 1/experts and no biases, as in V-MoE; s4d learns the deviation"`
	SoftmaxFirst bool    `toml:"softmax_first,omitempty" comment:"gates are the softmax over all experts, as in V-MoE, not over those chosen"`
	Priority     string  `toml:"priority,omitempty" comment:"with a capacity, whom experts take first: tokens (earlier ones), choices (first before second), scores (of each the best first)"`
	Importance   float64 `toml:"importance,omitempty" comment:"coefficients of V-MoE's losses of balance, published as 0.005 each"`
	Load         float64 `toml:"load,omitempty" comment:"that of load"`

	LandmarkWidth int `toml:"landmark_width,omitempty" comment:"mobilefacenet: channels of the first layer, 64 as published; the others have multiples"`

	Dropout float64 `toml:"dropout,omitempty" comment:"s2d: share of a feature that is dropped before the head, in training"`

	Adapter  *Adapter  `toml:"adapter,omitempty" comment:"feadapter: what joins the frames of a frozen image model in time; without it the system is the image model"`
	Prompter *Prompter `toml:"prompter,omitempty" comment:"s2d: what tells each block where landmarks of the face are; without it the model reads none"`
	Temporal *Temporal `toml:"temporal,omitempty" comment:"s2d: what joins the frames in time; without it the system is the image model"`
}

// Prompter is the bottleneck through which features of landmarks reach the tokens of an image model.
type Prompter struct {
	Width         int `toml:"width" comment:"of its bottleneck; 0 is no prompter"`
	LandmarkWidth int `toml:"landmark_width" comment:"channels of the landmark network's first layer, 64 as published"`
}

// Temporal is an adapter in which each patch attends to itself in the other frames.
type Temporal struct {
	Width int `toml:"width" comment:"of its bottlenecks; 0 is no adapter"`
	Heads int `toml:"heads" comment:"of its attention"`
}

// Adapter is a bottleneck in the blocks of a frozen image model.
type Adapter struct {
	Width      int    `toml:"width" comment:"of the tokens between its two linear layers; 0 is no adapter"`
	Kernel     []int  `toml:"kernel,omitempty" comment:"of a convolution between them, over time, rows and columns, all odd; none is a plain adapter"`
	Depthwise  bool   `toml:"depthwise,omitempty" comment:"each channel is convolved by itself"`
	Stretch    string `toml:"stretch,omitempty" comment:"D²Conv3D, whose kernel is stretched at each token, with a factor for each of its axes: axes, time-and-space, rows-and-columns, or space"`
	Modulated  bool   `toml:"modulated,omitempty" comment:"and with a factor for each of its taps"`
	Activation bool   `toml:"activation,omitempty" comment:"GELU before the second linear layer"`
	Place      string `toml:"place" comment:"in a block: before-attention, after-attention or after-mlp"`
	Blocks     string `toml:"blocks" comment:"all, or as in position"`
}

// Data is the training data. Lists come from the command line; drawn faces are added to them, or used alone.
type Data struct {
	Crop          string   `toml:"crop,omitempty" comment:"how faces were cut out of the pictures of lists: none, eyes-nose, box-rotation or five-point; \"\" is unknown, or as crops.json beside them says"`
	ListRepeat    int      `toml:"list_repeat,omitempty" comment:"how often the samples of lists count beside drawn faces; 0 is once"`
	DrawnImages   int      `toml:"drawn_images" comment:"drawn faces beside the lists, or alone"`
	DrawnVideos   int      `toml:"drawn_videos" comment:"as many more of videos"`
	DrawnTest     int      `toml:"drawn_test" comment:"drawn images, and as many videos, to evaluate on where no test list is given"`
	DrawnClasses  []string `toml:"drawn_classes,omitempty" comment:"the only expressions of drawn faces; none are all seven"`
	DrawnFraming  float64  `toml:"drawn_framing,omitempty" comment:"spread of the size and place of drawn faces, 0 to 1; 0 is nearly alike, as aligned faces are"`
	DrawnFaint    float64  `toml:"drawn_faint,omitempty" comment:"how much fainter than other expressions drawn smiles may be, 0 to 1"`
	DrawnHeld     float64  `toml:"drawn_held,omitempty" comment:"how much longer expressions last in drawn videos, 0 to 1; at 1, half of them to the end"`
	DrawnReversed bool     `toml:"drawn_reversed,omitempty" comment:"drawn videos are pairs of an onset and the same frames in reverse, an offset, as long as a sample; these are their classes"`
	Stride        int      `toml:"stride" comment:"frames between two sampled frames of a video"`
	CacheMiB      int      `toml:"cache_mib" comment:"memory for decoded frames"`
}

// Train is optimizer, schedule and order.
type Train struct {
	Epochs         int      `toml:"epochs" comment:"passes over the sets, or over their shares"`
	WarmupEpochs   float64  `toml:"warmup_epochs" comment:"in which the learning rate rises to lr"`
	DrawnEpochs    int      `toml:"drawn_epochs,omitempty" comment:"first epochs, on drawn faces alone: a warm-up for small lists, which come after instead of beside them"`
	EvalEvery      int      `toml:"eval_every,omitempty" comment:"epochs between evaluations during fine-tuning, where there is something to evaluate on; 0 is every epoch"`
	ImageBatch     int      `toml:"image_batch" comment:"images in a batch"`
	VideoBatch     int      `toml:"video_batch" comment:"views: distinct videos times repeat"`
	VideoRepeat    int      `toml:"video_repeat" comment:"views of each video in a batch, with crops and masks of their own"`
	StaticShare    float64  `toml:"static_share" comment:"share of the static set that an epoch sees"`
	DynamicShare   float64  `toml:"dynamic_share" comment:"share of the dynamic set that an epoch sees"`
	RoundUp        bool     `toml:"round_up,omitempty" comment:"an epoch counts a last batch that is not full, and fills it up; otherwise it leaves it out"`
	BalanceStatic  bool     `toml:"balance_static,omitempty" comment:"draw static classes equally often"`
	LR             float64  `toml:"lr" comment:"largest learning rate"`
	MinLR          float64  `toml:"min_lr" comment:"end of the cosine; pre-training: start of the warm-up"`
	Beta2          float64  `toml:"beta2" comment:"of AdamW, whose β₁ is 0.9"`
	WeightDecay    float64  `toml:"weight_decay" comment:"of AdamW, for matrices"`
	LayerDecay     float64  `toml:"layer_decay,omitempty" comment:"fine-tuning: learning rate factor from one block to the one below, 1 is none"`
	Clip           float64  `toml:"clip" comment:"largest norm of the gradients, 0 is no clipping"`
	Replicas       int      `toml:"replicas,omitempty" comment:"GPUs of the published run: samples are mixed, and experts have room, among image_batch/replicas or video_batch/replicas; 0 is 1"`
	Accumulate     int      `toml:"accumulate,omitempty" comment:"parts in which a batch is loaded and computed, one after the other, for less memory; 0 is 1"`
	LabelSmoothing float64  `toml:"label_smoothing,omitempty" comment:"share of a target that is spread over all classes"`
	Mixup          float64  `toml:"mixup,omitempty" comment:"α of mixup, 0 is none"`
	Cutmix         float64  `toml:"cutmix,omitempty" comment:"α of cutmix, 0 is none"`
	CutmixShare    float64  `toml:"cutmix_share,omitempty" comment:"probability of cutmix where there is mixup too"`
	RouterNoise    bool     `toml:"router_noise,omitempty" comment:"learned noise in the choice of experts"`
	BestBy         string   `toml:"best_by,omitempty" comment:"what the best epoch has most of: uar or war, or least of: loss; \"\" is uar"`
	BestSet        string   `toml:"best_set,omitempty" comment:"on which list: static or dynamic; \"\" is the mean of both"`
	BestOnTest     bool     `toml:"best_on_test,omitempty" comment:"the lists of --val-…, or in crossval those of a fold's test, are test lists, as in the released training: results of the best epoch on them are too good"`
	UseBest        bool     `toml:"use_best,omitempty" comment:"a run folder stands for the model of its best epoch, not of its last"`
	IdleSteps      bool     `toml:"idle_steps,omitempty" comment:"a head that a batch does not use steps with a gradient of zero: its decay and momentum go on, as in the released training"`
	Freeze         []string `toml:"freeze,omitempty" comment:"names of parameters that are not learned; * stands for any characters"`
	ImageMask      float64  `toml:"image_mask,omitempty" comment:"pre-training: share of patches that are hidden"`
	VideoMask      float64  `toml:"video_mask,omitempty" comment:"of videos"`
	TubeMask       bool     `toml:"tube_mask,omitempty" comment:"pre-training: a video hides the same places at all times, as VideoMAE does"`
	JointTarget    bool     `toml:"joint_target,omitempty" comment:"pre-training: targets are normalised over all values of a patch, not over each colour channel"`

	Distillation *Distillation `toml:"distillation,omitempty" comment:"s2d: the model learns from its own answers to samples like those at hand, too"`
}

// Distillation is a loss of answers to earlier samples, the anchors, and how its weight grows during a run.
type Distillation struct {
	Anchors     int       `toml:"anchors" comment:"of each class, in a queue; 0 is no distillation"`
	Nearest     int       `toml:"nearest" comment:"of them, those whose answers make a target"`
	Starts      []float64 `toml:"starts" comment:"shares of the run at which the loss gets another weight; it has none before"`
	Weights     []float64 `toml:"weights" comment:"the weight from each on"`
	TakesFrom   float64   `toml:"takes_from" comment:"share of the run after which queues take samples"`
	UpdateEvery int       `toml:"update_every,omitempty" comment:"epochs between two that queues take samples of; 0 is 1. As released it was 100 of 100, which is never"`
}

// Names lists the embedded recipes.
func Names() []string {
	names, _ := fs.Glob(embedded, "recipes/*.toml")
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".toml")
	}
	return names
}

// Source returns the text of an embedded recipe, comments included.
func Source(name string) ([]byte, error) {
	text, err := embedded.ReadFile("recipes/" + name + ".toml")
	if err != nil {
		return nil, fmt.Errorf("recipe %q: choose one of %s", name, strings.Join(Names(), ", "))
	}
	return text, nil
}

// Load returns the embedded recipe of that name, or the one in a file.
func Load(nameOrFile string) (Recipe, error) {
	text, err := embedded.ReadFile("recipes/" + nameOrFile + ".toml")
	if err != nil {
		text, err = read(nameOrFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Recipe{}, fmt.Errorf("recipe %q: neither a file nor one of %s", nameOrFile, strings.Join(Names(), ", "))
	}
	var r Recipe
	if err == nil {
		r, err = parseBased(text)
	}
	if err != nil {
		return r, fmt.Errorf("recipe %s: %w", nameOrFile, err)
	}
	return r, nil
}

// parseBased reads a recipe that may begin with an embedded one, its base, of which it changes keys.
func parseBased(text []byte) (Recipe, error) {
	var first struct {
		Base string `toml:"base"`
	}
	if toml.Unmarshal(text, &first) != nil || first.Base == "" {
		return Parse(text)
	}
	if !slices.Contains(Names(), first.Base) {
		return Recipe{}, fmt.Errorf("base is %q: choose one of %s", first.Base, strings.Join(Names(), ", "))
	}
	base, err := Load(first.Base)
	if err != nil {
		return base, err
	}
	r := struct {
		Base string `toml:"base"`
		Recipe
	}{Recipe: base}
	if err := decode(text, &r); err != nil {
		return r.Recipe, err
	}
	return r.Recipe, r.Check()
}

// maxText bounds the length of a recipe, which has some 50 lines.
const maxText = 1 << 20

var errLong = fmt.Errorf("longer than %d bytes: not a recipe", maxText)

// read returns the text of a file, and not much more than maxText of it. A device might never end, and a pipe never begin.
func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("a folder or device: name a TOML file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxText+1))
}

// Parse reads a recipe.
func Parse(text []byte) (Recipe, error) {
	var r Recipe
	if len(text) > maxText {
		return r, errLong
	}
	text, err := current(text)
	if err != nil {
		return r, explained(err, reflect.TypeOf(r))
	}
	if err := decode(text, &r); err != nil {
		return r, err
	}
	if r.System == "" {
		r.System = systems[r.Kind]
	}
	return r, r.Check()
}

// decode reads TOML. An unknown key is an error: a typo would otherwise train something else.
func decode(text []byte, v any) error {
	if len(text) > maxText {
		return errLong
	}
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return explained(d.Decode(v), reflect.TypeOf(v))
}

// explained says in one line what is wrong with a text of a type: the key, and the line or the key that was meant.
func explained(err error, of reflect.Type) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(strict.Errors) > 0 {
		return unknownKey(strings.Join(strict.Errors[0].Key(), "."), of)
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := wrong.Position()
		place := fmt.Sprintf("line %d", line)
		if key := wrong.Key(); len(key) > 0 { // none for what is no TOML
			place += ", " + strings.Join(key, ".")
		}
		return fmt.Errorf("%s: %w", place, err)
	}
	return err
}

// Mixing returns how the samples of a batch are mixed.
func (r Recipe) Mixing() data.Mixing {
	return data.Mixing{Mixup: r.Train.Mixup, Cutmix: r.Train.Cutmix, Share: r.Train.CutmixShare}
}

// Groups returns how many groups of samples, in which they are mixed and experts have room, each part of a batch has.
func (r Recipe) Groups() int { return max(r.Train.Replicas/r.Parts(), 1) }

// Parts returns the number of parts in which a batch is computed.
func (r Recipe) Parts() int { return max(r.Train.Accumulate, 1) }

// Classes returns the number of classes of the head of a modality.
func (r Recipe) Classes(m data.Modality) int {
	return data.ByModality(m, r.Model.ImageClasses, r.Model.VideoClasses)
}

// WithEpochs returns the recipe with a different number of epochs: warm-ups keep their share of the run.
func (r Recipe) WithEpochs(epochs int) (Recipe, error) {
	if n := r.Train.DrawnEpochs; n > 0 {
		if epochs < 2 {
			return r, fmt.Errorf("recipe %s learns from drawn faces first and from the lists then: it needs at least 2 epochs", r.Name)
		}
		r.Train.DrawnEpochs = min(max(1, n*epochs/r.Train.Epochs), epochs-1)
	}
	r.Train.WarmupEpochs *= min(1, float64(epochs)/float64(r.Train.Epochs))
	r.Train.Epochs = epochs
	return r, r.Check()
}

// Text returns the recipe as TOML.
func (r Recipe) Text() ([]byte, error) { return toml.Marshal(r) }

// Settings returns the value of each key, such as train.lr, as text. A key without a value is left out.
func (r Recipe) Settings() (map[string]string, error) {
	text, err := r.Text()
	var tree map[string]any
	if err = cmp.Or(err, toml.Unmarshal(text, &tree)); err != nil {
		return nil, err
	}
	settings := map[string]string{}
	flatten(settings, "", tree)
	return settings, nil
}

// flatten adds the values of a table, and of the tables in it, by key.
func flatten(settings map[string]string, prefix string, table map[string]any) {
	for name, value := range table {
		if inner, ok := value.(map[string]any); ok {
			flatten(settings, prefix+name+".", inner)
		} else {
			settings[prefix+name] = fmt.Sprint(value)
		}
	}
}
