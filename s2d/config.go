package s2d

import "mien/vit"

// Config is everything that shapes the model.
type Config struct {
	Encoder          vit.Config // its tubelets are of one frame
	Classes          int
	LandmarkChannels int     // of the landmark network's features, on as many positions as there are patches
	PromptWidth      int     // of a prompter's bottleneck
	AdapterWidth     int     // of a temporal adapter's bottlenecks
	AdapterHeads     int     // of its attention
	Dropout          float64 // of the feature, in training
}

// Published returns the settings of the released model around an encoder: prompters 8 wide, adapters a quarter of the tokens with 8 heads.
func Published(encoder vit.Config, classes int) Config {
	return Config{Encoder: encoder, Classes: classes, LandmarkChannels: 128, PromptWidth: 8, AdapterWidth: encoder.Dim / 4, AdapterHeads: 8, Dropout: 0.5}
}

// Base lists the parameters of the image model, which stay as they are, in the form of train.freeze. The norm after its blocks learns.
var Base = []string{"cls_token", "pos_embed", "patch_embed.*", "blocks.*"}
