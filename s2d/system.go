package s2d

import (
	"fmt"

	ag "mien/autograd"
	"mien/data"
	"mien/mobilefacenet"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// How runs, inference and commands use the model: package s2d as a [system.System]. Go on with package run, which trains any system.

// System is S2D: a vision transformer for images that reads landmarks, to be fine-tuned on images; or, with adapters and the image model
// frozen (train.freeze), on videos.
var System = system.System{
	Name: "s2d", Kind: recipe.Finetune, ClassTokens: true,
	Keys: []string{"model.dropout", "model.prompter.width", "model.prompter.landmark_width", "model.temporal.width", "model.temporal.heads",
		"train.distillation.anchors", "train.distillation.nearest", "train.distillation.starts", "train.distillation.weights",
		"train.distillation.takes_from", "train.distillation.update_every"},
	Check: check, Build: build, Start: start, Identify: identify, Group: vit.Group,
	Presets: []system.Preset{{Name: "s2d", Of: preset}},
	Guest: func(r recipe.Recipe) *system.Guest {
		if FromRecipe(r).Prompts() {
			return &landmarks
		}
		return nil
	},
	Heads: func(r recipe.Recipe) map[data.Modality]string {
		return map[data.Modality]string{vit.OneHead(r): "head.fc_cls."}
	},
}

func build(s *nn.Scope, r recipe.Recipe) system.Model {
	c := FromRecipe(r)
	n := &network{Model: New(s, c)}
	if c.Prompts() {
		n.faces = newFaces(s, c.Encoder, r.Model.Prompter.LandmarkWidth)
	}
	m := &classifier{network: n, Classification: vit.Classification{Network: n, Recipe: r}}
	if d := distillation(r); d != nil {
		m.anchors = NewAnchors(s, *d, r.Seed, r.Batch(vit.OneHead(r)), c.Classes, c.Encoder.Dim)
	}
	return m
}

// network is a Model with the landmark network that it reads, nil without prompters.
type network struct {
	*Model
	faces *faces
}

// Forward classifies pixels: [B, classes].
func (n *network) Forward(pixels *ag.Value) *ag.Value { return n.Head.Forward(n.Feature(pixels)) }

// Feature is what the head reads, [B, D].
func (n *network) Feature(pixels *ag.Value) *ag.Value {
	if n.faces == nil {
		return n.Model.Feature(pixels, nil)
	}
	return n.Model.Feature(pixels, n.faces.features(pixels))
}

// MACs implements system.Model.
func (n *network) MACs(m data.Modality) int {
	frames := data.ByModality(m, 1, n.Encoder.Frames)
	macs := n.work(frames).Forward
	if n.faces != nil {
		macs += frames * n.faces.macs()
	}
	return macs
}

// GradientMACs implements system.Tuned.
func (n *network) GradientMACs(m data.Modality) int {
	return n.work(data.ByModality(m, 1, n.Encoder.Frames)).Backward
}

// classifier is a network as runs and inference use it.
type classifier struct {
	*network
	vit.Classification
	anchors *Anchors // nil without self-distillation
}

// Loss is that of the features of a batch, with dropout.
func (c *classifier) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	key := b.Key("dropout")
	return c.loss(b, ag.Dropout(c.network.Feature(b.Pixels(t)), c.Dropout, &key))
}

// loss is the cross-entropy of features [B, D] of a batch and, in self-distillation, a share of the loss of their second targets.
func (c *classifier) loss(b *system.Batch, feature *ag.Value) *ag.Value {
	logits := c.Head.Forward(feature) // [B, C]
	loss := ag.CrossEntropy(logits, b.Targets(feature.Tape()))
	if c.anchors == nil {
		return loss
	}
	c.anchors.Hold(b.First, b.Labels, feature.Data(), ag.Softmax(logits).Data())
	if w := c.anchors.Weight(b.Epoch, c.Recipe.Train.Epochs); w > 0 {
		loss = ag.Add(loss, ag.Scale(DistillationLoss(logits, c.anchors.Targets(feature)), w))
	}
	return loss
}

// AfterStep implements system.Follower: queues take the samples of the step.
func (c *classifier) AfterStep(b *system.Batch) {
	if c.anchors != nil && c.anchors.Takes(b.Epoch, c.Recipe.Train.Epochs) {
		c.anchors.Push(b.First + len(b.Labels))
	}
}

// preset is the published model: 16 frames of 224×224 pixels, prompters 8 wide, adapters a quarter of the tokens with 8 heads, and the
// image model frozen but for the norm after its blocks.
func preset(size string) (r recipe.Recipe, ok bool) {
	if r, ok = vit.Preset(size); !ok {
		return r, ok
	}
	r.Name, r.System = fmt.Sprint("s2d-", size), "s2d"
	r.Model.ImageSize, r.Model.Tubelet, r.Model.Dropout = r.Model.ImageSize/10*14, 1, 0.5
	r.Model.Prompter = &recipe.Prompter{Width: 8, LandmarkWidth: mobilefacenet.Width}
	r.Model.Temporal = &recipe.Temporal{Width: r.Model.Dim / 4, Heads: 8}
	r.Train.Freeze = Base
	return r, true
}

// Base lists the parameters of the image model, which stay as they are, in the form of train.freeze. The norm after its blocks learns.
var Base = []string{"cls_token", "pos_embed", "patch_embed.*", "blocks.*"}
