package s2d

import (
	"cmp"
	"fmt"
	"math"

	"mien/nn"
	"mien/recipe"
	"mien/vit"
)

// publishedTemporalHeads is the number of attention heads of the published adapters, which no tensor tells.
const publishedTemporalHeads = 8

// identify recognises a published model of videos, and reads sizes, modules and classes from its tensors. Heads of the encoder's attention
// are 64 wide; frames follow each other in a row. Names may claim any shape: nothing is allocated here.
func identify(file nn.Weights) (r recipe.Recipe, ok bool, err error) {
	prefix, missing := prefixOf(file), ""
	if !has(file, prefix+"prompt_blocks.0.fovea.smooth") {
		return r, false, nil
	}
	extent := func(name string, rank, axis int) int {
		shape, _ := file.Shape(prefix + name)
		if len(shape) != rank || shape[axis] < 1 {
			missing = cmp.Or(missing, name)
			return 1
		}
		return shape[axis]
	}
	r.Name, r.Kind, r.System, r.Data.Stride, r.Train.Freeze = "published", recipe.Finetune, "s2d", 1, Base
	m := &r.Model
	m.Dim, m.PatchSize = extent("patch_embed.proj.weight", 4, 0), extent("patch_embed.proj.weight", 4, 3)
	m.ImageSize = m.PatchSize * int(math.Sqrt(float64(extent("pos_embed", 3, 1)-1)))
	m.Frames, m.Tubelet, m.Heads = extent("temporal_embedding", 3, 1), 1, max(1, m.Dim/vit.HeadDim)
	m.MLPRatio = extent("blocks.0.mlp.fc1.bias", 1, 0) / m.Dim
	for has(file, fmt.Sprintf("%sblocks.%d.norm1.weight", prefix, m.Depth)) {
		m.Depth++
	}
	m.VideoClasses = extent("head.fc_cls.weight", 2, 0)
	m.Prompter = &recipe.Prompter{Width: extent("prompt_blocks.0.conv0_0.weight", 4, 0),
		LandmarkWidth: extent("patch_embed_prompt.proj.weight", 4, 1) / 2}
	m.Temporal = &recipe.Temporal{Width: extent("prompt_blocks.0.TMA.T_Adapter.D_fc1.weight", 2, 0), Heads: publishedTemporalHeads}
	if missing != "" {
		err = fmt.Errorf("weights hold no %s: they are no S2D model of videos, and a run can begin with them, as --init", missing)
	}
	return r, true, err
}
